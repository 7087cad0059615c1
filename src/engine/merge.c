#include <string.h>

#include "engine/merge.h"
#include "model/machine.h"

/*
 * The whole policy, one cell a case. Two rules shape it: a side that did
 * nothing gives way to a side that did something, and an edit outlives a
 * removal, since a removal can be made again and lost work cannot.
 * tests/unit/test_merge.c holds the table to both rules and to its mirror.
 */
/* clang-format off */
static const enum act cell[CHG__COUNT][CHG__COUNT] = {
/*   local       remote: NONE     SAME            NEW          EDIT         GONE            */
[CHG_NONE] = { ACT_NEVER, ACT_NEVER,      ACT_PULL,    ACT_NEVER,   ACT_NEVER      },
[CHG_SAME] = { ACT_NEVER, ACT_KEEP,       ACT_NEVER,   ACT_PULL,    ACT_DROP_LOCAL },
[CHG_NEW]  = { ACT_PUSH,  ACT_NEVER,      ACT_COMPARE, ACT_NEVER,   ACT_NEVER      },
[CHG_EDIT] = { ACT_NEVER, ACT_PUSH,       ACT_NEVER,   ACT_COMPARE, ACT_PUSH       },
[CHG_GONE] = { ACT_NEVER, ACT_DROP_STORE, ACT_NEVER,   ACT_PULL,    ACT_FORGET     },
};
/* clang-format on */

enum change
merge_change(const struct entry *base, const struct entry *now)
{
	if (base == NULL)
		return now == NULL ? CHG_NONE : CHG_NEW;
	if (now == NULL)
		return CHG_GONE;
	return entry_same(base, now) ? CHG_SAME : CHG_EDIT;
}

enum act
merge_cell(enum change local, enum change remote)
{
	return cell[local][remote];
}

static int
order_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
order_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
	size_t n = a_len < b_len ? a_len : b_len;
	int d = n > 0 ? memcmp(a, b, n) : 0;

	return d != 0 ? d : order_u64(a_len, b_len);
}

static int
order_attrs(const struct entry *a, const struct entry *b)
{
	static const struct extra none;
	const struct extra *x = a->extra != NULL ? a->extra : &none;
	const struct extra *y = b->extra != NULL ? b->extra : &none;

	return order_bytes(x->attrs, x->attrs_len, y->attrs, y->attrs_len);
}

int
merge_winner(const struct entry *a, const struct entry *b)
{
	int d;

	if (a->mtime_ns != b->mtime_ns)
		return a->mtime_ns < b->mtime_ns ? -1 : 1;
	if ((d = machine_order(a->machine, b->machine)) != 0)
		return d;
	if ((d = hash_order(&a->hash, &b->hash)) != 0)
		return d;
	if ((d = order_u64(a->type, b->type)) != 0)
		return d;
	if ((d = order_u64(a->size, b->size)) != 0)
		return d;
	if ((d = order_u64(a->mode, b->mode)) != 0)
		return d;
	if ((d = order_attrs(a, b)) != 0)
		return d;
	return order_u64(entry_group(a), entry_group(b));
}

static void
decide(struct op *op, enum action action, unsigned sides,
    const struct entry *result, enum reason reason)
{
	op->action = (uint8_t)action;
	op->sides = (uint8_t)sides;
	op->result = result;
	op->reason = (uint8_t)reason;
	op->state = sides == 0 ? OP_DONE : OP_PLANNED;
}

/* One side's version goes to the other side. */
static void
carry(struct op *op, bool up, bool outlives)
{
	const struct entry *from = up ? op->local : op->remote;
	const struct entry *to = up ? op->remote : op->local;
	bool is_new = to == NULL;
	enum reason reason;

	if (outlives)
		reason = REASON_EDIT_OUTLIVES;
	else if (is_new)
		reason = up ? REASON_NEW_HERE : REASON_NEW_THERE;
	else if (entry_same_content(from, to))
		reason = up ? REASON_ATTRS_HERE : REASON_ATTRS_THERE;
	else
		reason = up ? REASON_CHANGED_HERE : REASON_CHANGED_THERE;
	decide(op, up ? ACTION_UPLOAD : ACTION_DOWNLOAD,
	    up ? SIDE_STORE : SIDE_HOME, from, reason);
	if (reason == REASON_ATTRS_HERE || reason == REASON_ATTRS_THERE)
		op->action = ACTION_ATTRIBUTES;
}

static void
settle_conflict(struct op *op, bool local_wins, enum reason reason)
{
	decide(op, ACTION_CONFLICT, local_wins ? SIDE_STORE : SIDE_HOME,
	    local_wins ? op->local : op->remote, reason);
	op->loser = local_wins ? op->remote : op->local;
	op->loser_is_local = !local_wins;
}

