#include <stdlib.h>

#include "base/path.h"
#include "engine/driver.h"
#include "engine/merge.h"
#include "engine/plan.h"
#include "engine/rename.h"
#include "engine/settle.h"
#include "engine/units.h"

static const char *const actions[] = {
	[ACTION_NONE] = "none",
	[ACTION_UPLOAD] = "upload",
	[ACTION_DOWNLOAD] = "download",
	[ACTION_DELETE_LOCAL] = "delete-local",
	[ACTION_DELETE_STORE] = "delete-store",
	[ACTION_MERGE] = "merge",
	[ACTION_CONFLICT] = "conflict",
	[ACTION_ATTRIBUTES] = "attributes",
	[ACTION_RENAME] = "rename",
};
_Static_assert(sizeof(actions) / sizeof(actions[0]) == ACTION__COUNT,
    "every action has a word");

static const char *const reasons[] = {
	[REASON_NONE] = "",
	[REASON_AGREED] = "both sides hold the same",
	[REASON_GONE] = "both sides removed it",
	[REASON_NEW_HERE] = "new here",
	[REASON_NEW_THERE] = "new in the store",
	[REASON_CHANGED_HERE] = "changed here",
	[REASON_CHANGED_THERE] = "changed in the store",
	[REASON_REMOVED_HERE] = "removed here",
	[REASON_REMOVED_THERE] = "removed in the store",
	[REASON_MOVED_HERE] = "renamed here",
	[REASON_MOVED_THERE] = "renamed in the store",
	[REASON_EDIT_OUTLIVES] = "changed on one side, removed on the other",
	[REASON_BOTH_LOCAL_WON] = "changed on both sides, this one is newer",
	[REASON_BOTH_STORE_WON] = "changed on both sides, the store's is newer",
	[REASON_DIRECTORY_WON] = "a directory on one side, a file on the other",
	[REASON_ATTRS_HERE] = "mode or attributes changed here",
	[REASON_ATTRS_THERE] = "mode or attributes changed in the store",
	[REASON_ATTRS_BOTH] = "attributes of both sides merged",
	[REASON_HOLDS_MORE] = "removed on one side, but it holds more",
	[REASON_LEFT_LOCAL] = "removed in the store, holds what stays local",
	[REASON_MERGED] = "changed on both sides, merged",
	[REASON_NEWEST] = "changed on both sides, the newer one is taken",
	[REASON_BESIDE] = "the version that lost, beside the one that won",
	[REASON_LOST] = "its content was lost in the store",
	[REASON_UNDONE] = "came with what is undone",
	[REASON_RESTORED] = "restored",
};
_Static_assert(sizeof(reasons) / sizeof(reasons[0]) == REASON__COUNT,
    "every reason has a text");

const char *
action_text(enum action a)
{
	return actions[a];
}

const char *
reason_text(enum reason r)
{
	return reasons[r];
}

static const struct entry *
op_entry(const struct op *op)
{
	if (op->result != NULL)
		return op->result;
	if (op->local != NULL)
		return op->local;
	return op->remote != NULL ? op->remote : op->base;
}

const char *
op_path(const struct op *op, size_t *len)
{
	const struct entry *t = op_entry(op);

	if (len != NULL)
		*len = t->path_len;
	return t->path;
}

bool
op_needs_content(const struct op *op)
{
	return (op->sides & SIDE_HOME) != 0 && op->result != NULL &&
	    op->result->type == ENTRY_FILE && op->action != ACTION_RENAME &&
	    (op->local == NULL || !entry_same_content(op->local, op->result));
}

bool
op_is_shown(const struct op *op)
{
	return op->action != ACTION_NONE &&
	    (op->state == OP_PLANNED || op->state == OP_DONE);
}

