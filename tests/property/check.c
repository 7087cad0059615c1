#include <stdio.h>
#include <string.h>

#include "engine/groups.h"
#include "run.h"

bool
is_clean(const struct run *r)
{
	return r->how->fault == FAULT_NONE || r->how->fault == FAULT_RACE;
}

static const struct entry *
copy_at(struct run *r, const struct entry *t, int64_t later)
{
	struct entry *copy = entry_like(r->w, t, spot_of(t));

	copy->mtime_ns += later;
	return copy;
}

static bool
is_winner(enum reason why)
{
	return why == REASON_BOTH_LOCAL_WON || why == REASON_BOTH_STORE_WON;
}

/* Is p's unit of that number in conflict? */
static bool
is_contended(const struct plan *p, uint32_t unit)
{
	for (size_t i = 0; i < p->count && unit != 0; i++)
		if (p->op[i].unit == unit && is_winner(p->op[i].reason))
			return true;
	return false;
}

/* Is what op removes renamed by p into a unit that is in conflict? */
static bool
goes_into_unit(const struct plan *p, const struct op *op)
{
	for (size_t i = 0; i < p->count && op->moved; i++)
		if (p->op[i].from != NULL && is_contended(p, p->op[i].unit) &&
		    strcmp(p->op[i].from->path, op_path(op, NULL)) == 0)
			return true;
	return false;
}

/* Does p rename op's file out of a unit that is in conflict, or would q rename
 * it into one? */
static bool
is_units(const struct plan *p, const struct plan *q, const struct op *op)
{
	const struct op *here, *there;

	if (op->from == NULL)
		return false;
	here = plan_find(p, op->from->path, op->from->path_len);
	there = plan_find(q, op->from->path, op->from->path_len);
	return (here != NULL && is_contended(p, here->unit)) ||
	    (there != NULL && goes_into_unit(q, there));
}

/* The same but for who won and, so, where it has to go? */
static bool
same_decision(const struct plan *p, const struct plan *q, size_t i,
    bool same_clocks)
{
	const struct op *a = &p->op[i], *b = &q->op[i];
	bool ties = !same_clocks &&
	    (a->action == ACTION_CONFLICT || a->reason == REASON_ATTRS_BOTH);

	/* Who wins decides of all of a unit. */
	if (!same_clocks && is_contended(p, a->unit) &&
	    is_contended(q, b->unit))
		return true;
	/* Also whether what went away here has gone into it. */
	if (!same_clocks && a->moved != b->moved &&
	    (goes_into_unit(p, a) || goes_into_unit(q, b)))
		return a->result == NULL && b->result == NULL &&
		    a->sides == b->sides &&
		    strcmp(op_path(a, NULL), op_path(b, NULL)) == 0;
	/* And whether what is here was renamed, or is new. */
	if (!same_clocks && (a->from == NULL) != (b->from == NULL) &&
	    (is_units(p, q, a) || is_units(q, p, b)))
		return entry_same(a->result, b->result) &&
		    a->sides == b->sides &&
		    strcmp(op_path(a, NULL), op_path(b, NULL)) == 0;
	return strcmp(op_path(a, NULL), op_path(b, NULL)) == 0 &&
	    a->action == b->action && a->moved == b->moved &&
	    (a->reason == b->reason ||
		(ties && is_winner(a->reason) && is_winner(b->reason))) &&
	    (ties ||
		(a->sides == b->sides && a->state == b->state &&
		    entry_same(a->result, b->result))) &&
	    entry_same(a->from, b->from);
}

/*
 * Clocks decide nothing but ties; and nothing depends on where in memory the
 * entries lie. Each tree is copied backwards, with its times moved.
 */
