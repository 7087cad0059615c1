#include "base/path.h"
#include "engine/plan.h"
#include "engine/units.h"

/* A home that is empty, while the store is to lose what it held, was wiped and
 * not tidied up. */
static bool
is_wiped(const struct plan_in *in)
{
	const struct tree *t = &in->local->tree;

	for (size_t i = 0; i < t->count; i++)
		if (!t->entry[i]->hollow)
			return false;
	return true;
}

/* The same of a store that holds nothing at all any more. */
static bool
is_emptied(const struct plan_in *in)
{
	return in->remote->count == 0 && in->base->count > 0;
}

static bool
is_deletion(const struct op *op, enum action kind)
{
	return op->state == OP_PLANNED && op->action == kind && !op->renewed;
}

static size_t
deletions(const struct plan *p, enum action kind)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		n += is_deletion(&p->op[i], kind);
	return n;
}

static bool
too_many(size_t gone, size_t of, const struct guard *g)
{
	return gone > g->count && gone * 100 > of * g->percent;
}

static size_t
hold(struct plan *p, enum action kind)
{
	size_t held = 0;
	struct op *op;

	for (size_t i = 0; i < p->count; i++) {
		op = &p->op[i];
		if (is_deletion(op, kind)) {
			op->state = OP_HELD;
			held++;
		} else if (op->reason == REASON_LEFT_LOCAL &&
		    kind == ACTION_DELETE_LOCAL) {
			/* No deletion, but it waits for those below. */
			op->state = OP_HELD;
		}
	}
	return held;
}

/* What would take the place of a directory that now stays waits with it. */
static void
hold_replacements(struct plan *p)
{
	const char *held = NULL, *path;
	size_t held_len = 0, len;

	for (size_t i = p->count; i-- > 0;) {
		struct op *op = &p->op[i];

		path = op_path(op, &len);
		if (held != NULL && op->state == OP_PLANNED &&
		    op->result != NULL && op->result->type != ENTRY_DIR &&
		    path_is_within(held, held_len, path, len))
			op->state = OP_HELD;
		if (op->state == OP_HELD) {
			held = path;
			held_len = path_parent_len(path, len);
		}
	}
}

size_t
plan_guard(struct plan *p, const struct plan_in *in, const struct guard *g)
{
	size_t here = deletions(p, ACTION_DELETE_LOCAL);
	size_t there = deletions(p, ACTION_DELETE_STORE);
	size_t held = 0;

	if (is_emptied(in) || too_many(here, in->local->tree.count, g))
		held += hold(p, ACTION_DELETE_LOCAL);
	if (is_wiped(in) || too_many(there, in->remote->count, g))
		held += hold(p, ACTION_DELETE_STORE);
	if (held > 0) {
		hold_replacements(p);
		plan_hold_units(p);
	}
	return held;
}
