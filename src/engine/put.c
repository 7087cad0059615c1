#include <stdlib.h>

#include "base/path.h"
#include "engine/plan.h"
#include "engine/units.h"

/* What it takes to have want in the home where local is now. */
static enum action
put_action(const struct entry *local, const struct entry *want)
{
	if (local == NULL)
		return ACTION_DOWNLOAD;
	if (entry_same(local, want))
		return ACTION_NONE;
	return entry_same_content(local, want) ? ACTION_ATTRIBUTES
					       : ACTION_CONFLICT;
}

static void
put_one(struct op *op, const struct entry *local, const struct entry *want)
{
	*op = (struct op){
		.local = local,
		.result = want,
		.action = (uint8_t)put_action(local, want),
		.sides = SIDE_HOME,
		.state = OP_PLANNED,
		.reason = REASON_RESTORED,
	};
	if (op->action != ACTION_CONFLICT)
		return;
	op->loser = local;
	op->loser_is_local = 1;
	if (local->type == ENTRY_DIR)
		op_fail(op, WHY_BLOCKED);
}

/* A directory holds nothing but what goes as well. w: right behind it. */
static bool
goes_whole(const struct tree *local, const struct tree *gone,
    const struct entry *dir)
{
	size_t i = tree_lower(local, dir->path, dir->path_len) + 1;
	const struct entry *t, *other;

	for (; i < local->count; i++) {
		t = local->entry[i];
		if (!path_is_within(t->path, t->path_len, dir->path,
			dir->path_len))
			break;
		other = tree_find(gone, t->path, t->path_len);
		if (other == NULL ||
		    (t->type != ENTRY_DIR && !entry_same(t, other)))
			return false;
	}
	return true;
}

static bool
goes(const struct tree *local, const struct tree *gone, const struct entry *now,
    const struct entry *old)
{
	if (now == NULL || old == NULL || now->type != old->type)
		return false;
	return now->type == ENTRY_DIR ? goes_whole(local, gone, now)
				      : entry_same(now, old);
}

static void
drop_one(struct op *op, const struct entry *local)
{
	*op = (struct op){
		.base = local,
		.local = local,
		.action = ACTION_DELETE_LOCAL,
		.sides = SIDE_HOME,
		.state = OP_PLANNED,
		.reason = REASON_UNDONE,
	};
}

/* The log of a database that gets another one, or none. */
static bool
is_foreign_log(const struct entry *now, const struct tree *want)
{
	size_t stem = unit_log_stem(now->path, now->path_len);
	const struct entry *db;

	if (stem == 0 || now->type != ENTRY_FILE)
		return false;
	db = tree_find(want, now->path, stem);
	return db != NULL && db->type == ENTRY_FILE;
}

static void
drop_log(struct op *op, const struct entry *now)
{
	drop_one(op, now);
	op->reason = REASON_RESTORED;
	if (now->size > 0)
		op->loser = now;
	op->loser_is_local = op->loser != NULL;
}

static int
put_path(struct plan *p, const struct tree_walk *w, struct err *e)
{
	const struct tree *local = w->tree[0], *want = w->tree[1];
	struct op op = { .action = ACTION_NONE };

	if (w->at[1] != NULL)
		put_one(&op, w->at[0], w->at[1]);
	else if (goes(local, w->tree[2], w->at[0], w->at[2]))
		drop_one(&op, w->at[0]);
	else if (w->at[0] != NULL && is_foreign_log(w->at[0], want))
		drop_log(&op, w->at[0]);
	return op.action != ACTION_NONE ? plan_add(p, &op, e) : 0;
}

int
plan_put(struct plan *out, const struct plan_in *in, const struct tree *gone,
    struct err *e)
{
	struct tree_walk w = {
		.tree = { &in->local->tree, in->remote, gone },
		.count = 3,
	};
	struct plan p = { 0 };

	while (tree_walk_next(&w))
		if (put_path(&p, &w, e) == -1)
			goto fail;
	if (plan_group_units(&p, in, e) == -1)
		goto fail;
	*out = p;
	return 0;
fail:
	plan_free(&p);
	return -1;
}
