#include "run.h"

#include <stdio.h>
#include <string.h>

#include "acts.h"
#include "engine/groups.h"

uint64_t
draw(uint64_t *rng, uint64_t below)
{
	uint64_t z = *rng += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

/* m's rules as lines; made once for each change of them. */
static const struct rules *
rules_of(struct world *w, unsigned m)
{
	char text[SPOTS * 24 + 64], *at = text;
	struct err e;

	if (w->rules[m] != NULL)
		return w->rules[m];
	for (unsigned i = 0; i < SPOTS; i++)
		if (w->rule[m][i] != RULE_NONE)
			at += sprintf(at, "local /%s%s\n", spots[i].path,
			    w->rule[m][i] == RULE_DIRS ? "/" : "");
	if (w->merging)
		at += sprintf(at, "merge=lines a.b\n");
	if (w->unit >= 0)
		at += sprintf(at, "unit /%s/\n", spots[w->unit].path);
	if (at == text)
		return NULL;
	if (rules_new(&w->rules[m], &e) == -1 ||
	    rules_add(w->rules[m], RULES_USER, "model", text,
		(size_t)(at - text), &e) == -1)
		world_fail(w, "rules: %s", e.text);
	return w->rules[m];
}

void
inputs_of(struct run *r, struct inputs *i)
{
	struct world *w = r->w;
	const struct entry *local[SPOTS], *known[SPOTS];
	struct err e;

	memset(i, 0, sizeof(*i));
	for (unsigned k = 0; k < SPOTS; k++) {
		local[k] = r->local[k].entry;
		known[k] = r->pc->memory.known[k].entry;
	}
	i->base = tree_of(r->base, i->base_at);
	i->remote = tree_of(world_head(w), i->remote_at);
	i->known = tree_of(known, i->known_at);
	i->local = r->look.home;
	i->local.tree = tree_of(local, i->local_at);
	i->local.stamp = i->local_stamp;
	if (groups_align(&i->local.tree, &i->base, &w->arena, &e) == -1)
		world_fail(w, "groups: %s", e.text);
	for (size_t k = 0; k < i->local.tree.count; k++)
		r->local[spot_of(i->local_at[k])].entry = i->local_at[k];
	for (size_t k = 0; k < i->local.tree.count; k++)
		i->local_stamp[k].inode =
		    r->local[spot_of(i->local_at[k])].inode;
	for (size_t k = 0; k < i->known.count; k++)
		i->known_stamp[k].inode =
		    r->pc->memory.known[spot_of(i->known_at[k])].inode;
	i->in = (struct plan_in){
		.base = &i->base,
		.local = &i->local,
		.base_stamp = i->known_stamp,
		.known = &i->known,
		.remote = &i->remote,
		.rules = rules_of(w, r->m),
		.self = w->self[r->m],
		.arena = &w->arena,
	};
}

static void
print_plan(const struct run *r)
{
	static const char *const states[] = { "", " done", " pending", " held",
		" suspect", " FAILED" };

	for (size_t i = 0; i < r->plan.count; i++) {
		const struct op *op = &r->plan.op[i];

		printf("      %s %s%s%s%s: %s\n",
		    op->moved ? "moved" : action_text(op->action),
		    op_path(op, NULL), op->from != NULL ? " from " : "",
		    op->from != NULL ? op->from->path : "", states[op->state],
		    reason_text(op->reason));
	}
}

static void
make_plan(struct run *r)
{
	static const struct guard strict = { .percent = 20, .count = 1 };
	struct inputs i;
	struct err e;

	inputs_of(r, &i);
	plan_free(&r->plan);
	if (plan_make(&r->plan, &i.in, &e) == -1) {
		world_fail(r->w, "plan: %s", e.text);
		return;
	}
	check_plan(r, &i);
	blend(r);
	plan_restrict(&r->plan, r->how->sides);
	if (r->how->fault == FAULT_GUARD) {
		(void)plan_guard_changes(&r->plan, &i.in, &strict);
		plan_guard(&r->plan, &i.in, &strict);
	}
}

static bool
is_published(const struct world *w, uint32_t id)
{
	for (unsigned i = 0; i < w->gens; i++)
		if (w->gen[i].id == id)
			return true;
	return false;
}

/*
 * A run that was killed after its generation was published is found out. And a
 * store that does not know the head we know was restored: there is no base.
 */
static void
recover(struct world *w, struct pc *pc)
{
	if (pc->next_id != 0 && is_published(w, pc->next_id)) {
		pc->memory = pc->next;
		memset(pc->kept_here, 0, sizeof(pc->kept_here));
		memset(pc->kept_there, 0, sizeof(pc->kept_there));
	}
	pc->next_id = 0;
	if (pc->memory.head != 0 && !is_published(w, pc->memory.head))
		memset(pc->memory.base, 0, sizeof(pc->memory.base));
}

static void
spread_outcome(struct run *r, const struct entry *out[SPOTS],
    const struct entry *const *old, const char *what,
    int (*make)(struct tree *out, const struct plan *p, const struct tree *old,
	struct err *e))
{
	const struct entry *buf[SPOTS];
	struct tree before = tree_of(old, buf), t = { 0 };
	struct err e;

	if (make(&t, &r->plan, &before, &e) == -1)
		world_fail(r->w, "pc%u: %s: %s", r->m, what, e.text);
	else if (tree_check(&t, &e) == -1)
		world_fail(r->w, "pc%u: the new %s is no tree: %s", r->m, what,
		    e.text);
	else
		spread(out, &t);
	tree_free(&t);
}

static void
new_base(struct run *r, struct memory *out)
{
	spread_outcome(r, out->base, r->base, "base", plan_new_base);
	for (unsigned i = 0; i < SPOTS; i++)
		out->known[i] = r->local[i].entry != NULL ? r->local[i]
							  : (struct node){ 0 };
}

/* Is there content that has to be read from the home, and is it there? */
static bool
can_send(const struct run *r, const struct op *op)
{
	const struct entry *t = op->result;
	const struct node *n;

	if (t == NULL || t->type != ENTRY_FILE || t->size == 0 ||
	    set_has(&r->w->history, (unsigned)content_of(t)))
		return true;
	n = &r->pc->home[spot_of(t)];
	return n->entry != NULL && entry_same_content(n->entry, t);
}

static bool
is_for_store(const struct op *op)
{
	return op->state == OP_PLANNED && (op->sides & SIDE_STORE) != 0;
}

static bool
fails_to_go(struct run *r, const struct op *op)
{
	return !can_send(r, op) ||
	    (r->how->fault == FAULT_FAIL && op->result != NULL &&
		op->result->type == ENTRY_FILE && !op_is_shown(op) &&
		draw(&r->rng, 4) == 0);
}

/* Ops of the store that can be done are, units as a whole; losers go to the
 * list. */
static void
send(struct run *r, struct set *conflicts)
{
	struct op *op;

	for (size_t i = 0; i < r->plan.count; i++) {
		op = &r->plan.op[i];
		if (!is_for_store(op) || !fails_to_go(r, op))
			continue;
		op_fail(op, WHY_CHANGED);
		if (op->unit != 0)
			plan_fail_unit(&r->plan, op->unit, WHY_UNIT);
	}
	for (size_t i = 0; i < r->plan.count; i++) {
		op = &r->plan.op[i];
		if (!is_for_store(op))
			continue;
		op->state = OP_DONE;
		if (op->loser != NULL && !op->loser_is_local)
			set_join(conflicts,
			    &r->w->holds[content_of(op->loser)]);
	}
}

/* Somebody else is faster: edits, and publishes. */
static void
lose_race(struct run *r)
{
	struct world *w = r->w;
	unsigned other = r->how->other % w->pcs;
	const unsigned arg[3] = { r->how->arg, r->how->arg / 7,
		r->how->arg / 3 };
	const struct how how = { .sides = SIDE_HOME | SIDE_STORE };

	if (other == r->m)
		return;
	acts[r->how->arg % act_user_count].run(w, other, arg);
	notice(w, &w->pc[other]);
	if (w->verbose)
		printf("    meanwhile pc%u: %s, sync\n", other,
		    acts[r->how->arg % act_user_count].name);
	world_run(w, other, &how);
}

static bool
has_news(const struct run *r)
{
	if (!set_is_empty(&r->pc->pending))
		return true;
	for (size_t i = 0; i < r->plan.count; i++)
		if (is_for_store(&r->plan.op[i]))
			return true;
	return false;
}

static void
publish(struct run *r)
{
	struct world *w = r->w;
	const struct entry *const *was = world_head(w);
	struct set conflicts = w->conflicts;
	struct store_gen *g = &w->gen[w->gens];

	send(r, &conflicts);
	set_join(&conflicts, &r->pc->pending);
	if (w->gens == GENS) {
		world_fail(w, "model: too many generations");
		return;
	}
	memset(g, 0, sizeof(*g));
	spread_outcome(r, g->at, was, "store", plan_new_store);
	g->id = ++w->ids;
	new_base(r, &r->pc->next);
	r->pc->next.head = r->pc->next_id = g->id;
	w->gens++;
	w->conflicts = conflicts;
	for (unsigned i = 0; i < SPOTS; i++)
		if (content_of(g->at[i]) >= 0)
			set_join(&w->history, &w->holds[content_of(g->at[i])]);
	g->conflicts = w->conflicts;
	g->history = w->history;
	check_published(r, was);
	if (r->how->fault == FAULT_CUT_OFF) {
		r->cut = true;
		return;
	}
	memset(&r->pc->pending, 0, sizeof(r->pc->pending));
}

/* Plan, change the home, publish; again where somebody else was first. */
static void
change_both(struct run *r)
{
	bool raced = r->how->fault != FAULT_RACE;
	struct memory m;

	for (;;) {
		make_plan(r);
		if (r->how->fault == FAULT_EDIT && r->applied == 0) {
			const unsigned arg[3] = { r->how->arg, r->how->arg / 7,
				r->how->arg / 3 };

			acts[r->how->arg % act_user_count].run(r->w, r->m, arg);
			memcpy(r->before, r->pc->home, sizeof(r->before));
			notice(r->w, r->pc);
		}
		apply(r);
		if (r->w->verbose)
			print_plan(r);
		if (r->cut || r->w->failure[0] != '\0' ||
		    (r->how->sides & SIDE_STORE) == 0 || !has_news(r))
			return;
		if (raced) {
			publish(r);
			return;
		}
		raced = true;
		new_base(r, &m);
		memcpy(r->base, m.base, sizeof(r->base));
		memset(r->pc->kept_here, 0, sizeof(r->pc->kept_here));
		memset(r->pc->kept_there, 0, sizeof(r->pc->kept_there));
		lose_race(r);
	}
}

static void
save(struct run *r)
{
	const struct entry *const *head = world_head(r->w);
	const struct look *l = &r->look;

	new_base(r, &r->pc->memory);
	r->pc->memory.head = r->w->gens > 0 ? r->w->gen[r->w->gens - 1].id : 0;
	r->pc->next_id = 0;
	for (unsigned i = 0; i < SPOTS; i++) {
		r->pc->kept_here[i] =
		    l->ruled[i] && l->there[i] && head[i] == NULL;
		/* What is gone inside a directory that stays is not seen. */
		r->pc->kept_there[i] = !l->hidden[i] && !l->there[i] &&
		    head[i] != NULL && excluded(r->w, r->m, i, head);
	}
}

void
world_run(struct world *w, unsigned m, const struct how *how)
{
	struct run r = { .w = w, .pc = &w->pc[m], .m = m, .how = how };

	if (w->failure[0] != '\0')
		return;
	r.rng = how->arg;
	recover(w, r.pc);
	scan(w, m, &r.look);
	memcpy(r.before, r.pc->home, sizeof(r.before));
	memcpy(r.base, r.pc->memory.base, sizeof(r.base));
	memcpy(r.base_before, r.base, sizeof(r.base));
	for (unsigned i = 0; i < SPOTS; i++)
		if (r.look.at[i] != NULL)
			r.local[i] = (struct node){ r.look.at[i],
				r.pc->home[i].inode, false };
	change_both(&r);
	if (w->failure[0] == '\0' && !r.cut)
		save(&r);
	notice(w, r.pc);
	if (w->failure[0] == '\0')
		check_home(&r);
	if (w->failure[0] == '\0' && is_clean(&r))
		check_settled(&r);
	plan_free(&r.plan);
}
