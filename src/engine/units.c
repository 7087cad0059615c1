#include "engine/units.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "engine/driver.h"
#include "engine/merge.h"

/* What SQLite keeps beside a database. */
static const char *const logs[] = { "-journal", "-shm", "-wal" };
#define LOGS (sizeof(logs) / sizeof(logs[0]))

static int
unit_add(struct plan *p, const struct unit *u, struct err *e)
{
	size_t cap = p->unit_cap > 0 ? p->unit_cap * 2 : 8;
	struct unit *grown;

	if (p->unit_count == p->unit_cap) {
		if ((grown = realloc(p->unit, cap * sizeof(*grown))) == NULL)
			return err_sys(e, "plan");
		p->unit = grown;
		p->unit_cap = cap;
	}
	p->unit[p->unit_count++] = *u;
	return 0;
}

/* --- Directories ---------------------------------------------------------- */

static bool
is_dir_op(const struct op *op)
{
	return (op->local != NULL && op->local->type == ENTRY_DIR) ||
	    (op->remote != NULL && op->remote->type == ENTRY_DIR) ||
	    (op->base != NULL && op->base->type == ENTRY_DIR);
}

static bool
is_other(const struct entry *t)
{
	return t != NULL && t->type != ENTRY_DIR;
}

/* The rules, asked once for a directory and all that lies right in it. */
struct asked {
	const char *dir; /* NULL: nobody was asked yet */
	size_t dir_len;
	size_t unit_len; /* of dir that is a unit; 0: none */
	bool roams;
};

static bool
is_dir_at(const struct asked *last, const char *path, size_t len)
{
	return last->dir != NULL && last->dir_len == len &&
	    memcmp(last->dir, path, len) == 0;
}

/* Only the name is looked at where the directory above was asked about last:
 * else what lies deep would cost the square of its depth. */
static struct asked
ask(const struct rules *rules, const struct asked *last, const char *dir,
    size_t len)
{
	struct asked now = { .dir = dir, .dir_len = len };
	struct ruling ruling;
	size_t rule;

	if (len == 0 || !is_dir_at(last, dir, path_parent_len(dir, len))) {
		rules_explain(rules, dir, len, true, &ruling);
		now.unit_len = ruling.unit_len;
		now.roams = ruling.roams;
		return now;
	}
	now.roams = last->roams && rules_roams_here(rules, dir, len, true);
	if (!now.roams)
		return now;
	if (last->unit_len > 0)
		now.unit_len = last->unit_len;
	else if (rules_decider(rules, RULES_UNIT, dir, len, true, &rule))
		now.unit_len = len;
	return now;
}

static size_t
unit_len_of(const struct rules *rules, struct asked *last, const struct op *op)
{
	size_t len, dir;
	const char *path = op_path(op, &len);

	dir = is_dir_op(op) ? len : path_parent_len(path, len);
	if (!is_dir_at(last, path, dir))
		*last = ask(rules, last, path, dir);
	/* A directory that stays local, but a file of that name roams. */
	if (dir == len && !last->roams &&
	    (is_other(op->local) || is_other(op->remote)))
		return ask(rules, last, path, path_parent_len(path, len))
		    .unit_len;
	return last->unit_len;
}

static bool
is_of_last(const struct plan *p, const char *path, size_t unit_len)
{
	const struct unit *u;

	if (p->unit_count == 0)
		return false;
	u = &p->unit[p->unit_count - 1];
	return u->len == unit_len && memcmp(u->path, path, unit_len) == 0;
}

static int
find_directories(struct plan *p, const struct rules *rules, struct err *e)
{
	struct asked last = { .dir = NULL };
	size_t len;

	for (size_t i = 0; i < p->count; i++) {
		struct unit u = { .is_dir = true };

		u.path = op_path(&p->op[i], NULL);
		if ((len = unit_len_of(rules, &last, &p->op[i])) == 0)
			continue;
		u.len = len;
		if (!is_of_last(p, u.path, len) && unit_add(p, &u, e) == -1)
			return -1;
		p->op[i].unit = (uint32_t)p->unit_count;
	}
	return 0;
}

/* --- Databases ------------------------------------------------------------ */

size_t
unit_log_stem(const char *path, size_t len)
{
	size_t n;

	for (size_t i = 0; i < LOGS; i++) {
		n = strlen(logs[i]);
		if (len > n && path[len - n - 1] != '/' &&
		    memcmp(path + len - n, logs[i], n) == 0)
			return len - n;
	}
	return 0;
}

static bool
is_file(const struct entry *t)
{
	return t != NULL && t->type == ENTRY_FILE;
}

