#include <stdlib.h>

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

int
plan_put(struct plan *out, const struct tree *local, const struct tree *want,
    struct err *e)
{
	struct tree_walk w = { .tree = { local, want }, .count = 2 };
	struct plan p = { 0 };

	p.op = calloc(want->count + 1, sizeof(*p.op));
	if (p.op == NULL)
		return err_sys(e, "plan");
	p.cap = want->count + 1;
	while (tree_walk_next(&w)) {
		if (w.at[1] == NULL)
			continue;
		put_one(&p.op[p.count], w.at[0], w.at[1]);
		p.count += p.op[p.count].action != ACTION_NONE;
	}
	*out = p;
	return 0;
}
