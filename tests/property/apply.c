#include <stdio.h>

#include "run.h"

/* An op of the home that the run has to do. */
static bool
is_due(const struct op *op)
{
	return op->state == OP_PLANNED && (op->sides & SIDE_HOME) != 0 &&
	    !op->moved;
}

static unsigned
op_spot(const struct op *op)
{
	size_t len;
	const char *path = op_path(op, &len);

	return (
	    unsigned)((path - spots[0].path) / (ptrdiff_t)sizeof(struct spot));
}

/* Is there in the home what the scan saw? Groups are found out afterwards. */
static bool
is_as_seen(const struct node *n, const struct entry *seen)
{
	if (n->entry == NULL || seen == NULL)
		return n->entry == seen;
	return entry_same_content(n->entry, seen) &&
	    n->entry->mode == seen->mode;
}

/* Does the op fail, or the whole run end, before it is done? */
static bool
stopped(struct run *r, struct op *op)
{
	if (r->how->fault == FAULT_FAIL && draw(&r->rng, 4) == 0) {
		op_fail(op, WHY_NOSPACE);
		return true;
	}
	if (r->how->fault == FAULT_CUT && r->applied >= r->how->arg % 8) {
		r->cut = true;
		return true;
	}
	r->applied++;
	return r->cut;
}

static bool
has_parent(const struct run *r, unsigned spot)
{
	int up = spots[spot].parent;

	return up < 0 || is_dir(r->pc->home[up].entry);
}

static bool
holds_nothing(const struct run *r, unsigned spot)
{
	for (unsigned i = spot + 1; i < spots[spot].end; i++)
		if (r->pc->home[i].entry != NULL)
			return false;
	return true;
}

/* The home's loser goes on the shelf before something takes its place. */
static void
shelve(struct run *r, const struct op *op)
{
	if (op->loser != NULL && op->loser_is_local)
		set_join(&r->pc->pending, &r->w->holds[content_of(op->loser)]);
}

static const struct entry *
own(struct run *r, const struct entry *t)
{
	return entry_in_group(r->w, t, 0);
}

static void
place(struct run *r, struct op *op, unsigned spot, bool keeps_inode)
{
	struct node *n = &r->pc->home[spot];

	if (!has_parent(r, spot)) {
		op_fail(op, WHY_BLOCKED);
		return;
	}
	if (!is_as_seen(n, op->local)) {
		op_fail(op, WHY_CHANGED);
		return;
	}
	shelve(r, op);
	n->entry = own(r, op->result);
	if (!keeps_inode)
		n->inode = ++r->w->inodes;
}

static bool
is_directory(const struct op *op)
{
	return is_dir(op->result);
}

static void
do_directory(struct run *r, struct op *op)
{
	place(r, op, op_spot(op), is_dir(op->local));
}

static bool
is_rename(const struct op *op)
{
	return op->action == ACTION_RENAME;
}

static void
do_rename(struct run *r, struct op *op)
{
	unsigned to = op_spot(op);
	struct node *n = &r->pc->home[spot_of(op->from)];

	if (!has_parent(r, to) || r->pc->home[to].entry != NULL) {
		op_fail(op, WHY_BLOCKED);
	} else if (!is_as_seen(n, op->from)) {
		op_fail(op, WHY_CHANGED);
	} else {
		r->pc->home[to] = *n;
		r->pc->home[to].entry = own(r, op->result);
		*n = (struct node){ 0 };
	}
}

static bool
is_file(const struct op *op)
{
	return op->result != NULL && !is_dir(op->result) && !is_rename(op) &&
	    !is_dir(op->local);
}

static void
do_file(struct run *r, struct op *op)
{
	place(r, op, op_spot(op), false);
}

/* Files that take the place of a directory come after all below it. */
static bool
is_removal(const struct op *op)
{
	return op->result == NULL || (!is_dir(op->result) && is_dir(op->local));
}

static void
do_removal(struct run *r, struct op *op)
{
	unsigned spot = op_spot(op);

	if (!is_as_seen(&r->pc->home[spot], op->local))
		op_fail(op, WHY_CHANGED);
	else if (!holds_nothing(r, spot))
		op_fail(op, WHY_BLOCKED);
	else if (op->result != NULL)
		place(r, op, spot, false);
	else {
		shelve(r, op);
		r->pc->home[spot] = (struct node){ 0 };
	}
}