/* How a version gets to where there is none of it, or another. */
static enum action
action_of(const struct entry *from, const struct entry *to, bool up)
{
	if (from == NULL)
		return up ? ACTION_DELETE_STORE : ACTION_DELETE_LOCAL;
	if (to != NULL && entry_same_content(from, to))
		return ACTION_ATTRIBUTES;
	return up ? ACTION_UPLOAD : ACTION_DOWNLOAD;
}

void
merge_take(struct op *op, bool local, enum reason why)
{
	const struct entry *from = local ? op->local : op->remote;
	const struct entry *to = local ? op->remote : op->local;
	enum action action = action_of(from, to, local);

	op->loser = NULL;
	op->loser_is_local = 0;
	if (action != ACTION_ATTRIBUTES && to != NULL &&
	    to->type != ENTRY_DIR && !entry_same(op->base, to)) {
		action = ACTION_CONFLICT;
		op->loser = to;
		op->loser_is_local = !local;
	}
	decide(op, action, local ? SIDE_STORE : SIDE_HOME, from, why);
}

void
merge_directory_wins(struct op *op, const struct entry *dir)
{
	settle_conflict(op, dir == op->local, REASON_DIRECTORY_WON);
}

void
merge_revive(struct op *op, enum reason why)
{
	if (op->local != NULL)
		decide(op, ACTION_UPLOAD, SIDE_STORE, op->local, why);
	else
		decide(op, ACTION_DOWNLOAD, SIDE_HOME, op->remote, why);
}

/* A field of three versions: who changed it has it; true ties go to winner. */
static const struct entry *
pick(bool local_changed, bool remote_changed, const struct op *op,
    bool local_wins)
{
	if (local_changed && !remote_changed)
		return op->local;
	if (remote_changed && !local_changed)
		return op->remote;
	return local_wins ? op->local : op->remote;
}

static bool
mode_changed(const struct entry *base, const struct entry *now)
{
	return base == NULL || base->mode != now->mode;
}

static bool
attrs_changed(const struct entry *base, const struct entry *now)
{
	return base == NULL || order_attrs(base, now) != 0;
}

/* Nobody asks for a file to be alone: new on both sides, and linked on one, it
 * is linked. A pull that was cut off among the names of a file looks so. */
static bool
group_changed(const struct entry *base, const struct entry *now)
{
	uint64_t before = base != NULL ? entry_group(base) : 0;

	return before != entry_group(now);
}

/*
 * An entry with the content of content, and mode, attrs and hard-link group
 * merged field by field.
 */
static int
merge_attributes(const struct entry **out, const struct op *op,
    const struct entry *content, struct arena *a, struct err *e)
{
	const struct entry *b = op->base, *l = op->local, *r = op->remote,
			   *from;
	bool local_wins = merge_winner(l, r) > 0;
	struct entry *t;
	struct extra *x;

	if (b != NULL && b->type != content->type)
		b = NULL; /* a file's mode is none to tell directories by */
	if ((t = entry_copy_extra(a, content, &x, e)) == NULL)
		return -1;
	t->mode =
	    pick(mode_changed(b, l), mode_changed(b, r), op, local_wins)->mode;
	from = pick(attrs_changed(b, l), attrs_changed(b, r), op, local_wins);
	x->attrs = from->extra != NULL ? from->extra->attrs : NULL;
	x->attrs_len = from->extra != NULL ? from->extra->attrs_len : 0;
	from = pick(group_changed(b, l), group_changed(b, r), op, local_wins);
	x->group = entry_group(from);
	if (entry_same_content(l, r) && l->mtime_ns > r->mtime_ns)
		t->mtime_ns = l->mtime_ns;
	t->hollow = 0;
	*out = t;
	return 0;
}

static unsigned
sides_that_differ(const struct op *op, const struct entry *result)
{
	unsigned sides = 0;

	if (!entry_same(result, op->local))
		sides |= SIDE_HOME;
	if (!entry_same(result, op->remote))
		sides |= SIDE_STORE;
	return sides;
}

void
merge_newest(struct op *op)
{
	op->action = ACTION_MERGE;
	op->reason = REASON_NEWEST;
	op->loser = NULL;
	op->loser_is_local = 0;
}

/* An entry like t that holds something new. It is a moment younger than both:
 * programs tell by the time that a file is not the one they read. */
