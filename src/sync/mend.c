#include "sync/mend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/path.h"
#include "store/usage.h"
#include "sync/lean.h"

/* Where each call costs a round trip packs are looked for with one in so many
 * generations. */
#define EVERY 32

/* A pack that the head needs, up to where. */
struct need {
	uint64_t gen;
	uint64_t end;  /* of the last frame that is named */
	uint64_t size; /* of the file there; 0: none */
	uint32_t pack;
};

struct needs {
	struct need *at; /* owned; sorted by generation and pack */
	size_t count, cap;
	size_t last; /* found: neighbours mostly lie in the same pack */
};

static int
order(const struct need *n, uint64_t gen, uint32_t pack)
{
	if (n->gen != gen)
		return n->gen < gen ? -1 : 1;
	return n->pack < pack ? -1 : n->pack > pack;
}

/* Index of that pack, or of where it would stand. */
static size_t
lower(const struct needs *n, uint64_t gen, uint32_t pack)
{
	size_t low = 0, high = n->count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (order(&n->at[mid], gen, pack) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct need *
find(struct needs *n, uint64_t gen, uint32_t pack)
{
	if (n->last >= n->count || order(&n->at[n->last], gen, pack) != 0)
		n->last = lower(n, gen, pack);
	if (n->last == n->count || order(&n->at[n->last], gen, pack) != 0)
		return NULL;
	return &n->at[n->last];
}

static int
insert(struct needs *n, const struct need *new, struct err *e)
{
	size_t cap = n->cap > 0 ? n->cap * 2 : 64, i;
	struct need *grown;

	if (n->count == n->cap) {
		grown = reallocarray(n->at, cap, sizeof(*grown));
		if (grown == NULL)
			return err_sys(e, "packs");
		n->at = grown;
		n->cap = cap;
	}
	i = lower(n, new->gen, new->pack);
	memmove(&n->at[i + 1], &n->at[i], (n->count - i) * sizeof(*n->at));
	n->at[i] = *new;
	n->count++;
	return 0;
}

/* A usage_visit(). */
static int
add_need(const struct place *place, uint64_t len, void *arg, struct err *e)
{
	const struct need new = { .gen = place->gen,
		.end = place->frame + place->frame_len,
		.pack = place->pack };
	struct needs *n = arg;
	struct need *known = find(n, place->gen, place->pack);

	(void)len;
	if (known == NULL)
		return insert(n, &new, e);
	if (known->end < new.end)
		known->end = new.end;
	return 0;
}

/* The packs of one generation that were found in its directory. */
struct listed {
	struct needs *needs;
	uint64_t gen;
};

/* A store_visit(). */
static int
note_pack(const struct store_item *item, void *arg, struct err *e)
{
	const struct listed *l = arg;
	struct need *need;
	char *end;
	unsigned long pack;

	(void)e;
	if (item->is_dir || strncmp(item->name, "pack", 4) != 0)
		return 0;
	pack = strtoul(item->name + 4, &end, 10);
	if (*end != '\0' || pack > UINT32_MAX)
		return 0;
	need = find(l->needs, l->gen, (uint32_t)pack);
	if (need != NULL)
		need->size = item->size;
	return 0;
}

/* What cannot be listed now is not known to be lost. */
static int
list_packs(struct context *c, struct needs *n, struct err *e)
{
	char dir[STORE_PATH_MAX + 1];
	struct listed l = { .needs = n };

	for (size_t i = 0; i < n->count; i++) {
		if (i > 0 && n->at[i].gen == n->at[i - 1].gen)
			continue;
		l.gen = n->at[i].gen;
		snprintf(dir, sizeof(dir), "gen/%012llu",
		    (unsigned long long)l.gen);
		if (store_list(c->store, dir, note_pack, &l, e) == -1 &&
		    e->kind != ERR_GONE)
			return -1;
	}
	return 0;
}

static bool
is_lost(struct needs *n, const struct place *p)
{
	const struct need *need;

	if (p->gen == GEN_NONE || p->gen > GEN_MAX)
		return false;
	need = find(n, p->gen, p->pack);
	return need != NULL && need->size < need->end;
}

/* Does t's content, or part of it, lie in a pack that is not there? */
static bool
has_lost(struct needs *n, const struct entry *t)
{
	if (t->type != ENTRY_FILE)
		return false;
	for (uint32_t i = 0; i < entry_extent_count(t); i++)
		if (is_lost(n, &t->extra->extents[i].place))
			return true;
	return entry_extent_count(t) == 0 && is_lost(n, &t->place);
}

const struct profile *
mend_profile(const struct context *c)
{
	return c->lost > 0 ? &c->mended : c->remote;
}

const struct tree *
mend_tree(const struct context *c)
{
	return &mend_profile(c)->tree;
}

bool
mend_has_loser(const struct context *c, uint64_t id)
{
	const struct conflict *listed = profile_conflict(mend_profile(c), id);

	return listed != NULL &&
	    (listed->loser->type != ENTRY_FILE ||
		entry_has_place(listed->loser));
}

/* A profile like the head's, that may be changed. */
static int
copy_head(struct context *c, struct err *e)
{
	const struct profile *head = c->remote;

	profile_free(&c->mended);
	if (tree_copy(&c->mended.tree, &head->tree, e) == -1)
		return -1;
	for (size_t i = 0; i < head->conflict_count; i++)
		if (profile_add_conflict(&c->mended, &head->conflict[i], e) ==
		    -1)
			return -1;
	return 0;
}

/* *t is of the mended profile. */
static int
unplace(struct context *c, const struct entry **t, struct err *e)
{
	struct entry *copy;
	struct extra *x;

	if ((copy = entry_copy_extra(&c->arena, *t, &x, e)) == NULL)
		return -1;
	copy->place = (struct place){ 0 };
	x->extents = NULL;
	x->extent_count = 0;
	*t = copy;
	c->lost++;
	return 0;
}

int
mend_unplace(struct context *c, size_t i, struct err *e)
{
	if (c->lost == 0 && copy_head(c, e) == -1)
		return -1;
	return unplace(c, &c->mended.tree.entry[i], e);
}

static int
unplace_loser(struct context *c, size_t i, struct err *e)
{
	if (c->lost == 0 && copy_head(c, e) == -1)
		return -1;
	return unplace(c, &c->mended.conflict[i].loser, e);
}

static bool
is_due(const struct context *c)
{
	return c->store != NULL && c->head.number > 0 &&
	    (store_is_near(c->store) || c->head.number % EVERY == 0);
}

int
mend_look(struct context *c, struct err *e)
{
	struct needs n = { 0 };
	const struct profile *p = c->remote;
	int rc = -1;

	c->lost = 0;
	if (lean_look(c, e) == -1)
		return -1;
	if (!is_due(c))
		return 0;
	if (usage_each(c->remote, add_need, &n, e) == -1 ||
	    list_packs(c, &n, e) == -1)
		goto out;
	for (size_t i = 0; i < p->tree.count; i++)
		if (has_lost(&n, p->tree.entry[i]) &&
		    mend_unplace(c, i, e) == -1)
			goto out;
	for (size_t i = 0; i < p->conflict_count; i++)
		if (has_lost(&n, p->conflict[i].loser) &&
		    unplace_loser(c, i, e) == -1)
			goto out;
	if (c->lost > 0)
		log_line(LOG_LEVEL_WARN,
		    "the store has lost the contents of %zu file(s)", c->lost);
	rc = 0;
out:
	free(n.at);
	return rc;
}

int
mend_failed(struct context *c, const struct plan *p, struct err *e)
{
	const struct tree *t;
	const struct op *op;
	size_t i;

	for (size_t k = 0; k < p->count; k++) {
		op = &p->op[k];
		if (!op->lost || op->remote == NULL ||
		    !entry_has_place(op->remote))
			continue;
		t = mend_tree(c);
		i = tree_lower(t, op->remote->path, op->remote->path_len);
		if (i < t->count && t->entry[i] == op->remote &&
		    mend_unplace(c, i, e) == -1)
			return -1;
	}
	return 0;
}

/* Nothing was asked of this path, but the store lacks what the home has. */
static bool
is_wanted(const struct entry *local, const struct entry *remote)
{
	return local != NULL && remote != NULL && remote->type == ENTRY_FILE &&
	    !entry_has_place(remote) && entry_same(local, remote);
}

static int
path_cmp(const struct op *op, const char *path, size_t path_len)
{
	size_t len;
	const char *at = op_path(op, &len);

	return path_order(at, len, path, path_len);
}

static bool
has_all(const struct tree *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->entry[i]->type == ENTRY_FILE &&
		    !entry_has_place(t->entry[i]))
			return false;
	return true;
}

int
mend_plan(struct plan *p, const struct tree *base, const struct tree *local,
    const struct tree *remote, struct err *e)
{
	struct tree_walk w = { .tree = { base, local, remote }, .count = 3 };
	struct plan all = { 0 };
	size_t next = 0;
	int d = 1, rc = 0;

	if (has_all(remote))
		return 0;
	while (rc == 0 && tree_walk_next(&w)) {
		while (next < p->count && rc == 0 &&
		    (d = path_cmp(&p->op[next], w.path, w.path_len)) < 0)
			rc = plan_add(&all, &p->op[next++], e);
		if (rc == 0 && (next == p->count || d != 0) &&
		    is_wanted(w.at[1], w.at[2]))
			rc = plan_add(&all,
			    &(struct op){ .base = w.at[0],
				.local = w.at[1],
				.remote = w.at[2],
				.result = w.at[1],
				.action = ACTION_UPLOAD,
				.sides = SIDE_STORE,
				.state = OP_PLANNED,
				.reason = REASON_LOST },
			    e);
	}
	while (next < p->count && rc == 0)
		rc = plan_add(&all, &p->op[next++], e);
	if (rc == -1) {
		plan_free(&all);
		return -1;
	}
	free(p->op);
	p->op = all.op;
	p->count = all.count;
	p->cap = all.cap;
	return 0;
}