/* The order in which a home is changed. */
static const struct phase {
	bool (*is)(const struct op *op);
	void (*act)(struct run *r, struct op *op);
	bool backwards;
} phases[] = {
	{ is_directory, do_directory, false },
	{ is_rename, do_rename, false },
	{ is_file, do_file, false },
	{ is_removal, do_removal, true },
};

static void
walk(struct run *r, const struct phase *phase, uint32_t unit)
{
	for (size_t k = 0; k < r->plan.count && !r->cut; k++) {
		struct op *op =
		    &r->plan.op[phase->backwards ? r->plan.count - 1 - k : k];

		if (op->unit == unit && is_due(op) && phase->is(op) &&
		    (unit != 0 || !stopped(r, op)))
			phase->act(r, op);
	}
}

/* All of a unit or nothing, in one step. */
static void
swap_unit(struct run *r, uint32_t unit)
{
	struct op *first = NULL;

	for (size_t i = 0; i < r->plan.count; i++) {
		struct op *op = &r->plan.op[i];

		if (op->unit != unit || !is_due(op))
			continue;
		first = first != NULL ? first : op;
		if (!is_as_seen(&r->pc->home[op_spot(op)], op->local)) {
			plan_fail_unit(&r->plan, unit, WHY_CHANGED);
			return;
		}
	}
	if (first == NULL)
		return;
	if (stopped(r, first)) {
		plan_fail_unit(&r->plan, unit, WHY_UNIT);
		return;
	}
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		walk(r, &phases[i], unit);
}

/* The old path of a rename shares the fate of the new one. */
static void
share_fate(struct run *r)
{
	for (size_t i = 0; i < r->plan.count; i++) {
		const struct op *op = &r->plan.op[i];

		if (op->from == NULL)
			continue;
		for (size_t k = 0; k < r->plan.count; k++)
			if (r->plan.op[k].moved &&
			    op_spot(&r->plan.op[k]) == spot_of(op->from)) {
				r->plan.op[k].state = op->state;
				r->plan.op[k].why = op->why;
			}
	}
}

/*
 * What the home should be in groups: results that share one and are alike
 * become links of one file, others part. What was not seen is left alone.
 */
static void
link_groups(struct run *r, const struct entry *wanted[SPOTS],
    const bool touched[SPOTS])
{
	struct node *home = r->pc->home;

	for (unsigned i = 0; i < SPOTS; i++)
		for (unsigned k = 0; k < i; k++) {
			uint64_t gi;
			bool together;

			if (home[i].entry == NULL || home[k].entry == NULL ||
			    wanted[i] == NULL || wanted[k] == NULL ||
			    (!touched[i] && !touched[k]))
				continue;
			gi = entry_group(wanted[i]);
			together = gi != 0 && gi == entry_group(wanted[k]) &&
			    entry_same_content(home[i].entry, home[k].entry) &&
			    entry_same_attributes(home[i].entry, home[k].entry);
			if (together)
				home[i].inode = home[k].inode;
			else if (home[i].inode == home[k].inode)
				home[i].inode = ++r->w->inodes;
		}
}

void
apply(struct run *r)
{
	const struct entry *wanted[SPOTS];
	bool touched[SPOTS] = { 0 };

	for (uint32_t u = 1; u <= r->plan.unit_count && !r->cut; u++)
		swap_unit(r, u);
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		walk(r, &phases[i], 0);
	share_fate(r);
	for (unsigned i = 0; i < SPOTS; i++)
		wanted[i] = r->local[i].entry;
	for (size_t i = 0; i < r->plan.count; i++) {
		struct op *op = &r->plan.op[i];
		unsigned spot = op_spot(op);

		if ((op->sides & SIDE_HOME) == 0 || op->state != OP_PLANNED)
			continue;
		if (op->sides == SIDE_HOME)
			op->state = OP_DONE;
		wanted[spot] = op->result;
		touched[spot] = true;
		r->local[spot].entry = op->result;
	}
	link_groups(r, wanted, touched);
	for (unsigned i = 0; i < SPOTS; i++)
		r->local[i].inode = r->pc->home[i].inode;
}