static void
check_clocks(struct run *r, const struct inputs *i)
{
	struct inputs o = *i;
	int64_t later[3] = { 0 };
	struct plan p = { 0 };
	struct err e;
	bool same_clocks = draw(&r->rng, 2) == 0;

	for (int k = 0; k < 3 && !same_clocks; k++)
		later[k] = (int64_t)draw(&r->rng, 400) - 200;
	o.base.entry = o.base_at;
	o.remote.entry = o.remote_at;
	o.local.tree.entry = o.local_at;
	for (size_t k = o.base.count; k-- > 0;)
		o.base_at[k] = copy_at(r, o.base_at[k], later[0]);
	for (size_t k = o.remote.count; k-- > 0;)
		o.remote_at[k] = copy_at(r, o.remote_at[k], later[1]);
	for (size_t k = o.local.tree.count; k-- > 0;)
		o.local_at[k] = copy_at(r, o.local_at[k], later[2]);
	o.in.base = &o.base;
	o.in.remote = &o.remote;
	o.in.local = &o.local;
	if (plan_make(&p, &o.in, &e) == -1)
		world_fail(r->w, "plan: %s", e.text);
	if (p.count != r->plan.count)
		world_fail(r->w, "9: pc%u: other clocks, other plan", r->m);
	for (size_t k = 0; k < p.count && k < r->plan.count; k++)
		if (!same_decision(&r->plan, &p, k, same_clocks))
			world_fail(r->w, "%s: pc%u: %s depends on %s",
			    same_clocks ? "5" : "9", r->m,
			    op_path(&p.op[k], NULL),
			    same_clocks ? "memory" : "clocks");
	plan_free(&p);
}

static unsigned
spot_of_op(const struct op *op)
{
	return (unsigned)((op_path(op, NULL) - spots[0].path) /
	    (ptrdiff_t)sizeof(struct spot));
}

void
check_plan(struct run *r, const struct inputs *i)
{
	struct world *w = r->w;

	if (draw(&r->rng, 4) == 0)
		check_clocks(r, i);
	for (size_t k = 0; k < r->plan.count; k++) {
		const struct op *op = &r->plan.op[k];
		unsigned spot = spot_of_op(op);

		if (w->pcs == 1 && !w->forgetful &&
		    op->action == ACTION_CONFLICT)
			world_fail(w, "1: %s: a conflict of one computer alone",
			    op_path(op, NULL));
		if (r->look.hidden[spot] && op->sides != 0 &&
		    op->state == OP_PLANNED)
			world_fail(w, "6: pc%u: %s is changed unseen", r->m,
			    op_path(op, NULL));
		/* Of a unit one side's version takes all, the other's goes to
		 * the list. */
		if (op->unit != 0 && is_winner(op->reason))
			continue;
		if (op->result == NULL && (op->sides & SIDE_HOME) != 0 &&
		    r->pc->kept_here[spot])
			world_fail(w, "7: pc%u: %s is deleted, a rule kept it",
			    r->m, op_path(op, NULL));
		if (op->result == NULL && (op->sides & SIDE_STORE) != 0 &&
		    r->pc->kept_there[spot])
			world_fail(w,
			    "7: pc%u: the store's %s is deleted, a rule kept "
			    "it",
			    r->m, op_path(op, NULL));
	}
}

/* Does t hold all of that content, be it merged with others? */
static bool
holds(const struct world *w, const struct entry *t, int content)
{
	int c = content_of(t);

	return c == content ||
	    (c >= 0 && set_covers(&w->holds[c], &w->holds[content]));
}

static bool
is_kept(const struct world *w, const struct set *in, int content)
{
	return set_covers(in, &w->holds[content]);
}

static bool
is_in(const struct world *w, const struct entry *const *tree, int content)
{
	for (unsigned i = 0; i < SPOTS; i++)
		if (holds(w, tree[i], content))
			return true;
	return false;
}

static bool
is_at_home(const struct world *w, const struct pc *pc, int content)
{
	for (unsigned i = 0; i < SPOTS; i++)
		if (holds(w, pc->home[i].entry, content))
			return true;
	return false;
}

/* A unit in the store is all as it was, or all as it is in this home. */
static void
check_unit(struct run *r, const struct entry *const *was,
    const struct entry *const *now)
{
	const struct world *w = r->w;
	bool old = true, own = true;

	if (w->unit < 0 || !is_dir(now[w->unit]))
		return;
	for (unsigned i = (unsigned)w->unit; i < spots[w->unit].end; i++) {
		if (r->look.hidden[i] || excluded(w, r->m, i, was))
			continue;
		old &= content_of(now[i]) == content_of(was[i]);
		own &= content_of(now[i]) == content_of(r->local[i].entry);
	}
	if (!old && !own)
		world_fail(r->w, "units: pc%u: %s is torn", r->m,
		    spots[w->unit].path);
}