/* A file of that name that either side has, or both had. */
static bool
is_database(const struct plan_in *in, const char *path, size_t len)
{
	return is_file(tree_find(&in->local->tree, path, len)) ||
	    is_file(tree_find(in->remote, path, len)) ||
	    is_file(tree_find(in->base, path, len));
}

/* The ops of one database, where any, get its unit. */
static void
join(struct plan *p, const char *stem, size_t len, uint32_t unit)
{
	char path[PATH_LEN_MAX + 16];
	struct op *op = plan_find(p, stem, len);
	size_t n;

	if (op != NULL)
		op->unit = unit;
	memcpy(path, stem, len);
	for (size_t i = 0; i < LOGS; i++) {
		n = strlen(logs[i]);
		memcpy(path + len, logs[i], n);
		if ((op = plan_find(p, path, len + n)) != NULL)
			op->unit = unit;
	}
}

static int
find_databases(struct plan *p, const struct plan_in *in, struct err *e)
{
	for (size_t i = 0; i < p->count; i++) {
		struct unit u = { .is_dir = false };
		size_t len;

		u.path = op_path(&p->op[i], &len);
		if (p->op[i].unit != 0 || is_dir_op(&p->op[i]) ||
		    (u.len = unit_log_stem(u.path, len)) == 0 ||
		    !is_database(in, u.path, u.len))
			continue;
		if (unit_add(p, &u, e) == -1)
			return -1;
		join(p, u.path, u.len, (uint32_t)p->unit_count);
	}
	return 0;
}

bool
unit_holds(const struct unit *u, const char *path, size_t len)
{
	if (u->is_dir)
		return path_is_within(path, len, u->path, u->len);
	return len >= u->len && memcmp(path, u->path, u->len) == 0 &&
	    (len == u->len || unit_log_stem(path, len) == u->len);
}

/* --- Decisions ------------------------------------------------------------ */

/* A directory on one side and something else on the other is none of both; the
 * directory will win. */
static bool
is_unit_no_more(const struct plan *p, const struct unit *u)
{
	const struct op *op = plan_find(p, u->path, u->len);

	return u->is_dir && op != NULL && op->local != NULL &&
	    op->remote != NULL && op->local->type != op->remote->type;
}

/* What both sides did to a unit since they agreed. */
struct news {
	bool local, remote;               /* anything at all */
	const struct entry *here, *there; /* the newest that they wrote */
	bool waits;
	bool split; /* no unit any more */
};

static void
note(const struct entry *base, const struct entry *now, bool *changed,
    const struct entry **newest)
{
	if (entry_same(base, now))
		return;
	*changed = true;
	if (now != NULL && now->type != ENTRY_DIR &&
	    (*newest == NULL || merge_winner(now, *newest) > 0))
		*newest = now;
}

/* A log that holds nothing is there whenever somebody looks at a database, and
 * so is the index, "-shm", that all of them make anew. */
static bool
is_empty_log(const struct entry *t)
{
	if (t == NULL)
		return true;
	if (t->type != ENTRY_FILE || unit_log_stem(t->path, t->path_len) == 0)
		return false;
	return t->size == 0 || strcmp(t->path + t->path_len - 4, "-shm") == 0;
}

static void
note_op(struct news *n, const struct op *op, bool is_dir)
{
	if (op->state == OP_FAILED)
		n->waits = true;
	if (op->left || entry_same(op->local, op->remote))
		return;
	if (!is_dir && is_empty_log(op->base) && is_empty_log(op->local) &&
	    is_empty_log(op->remote))
		return;
	note(op->base, op->local, &n->local, &n->here);
	note(op->base, op->remote, &n->remote, &n->there);
}

static bool
local_wins(const struct news *n)
{
	if (n->here == NULL || n->there == NULL)
		return n->there == NULL;
	return merge_winner(n->here, n->there) > 0;
}

static bool
is_contested(const struct news *n)
{
	return n->local && n->remote && !n->split;
}

/*
 * One side's version of a unit loses whole: also what only the other one has
 * changed in it, since what was written belongs with that. Nothing of a side
 * that only removed.
 */
static void
take(struct op *op, bool local, bool other_wrote)
{
	const struct entry *lost = local ? op->remote : op->local;

	if (op->left || op->state == OP_FAILED ||
	    entry_same(op->local, op->remote))
		return;
	op->driver = DRIVER_NONE;
	merge_take(op, local,
	    local ? REASON_BOTH_LOCAL_WON : REASON_BOTH_STORE_WON);
	if (op->loser != NULL || !other_wrote || lost == NULL ||
	    lost->type == ENTRY_DIR || op->action == ACTION_ATTRIBUTES)
		return;
	op->loser = lost;
	op->loser_is_local = !local;
}

static void
take_all(struct op *op, const struct news *n)
{
	bool local = local_wins(n);

	take(op, local, (local ? n->there : n->here) != NULL);
}

