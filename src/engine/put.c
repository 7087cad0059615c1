#include <stdlib.h>

#include "base/path.h"
#include "engine/plan.h"

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

int
plan_put(struct plan *out, const struct tree *local, const struct tree *want,
    const struct tree *gone, struct err *e)
{
	struct tree_walk w = { .tree = { local, want, gone }, .count = 3 };
	size_t cap = want->count + gone->count + 1;
	struct plan p = { 0 };

	p.op = calloc(cap, sizeof(*p.op));
	if (p.op == NULL)
		return err_sys(e, "plan");
	p.cap = cap;
	while (tree_walk_next(&w)) {
		if (w.at[1] != NULL) {
			put_one(&p.op[p.count], w.at[0], w.at[1]);
			p.count += p.op[p.count].action != ACTION_NONE;
		} else if (goes(local, gone, w.at[0], w.at[2])) {
			drop_one(&p.op[p.count++], w.at[0]);
		}
	}
	*out = p;
	return 0;
}