/* What the new head lacks was known to the one who published it. */
void
check_published(struct run *r, const struct entry *const *was)
{
	struct world *w = r->w;
	const struct entry *const *now = world_head(w);

	check_unit(r, was, now);
	for (unsigned i = 0; i < SPOTS; i++) {
		int content = content_of(was[i]);

		if ((r->look.hidden[i] || excluded(w, r->m, i, was)) &&
		    !entry_same(was[i], now[i]))
			world_fail(w, "%s: pc%u changed the store's %s",
			    r->look.hidden[i] ? "6" : "7", r->m, spots[i].path);
		if (content >= 0 && content != content_of(now[i]) &&
		    !is_kept(w, &r->pc->seen[i], content) &&
		    !is_kept(w, &w->conflicts, content) &&
		    !is_in(w, now, content))
			world_fail(w, "1: pc%u: lost update of the store's %s",
			    r->m, spots[i].path);
	}
}

/* What the home lacks now was agreed, be it merged with something by this very
 * run, or is kept somewhere else. */
void
check_home(struct run *r)
{
	struct world *w = r->w;
	const struct entry *const *head = world_head(w);

	for (unsigned i = 0; i < SPOTS; i++) {
		const struct entry *t = r->before[i].entry;
		int content = content_of(t);

		if (r->look.hidden[i] && r->how->fault != FAULT_EDIT &&
		    t != r->pc->home[i].entry)
			world_fail(w, "6: pc%u: %s was changed unseen", r->m,
			    spots[i].path);
		if (content < 0 || content == content_of(r->pc->home[i].entry))
			continue;
		if (!is_kept(w, &w->conflicts, content) &&
		    !is_kept(w, &r->pc->pending, content) &&
		    !is_kept(w, &w->history, content) &&
		    !is_at_home(w, r->pc, content))
			world_fail(w, "1: pc%u: %s is lost", r->m,
			    spots[i].path);
		if (content != content_of(r->base_before[i]) &&
		    !holds(w, r->base[i], content) &&
		    !is_kept(w, &w->conflicts, content) &&
		    !is_kept(w, &r->pc->pending, content) &&
		    !is_in(w, head, content) && !is_at_home(w, r->pc, content))
			world_fail(w, "1: pc%u: lost update of %s", r->m,
			    spots[i].path);
	}
}

/* The same but for the name of its group? */
static bool
is_like(const struct entry *a, const struct entry *b)
{
	struct extra x, y;
	struct entry s, t;

	if (a == NULL || b == NULL)
		return a == b;
	s = *a;
	t = *b;
	x = s.extra != NULL ? *s.extra : (struct extra){ 0 };
	y = t.extra != NULL ? *t.extra : (struct extra){ 0 };
	x.group = y.group = 0;
	s.extra = &x;
	t.extra = &y;
	return entry_same(&s, &t);
}

/* What was planned was done, and the home is as foretold. */
static void
check_done(struct run *r, const struct look *now)
{
	for (size_t k = 0; k < r->plan.count; k++)
		if (r->plan.op[k].state == OP_PLANNED ||
		    (r->plan.op[k].state == OP_FAILED &&
			r->plan.op[k].why == WHY_CHANGED))
			world_fail(r->w, "5: pc%u: %s was not done", r->m,
			    op_path(&r->plan.op[k], NULL));
	for (unsigned k = 0; k < SPOTS; k++)
		if (!is_like(now->at[k], r->local[k].entry))
			world_fail(r->w, "5: pc%u: %s is not as foretold", r->m,
			    spots[k].path);
}

/*
 * A second run has nothing to do. With hard links a third one may be needed:
 * that two files are links, or no longer, depends on what else was done.
 */
