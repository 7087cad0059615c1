#include <stdlib.h>

#include "base/path.h"
#include "local/apply.h"
#include "local/stage.h"
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

/* Is op k's result in the home now? Only those fail that were not applied. */
static bool
is_applied(const struct op *op)
{
	return (op->sides & SIDE_HOME) != 0 &&
	    (op->state == OP_DONE || op->state == OP_PLANNED);
}

/* Where op stands to the entry at i of t: 0 at it, below 0 before it. */
static int
op_order(const struct op *op, const struct tree *t, size_t i)
{
	size_t len;
	const char *path = op_path(op, &len);

	if (i == t->count)
		return -1;
	return path_order(path, len, t->entry[i]->path, t->entry[i]->path_len);
}

/* The local tree and its stamps after the home's side of the plan. */
static int
advance_local(struct round *r, struct err *e)
{
	struct home after = { 0 };
	const struct tree *t = &r->local.tree;
	const struct op *op;
	size_t i = 0, k = 0;
	int d, rc = 0;

	while (rc == 0 && (k < r->plan.count || i < t->count)) {
		op = k < r->plan.count ? &r->plan.op[k] : NULL;
		d = op != NULL ? op_order(op, t, i) : 1;
		if (d > 0 || !is_applied(op)) {
			if (d >= 0)
				rc = home_add(&after, t->entry[i],
				    &r->local.stamp[i], e);
		} else if (op->result != NULL) {
			rc = home_add(&after, op->result, &r->stamp[k], e);
		}
		k += d <= 0;
		i += d >= 0;
	}
	if (rc == -1) {
		home_free(&after);
		return -1;
	}
	apply_restamp(&after, &r->c->root, &r->plan);
	home_free(&r->local);
	r->local = after;
	return 0;
}

static int
apply_home(struct round *r, struct err *e)
{
	struct context *c = r->c;
	struct stage_arg arg = { r, SYNC_APPLY };
	const struct apply_in in = {
		.root = &c->root,
		.statefd = c->statefd,
		.stagefd = r->stagefd,
		.plan = &r->plan,
		.local = &r->local,
		.self = c->self,
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
	return advance_local(r, e);
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
		.taking = r->how->choose != NULL,
		.losers = wants_losers(r),
		.now_ns = r->now_ns,
		.progress = round_progress,
		.arg = &arg,
	};

	if (!has_ops(r, SIDE_HOME) && !in.losers)
		return 0;
	if (receive(&in, &bytes, e) == -1)
		return -1;
	r->out->bytes_down += bytes;
	if (has_ops(r, SIDE_HOME) && apply_home(r, e) == -1)
		return -1;
	return stage_drop_names(r->stagefd, e);
}