struct op *
plan_find(const struct plan *p, const char *path, size_t len)
{
	size_t low = 0, high = p->count, mid, n;
	const char *at;
	int d;

	while (low < high) {
		mid = low + (high - low) / 2;
		at = op_path(&p->op[mid], &n);
		if ((d = path_order(at, n, path, len)) == 0)
			return &p->op[mid];
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

void
op_fail(struct op *op, enum why why)
{
	op->state = OP_FAILED;
	op->why = (uint8_t)why;
}

void
plan_free(struct plan *p)
{
	free(p->op);
	free(p->unit);
	*p = (struct plan){ 0 };
}

int
plan_add(struct plan *p, const struct op *op, struct err *e)
{
	size_t cap = p->cap > 0 ? p->cap * 2 : 64;
	struct op *grown;

	if (p->count == p->cap) {
		if ((grown = realloc(p->op, cap * sizeof(*grown))) == NULL)
			return err_sys(e, "plan");
		p->op = grown;
		p->cap = cap;
	}
	p->op[p->count++] = *op;
	return 0;
}

/* Where the walk stands in what is not to be touched. */
struct fence {
	const struct plan_in *in;
	size_t next;     /* in the opaque list */
	const char *dir; /* the store's directory that the rules exclude */
	size_t dir_len;
};

/* The rules, for what the store has: its parents roam, or f->dir says. */
static bool
excluded(struct fence *f, const struct tree_walk *w)
{
	const struct entry *remote = w->at[2];
	bool is_dir = remote->type == ENTRY_DIR;

	if (f->dir != NULL &&
	    path_is_within(w->path, w->path_len, f->dir, f->dir_len))
		return true;
	if (f->in->rules == NULL ||
	    rules_roams_here(f->in->rules, w->path, w->path_len, is_dir))
		return false;
	f->dir = remote->path;
	f->dir_len = remote->path_len;
	return true;
}

/*
 * May nothing be decided about this path? Then base and store stay as they
 * are. But what the rules keep out and only one side has is forgotten
 * (REASON_GONE), or it would be deleted there on the day the rules change back.
 */
static bool
fenced(struct fence *f, const struct tree_walk *w, struct op *op)
{
	const struct home *local = f->in->local;
	const struct entry *here = w->at[1], *there = w->at[2];

	if (opaque_covers(local->opaque, local->opaque_count, &f->next, w->path,
		w->path_len)) {
		if (local->opaque[f->next].why == WHY_RULE && there == NULL)
			op->reason = REASON_GONE;
		return true;
	}
	/* The scan asked the rules about all that is here; but they may keep a
	 * directory local and let a file of that name roam. */
	if (there != NULL &&
	    (here == NULL ||
		(here->type == ENTRY_DIR) != (there->type == ENTRY_DIR))) {
		if (!excluded(f, w))
			return false;
		if (here == NULL)
			op->reason = REASON_GONE;
		return true;
	}
	/* A directory that holds only what stays local is nothing new. */
	return w->at[0] == NULL && there == NULL && here->hollow;
}

/* A path about which nothing is decided may stand in the plan all the same. */
static int
plan_fenced(struct plan *p, struct op *op, struct arena *a, struct err *e)
{
	bool forget = op->reason == REASON_GONE && op->base != NULL, needed;

	if (forget)
		op->state = OP_DONE;
	/* Until all is settled, for its parents' sake. */
	op->left = op->remote != NULL;
	if (op->left && op->local != NULL) {
		if (merge_path(op, &needed, a, e) == -1)
			return -1;
		op_fail(op, WHY_BLOCKED);
	}
	return forget || op->left ? plan_add(p, op, e) : 0;
}

/*
 * While the rules kept a path out nobody saw it come or go here. Where it is
 * not when they let it in again that is no removal: the store's comes back.
 */
static bool
was_unseen(const struct plan_in *in, const struct op *op)
{
	return in->rules_changed && in->known != NULL && op->base != NULL &&
	    op->local == NULL && op->remote != NULL &&
	    tree_find(in->known, op->base->path, op->base->path_len) == NULL;
}

/* Two files that conflict may have a driver by the rules. */
static void
find_driver(struct op *op, const struct plan_in *in)
{
	struct ruling ruling;

	if (op->action != ACTION_CONFLICT || in->rules == NULL ||
	    op->local->type != ENTRY_FILE || op->remote->type != ENTRY_FILE)
		return;
	rules_explain(in->rules, op->local->path, op->local->path_len, false,
	    &ruling);
	op->driver = (uint8_t)driver_of(ruling.driver);
	if (op->driver == DRIVER_NEWEST)
		merge_newest(op);
}

static int
plan_path(struct plan *p, struct fence *f, const struct tree_walk *w,
    struct err *e)
{
	struct op op = {
		.base = w->at[0],
		.local = w->at[1],
		.remote = w->at[2],
	};
	bool needed;

	if (fenced(f, w, &op))
		return plan_fenced(p, &op, f->in->arena, e);
	/* The same pointer in all three: by far the most frequent case. */
	if (op.base == op.local && op.local == op.remote)
		return 0;
	if (was_unseen(f->in, &op))
		op.base = NULL;
	if (merge_path(&op, &needed, f->in->arena, e) == -1)
		return -1;
	find_driver(&op, f->in);
	return needed ? plan_add(p, &op, e) : 0;
}

int
plan_make(struct plan *out, const struct plan_in *in, struct err *e)
{
	struct tree_walk w = {
		.tree = { in->base, &in->local->tree, in->remote },
		.count = 3,
	};
	struct fence f = { .in = in };
	struct plan p = { 0 };

	while (tree_walk_next(&w))
		if (plan_path(&p, &f, &w, e) == -1)
			goto fail;
	if (plan_find_units(&p, in, e) == -1)
		goto fail;
	plan_settle(&p, in);
	plan_settle_units(&p);
	if (plan_find_renames(&p, in, e) == -1)
		goto fail;
	*out = p;
	return 0;
fail:
	plan_free(&p);
	return -1;
}

void
plan_restrict(struct plan *p, unsigned sides)
{
	struct op *op;

	for (size_t i = 0; i < p->count; i++) {
		op = &p->op[i];
		if (op->state == OP_PLANNED && (op->sides & ~sides) != 0)
			op->state = OP_PENDING;
		/* Changes nothing, but what goes below it may have to wait. */
		if (op->reason == REASON_LEFT_LOCAL && (sides & SIDE_HOME) == 0)
			op->state = OP_PENDING;
	}
}