void
check_settled(struct run *r)
{
	struct world *w = r->w;
	struct run again = { .w = w, .pc = r->pc, .m = r->m, .how = r->how };
	struct how once = { .sides = r->how->sides, .again = true };
	const struct op *op;
	struct inputs i;
	struct err e;
	size_t k;

	scan(w, r->m, &again.look);
	check_done(r, &again.look);
	for (k = 0; k < SPOTS; k++)
		if (again.look.at[k] != NULL)
			again.local[k] = (struct node){ again.look.at[k],
				r->pc->home[k].inode, false };
	memcpy(again.base, r->pc->memory.base, sizeof(again.base));
	inputs_of(&again, &i);
	if (plan_make(&again.plan, &i.in, &e) == -1)
		world_fail(w, "plan: %s", e.text);
	blend(&again);
	plan_restrict(&again.plan, r->how->sides);
	for (k = 0; k < again.plan.count; k++)
		if (again.plan.op[k].state == OP_PLANNED ||
		    again.plan.op[k].state == OP_DONE)
			break;
	if (k < again.plan.count && w->linked && !r->how->again) {
		world_run(w, r->m, &once);
	} else if (k < again.plan.count) {
		op = &again.plan.op[k];
		world_fail(w, "4: pc%u: %s %s again: %s", r->m,
		    action_text(op->action), op_path(op, NULL),
		    reason_text(op->reason));
	}
	plan_free(&again.plan);
}

/* A unit of which something cannot be read waits; so does one that is to be no
 * directory any more while something stays in it. */
static bool
unit_waits(const struct world *w, unsigned m)
{
	for (unsigned i = 0; i < SPOTS; i++)
		if (w->unit >= 0 && spot_holds((unsigned)w->unit, i) &&
		    (w->pc[m].home[i].locked || w->rule[m][i] != RULE_NONE))
			return true;
	return false;
}

/* Is spot at, below or above something that m leaves alone? */
static bool
is_apart(const struct world *w, unsigned m, unsigned spot)
{
	if (w->unit >= 0 && spot_holds((unsigned)w->unit, spot) &&
	    unit_waits(w, m))
		return true;
	for (unsigned i = 0; i < SPOTS; i++)
		if ((w->rule[m][i] != RULE_NONE || w->pc[m].home[i].locked) &&
		    (spot_holds(i, spot) || spot_holds(spot, i)))
			return true;
	return false;
}

/* Two names of one file? See engine/groups.h. */
static bool
is_kin(const struct entry *a, const struct entry *b)
{
	return a != NULL && b != NULL && entry_group(a) != 0 &&
	    entry_same(a, b);
}

/* Has the head's i a name in a unit that waits which it has not here, or the
 * other way round? */
static bool
has_other_kin(const struct world *w, unsigned m,
    const struct entry *const *head, const struct look *l, unsigned i)
{
	if (w->unit < 0 || !unit_waits(w, m))
		return false;
	for (unsigned k = 0; k < SPOTS; k++)
		if (spot_holds((unsigned)w->unit, k) &&
		    is_kin(head[k], head[i]) != is_kin(l->at[k], l->at[i]))
			return true;
	return false;
}

/* Computers that stopped editing end equal. */
void
check_converged(struct world *w)
{
	const struct entry *const *head = world_head(w);
	const struct entry *buf[SPOTS];
	const struct tree there = tree_of(head, buf);
	const struct entry *here;
	struct look l;
	struct err e;

	for (unsigned m = 0; m < w->pcs; m++) {
		scan(w, m, &l);
		if (groups_align(&l.home.tree, &there, &w->arena, &e) == -1)
			world_fail(w, "groups: %s", e.text);
		spread(l.at, &l.home.tree);
		for (unsigned i = 0; i < SPOTS; i++) {
			if (is_apart(w, m, i))
				continue;
			here = l.at[i];
			if (here != NULL && head[i] != NULL &&
			    has_other_kin(w, m, head, &l, i))
				here = entry_in_group(w, here,
				    entry_group(head[i]));
			if (!entry_same(here, head[i]))
				world_fail(w, "3: pc%u: %s is not the head's",
				    m, spots[i].path);
			if (!entry_same(w->pc[m].memory.base[i], head[i]))
				world_fail(w,
				    "3: pc%u: base of %s is not the head's", m,
				    spots[i].path);
		}
	}
}