static const struct entry *
renew(const struct entry *t, const struct op *op, const struct entry *content,
    struct arena *a, struct err *e)
{
	int64_t l = op->local->mtime_ns, r = op->remote->mtime_ns;
	struct extra *x;
	struct entry *n = entry_copy_extra(a, t, &x, e);

	if (n == NULL)
		return NULL;
	n->hash = content->hash;
	n->size = content->size;
	n->machine = content->machine;
	n->place = (struct place){ 0 };
	n->mtime_ns = (l > r ? l : r) + 1;
	x->extents = NULL;
	x->extent_count = 0;
	return n;
}

int
merge_driven(struct op *op, const struct hash *content, uint64_t size,
    const struct machine *self, struct arena *a, struct err *e)
{
	const struct entry made = { .type = ENTRY_FILE,
		.hash = *content,
		.size = size,
		.machine = self };
	const struct entry *like = op->result, *result;
	bool is_new = false;

	if (entry_same_content(&made, op->local))
		like = op->local;
	else if (entry_same_content(&made, op->remote))
		like = op->remote;
	else
		is_new = true;
	if (merge_attributes(&result, op, like, a, e) == -1)
		return -1;
	if (is_new && (result = renew(result, op, &made, a, e)) == NULL)
		return -1;
	decide(op, ACTION_MERGE, sides_that_differ(op, result), result,
	    REASON_MERGED);
	op->loser = NULL;
	op->loser_is_local = 0;
	return 0;
}

/* Both sides changed, and no more than one of them the content. */
static int
mend_attributes(struct op *op, const struct entry *content, struct arena *a,
    struct err *e)
{
	const struct entry *result;
	enum action action;

	if (merge_attributes(&result, op, content, a, e) == -1)
		return -1;
	if (entry_same_content(op->local, op->remote))
		action = ACTION_ATTRIBUTES;
	else
		action = content == op->local ? ACTION_UPLOAD : ACTION_DOWNLOAD;
	decide(op, action, sides_that_differ(op, result), result,
	    REASON_ATTRS_BOTH);
	return 0;
}

/* Both sides wrote since they agreed. */
static int
compare(struct op *op, struct arena *a, struct err *e)
{
	const struct entry *b = op->base, *l = op->local, *r = op->remote;
	const struct entry *content = NULL; /* the only one that changed */
	bool local_wins;

	if (entry_same(l, r)) {
		decide(op, ACTION_NONE, 0, r, REASON_AGREED);
		return 0;
	}
	if (b == NULL && l->hollow && r->type == ENTRY_DIR) {
		/* Made here for what stays here, by us as like as not: it has
		 * no say in how the profile's directory is to be. */
		carry(op, false, false);
		return 0;
	}
	if (entry_same_content(l, r)) /* two directories are that, too */
		return mend_attributes(op, r, a, e);
	if ((l->type == ENTRY_DIR) != (r->type == ENTRY_DIR)) {
		merge_directory_wins(op, l->type == ENTRY_DIR ? l : r);
		return 0;
	}
	if (b != NULL && entry_same_content(b, l))
		content = r;
	else if (b != NULL && entry_same_content(b, r))
		content = l;
	if (content != NULL && l->type == r->type)
		return mend_attributes(op, content, a, e);
	/* A mode that was set on a file is none of the symlink's. */
	if (content != NULL) {
		carry(op, content == l, false);
		return 0;
	}
	local_wins = merge_winner(l, r) > 0;
	settle_conflict(op, local_wins,
	    local_wins ? REASON_BOTH_LOCAL_WON : REASON_BOTH_STORE_WON);
	return 0;
}

int
merge_path(struct op *op, bool *needed, struct arena *a, struct err *e)
{
	enum change l = merge_change(op->base, op->local);
	enum change r = merge_change(op->base, op->remote);

	*needed = true;
	switch (cell[l][r]) {
	case ACT_PULL:
		carry(op, false, l == CHG_GONE);
		return 0;
	case ACT_PUSH:
		carry(op, true, r == CHG_GONE);
		return 0;
	case ACT_DROP_LOCAL:
		decide(op, ACTION_DELETE_LOCAL, SIDE_HOME, NULL,
		    REASON_REMOVED_THERE);
		return 0;
	case ACT_DROP_STORE:
		decide(op, ACTION_DELETE_STORE, SIDE_STORE, NULL,
		    REASON_REMOVED_HERE);
		return 0;
	case ACT_FORGET:
		decide(op, ACTION_NONE, 0, NULL, REASON_GONE);
		return 0;
	case ACT_COMPARE:
		return compare(op, a, e);
	default: /* ACT_KEEP; ACT_NEVER cannot come from one base */
		*needed = false;
		return 0;
	}
}
