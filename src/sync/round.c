#include <stdlib.h>

#include "base/clock.h"
#include "local/apply.h"
#include "local/stage.h"
#include "sync/beside.h"
#include "sync/receive.h"
#include "sync/round.h"

void
round_progress(uint64_t done, uint64_t of, void *arg)
{
	const struct stage_arg *a = arg;
	const struct sync_how *how = a->run->how;

	if (how->progress != NULL)
		how->progress(a->stage, done, of, how->arg);
}

static bool
has_ops(const struct round *r, unsigned side)
{
	for (size_t i = 0; i < r->plan.count; i++)
		if (r->plan.op[i].state == OP_PLANNED &&
		    (r->plan.op[i].sides & side) != 0)
			return true;
	return false;
}

static int
apply_home(struct round *r, struct err *e)
{
	struct context *c = r->c;
	struct stage_arg arg = { r, SYNC_APPLY };
	struct home after;
	const struct apply_in in = {
		.root = &c->root,
		.statefd = c->statefd,
		.stagefd = r->stagefd,
		.plan = &r->plan,
		.local = &r->local,
		.self = c->self,
		.arena = &c->arena,
		.now_ns = r->now_ns,
		.progress = round_progress,
		.arg = &arg,
	};

	free(r->stamp);
	r->stamp = calloc(r->plan.count + 1, sizeof(*r->stamp));
	if (r->stamp == NULL)
		return err_sys(e, "stamps");
	if (stage_sync(r->stagefd, e) == -1)
		return -1;
	if (apply_plan(&in, r->stamp, e) == -1) {
		r->unsafe = true;
		return -1;
	}
	if (apply_new_home(&after, &in, r->stamp, e) == -1)
		return -1;
	home_free(&r->local);
	r->local = after;
	return 0;
}

/* Do the plan's losers of the store have to come down? Only where the home may
 * change; a push lists them in the store alone. */
static bool
wants_losers(const struct round *r)
{
	if ((r->how->sides & SIDE_HOME) == 0)
		return false;
	for (size_t i = 0; i < r->plan.count; i++)
		if (r->plan.op[i].loser != NULL &&
		    r->plan.op[i].state == OP_PLANNED)
			return true;
	return false;
}

/* Bring in what the plan wants, then change the home. */
int
round_change_home(struct round *r, struct err *e)
{
	struct stage_arg arg = { r, SYNC_RECEIVE };
	uint64_t bytes = 0;
	const struct receive_in in = {
		.c = r->c,
		.plan = &r->plan,
		.local = &r->local,
		.stagefd = r->stagefd,
		.blend = &r->blend,
		.taking = r->how->choose != NULL,
		.losers = wants_losers(r),
		.late = &r->out->late,
		.now_ns = r->now_ns,
		.progress = round_progress,
		.arg = &arg,
	};

	if (!has_ops(r, SIDE_HOME) && !in.losers)
		return 0;
	if (r->c->store != NULL)
		r->c->store->until_s = limits_receive(&r->limits);
	if (receive(&in, &bytes, e) == -1)
		return -1;
	if (r->c->store != NULL)
		r->c->store->until_s = r->how->until_s;
	r->out->bytes_down += bytes;
	if (has_ops(r, SIDE_HOME) &&
	    (apply_home(r, e) == -1 || beside_done(r->c, &r->plan, e) == -1))
		return -1;
	return stage_drop_names(r->stagefd, e);
}

int
round_find_base(struct round *r, struct err *e)
{
	const struct context *c = r->c;

	if (c->estranged)
		return 0;
	if (r->how->reset && c->state.number > 0)
		return tree_copy(&r->base, &r->local.tree, e);
	return tree_copy(&r->base, &c->state.base, e);
}

bool
round_too_late(struct round *r)
{
	double end = limits_send(&r->limits);
	struct op *op;

	if (end <= 0 || clock_steady_s() < end)
		return false;
	for (size_t i = 0; i < r->plan.count; i++) {
		op = &r->plan.op[i];
		if (op->state != OP_PLANNED || (op->sides & SIDE_STORE) == 0)
			continue;
		op->state = OP_PENDING;
		r->out->late = true;
	}
	return true;
}

int
round_report(struct round *r, bool only_done, struct err *e)
{
	struct plan *all = &r->out->plan;
	struct op *grown;

	if (all->op == NULL && !only_done) {
		*all = r->plan;
		r->plan = (struct plan){ 0 };
		return 0;
	}
	grown =
	    realloc(all->op, (all->count + r->plan.count + 1) * sizeof(*grown));
	if (grown == NULL)
		return err_sys(e, "report");
	all->op = grown;
	all->cap = all->count + r->plan.count + 1;
	for (size_t i = 0; i < r->plan.count; i++)
		if (!only_done || r->plan.op[i].state == OP_DONE)
			all->op[all->count++] = r->plan.op[i];
	return 0;
}

bool
round_failed(const struct round *r)
{
	for (size_t i = 0; i < r->plan.count; i++)
		if (r->plan.op[i].state == OP_FAILED)
			return true;
	return false;
}