/* Could something at or below the unit not be read? What the rules keep local,
 * and sockets, are no part of it. */
static bool
is_unreadable(const struct home *h, const struct unit *u)
{
	const struct opaque *o;
	size_t low = 0, high = h->opaque_count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		o = &h->opaque[mid];
		if (path_order(o->path, o->path_len, u->path, u->len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < h->opaque_count; low++) {
		o = &h->opaque[low];
		if (o->path_len < u->len ||
		    memcmp(o->path, u->path, u->len) != 0)
			return false;
		if (o->why == WHY_RULE || o->why == WHY_SPECIAL)
			continue;
		if (unit_holds(u, o->path, o->path_len))
			return true;
	}
	return false;
}

/* Is something to be done for op, or was it to be forgotten, though nothing is
 * done for that? */
static bool
is_open(const struct op *op)
{
	return op->state == OP_PLANNED ||
	    (op->state == OP_DONE && op->reason == REASON_LEFT_LOCAL);
}

void
plan_fail_unit(struct plan *p, uint32_t unit, enum why why)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->op[i].unit == unit && is_open(&p->op[i]) &&
		    !p->op[i].left)
			op_fail(&p->op[i], why);
}

static void
settle_units(struct plan *p, const struct plan_in *in, struct news *news)
{
	struct op *op;

	for (size_t i = 0; i < p->unit_count; i++)
		news[i].split = is_unit_no_more(p, &p->unit[i]);
	for (size_t i = 0; i < p->count; i++)
		if (p->op[i].unit != 0)
			note_op(&news[p->op[i].unit - 1], &p->op[i],
			    p->unit[p->op[i].unit - 1].is_dir);
	for (size_t i = 0; i < p->count; i++) {
		op = &p->op[i];
		if (op->unit != 0 && is_contested(&news[op->unit - 1]))
			take_all(op, &news[op->unit - 1]);
	}
	for (size_t i = 0; i < p->unit_count; i++)
		if (news[i].waits || is_unreadable(in->local, &p->unit[i]))
			plan_fail_unit(p, (uint32_t)i + 1, WHY_UNIT);
}

int
plan_group_units(struct plan *p, const struct plan_in *in, struct err *e)
{
	if (in->rules != NULL && find_directories(p, in->rules, e) == -1)
		return -1;
	return find_databases(p, in, e);
}

int
plan_find_units(struct plan *p, const struct plan_in *in, struct err *e)
{
	struct news *news;

	if (plan_group_units(p, in, e) == -1)
		return -1;
	if (p->unit_count == 0)
		return 0;
	if ((news = calloc(p->unit_count, sizeof(*news))) == NULL)
		return err_sys(e, "plan");
	settle_units(p, in, news);
	free(news);
	return 0;
}

static bool
is_held(const struct op *op)
{
	return op->state == OP_HELD || op->state == OP_SUSPECT;
}

/* What was to be renamed out of a unit that waits stays there, and comes to the
 * new place as something new. */
static void
part_renames(struct plan *p)
{
	struct op *op, *old;
	bool up;

	for (size_t i = 0; i < p->count; i++) {
		op = &p->op[i];
		if (op->action != ACTION_RENAME || op->state != OP_PLANNED)
			continue;
		old = plan_find(p, op->from->path, op->from->path_len);
		if (old == NULL || !old->moved || old->state != OP_PENDING)
			continue;
		up = op->sides == SIDE_STORE;
		op->action = up ? ACTION_UPLOAD : ACTION_DOWNLOAD;
		op->reason = up ? REASON_NEW_HERE : REASON_NEW_THERE;
		op->from = NULL;
		old->action = up ? ACTION_DELETE_STORE : ACTION_DELETE_LOCAL;
		old->reason = up ? REASON_REMOVED_HERE : REASON_REMOVED_THERE;
		old->moved = 0;
	}
}

void
plan_hold_units(struct plan *p)
{
	uint32_t unit = 0;

	for (size_t i = 0; i < p->count; i++) {
		if (p->op[i].unit == 0 || p->op[i].unit == unit ||
		    !is_held(&p->op[i]))
			continue;
		unit = p->op[i].unit;
		for (size_t k = 0; k < p->count; k++)
			if (p->op[k].unit == unit &&
			    p->op[k].state == OP_PLANNED)
				p->op[k].state = OP_PENDING;
	}
	part_renames(p);
}

void
plan_settle_units(struct plan *p)
{
	uint32_t unit = 0;

	for (size_t i = 0; i < p->count; i++) {
		if (p->op[i].unit == 0 || p->op[i].unit == unit ||
		    p->op[i].state != OP_FAILED)
			continue;
		unit = p->op[i].unit;
		plan_fail_unit(p, unit, WHY_UNIT);
	}
}
