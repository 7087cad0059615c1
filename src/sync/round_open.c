#include <unistd.h>

#include "base/clock.h"
#include "local/shelf.h"
#include "local/stage.h"

#include "sync/mend.h"
#include "sync/round.h"

static int
copy_home(struct home *out, const struct tree *t, const struct stamp *stamp,
    struct err *e)
{
	for (size_t i = 0; i < t->count; i++)
		if (home_add(out, t->entry[i], &stamp[i], e) == -1)
			return -1;
	return 0;
}

/* A store that turns out to be out of reach is reason enough to stop. */
static int
scan_goes_on(uint64_t entries, uint64_t bytes, void *arg, struct err *e)
{
	const struct stage_arg *a = arg;

	round_progress(entries, bytes, arg);
	return context_look_at_store(a->run->c, e);
}

/* May be done again, where the home has changed since. */
static int
scan(struct round *r, struct err *e)
{
	struct context *c = r->c;
	struct stage_arg arg = { r, SYNC_SCAN };
	struct hash rules = rules_hash(c->setup->rules);
	const struct scan_in in = {
		.root = &c->root,
		.known = &c->state.local,
		.same_rules = hash_same(&rules, &c->state.rules),
		.rules = c->setup->rules,
		.self = c->self,
		.progress = scan_goes_on,
		.arg = &arg,
	};

	home_free(&r->out->scan);
	home_free(&r->local);
	if (scan_home(&r->out->scan, &c->arena, &in, &r->sums, e) == -1)
		return -1;
	r->out->entries = r->out->scan.tree.count;
	if (r->sums.stamps_changed || !in.same_rules)
		r->must_save = true;
	return copy_home(&r->local, &r->out->scan.tree, r->out->scan.stamp, e);
}

/* Its opening only begins. */
static int
begin_store(struct round *r, enum context_use use, struct err *e)
{
	struct context *c = r->c;
	bool sends = (r->how->sides & SIDE_STORE) != 0;

	if (context_begin_store(c, sends ? use : CONTEXT_LOOK, e) == -1)
		return -1;
	r->limits = (struct limits){ .from_s = clock_steady_s(),
		.until_s = r->how->until_s,
		.sends = sends };
	if (c->store != NULL)
		c->store->until_s = r->how->until_s;
	return 0;
}

/* What runs that were cut off left in the home. Before the scan: a link that
 * goes gives its file a new ctime. */
static int
recover(struct round *r, struct err *e)
{
	struct context *c = r->c;
	size_t rescued;

	r->stagefd = stage_open(c->statefd, e);
	if (r->stagefd == -1)
		return -1;
	if (stage_recover(&c->root, c->statefd, &c->state.head.tree, c->self,
		&rescued, e) == -1)
		return -1;
	if (shelf_sweep(c->statefd, e) == -1)
		return -1;
	return shelf_mend(&c->root, c->statefd, &c->arena, &c->machines, e);
}

/* All of the home that needs no store. */
static int
survey(struct round *r, struct err *e)
{
	if (!r->how->dry_run && recover(r, e) == -1)
		return -1;
	return scan(r, e);
}

static int
load_head(struct round *r, enum context_use use, struct err *e)
{
	struct context *c = r->c;

	if (context_enter_store(c, e) == -1 ||
	    context_load_head(c, use, e) == -1)
		return -1;
	if (c->head.number == 0 && c->damaged > 0 &&
	    (r->how->sides & SIDE_STORE) == 0)
		return err_set(e, ERR_FORMAT,
		    "%s: no generation is whole; a push from a machine that "
		    "has the profile puts it back",
		    c->setup->store);
	if ((r->how->sides & SIDE_STORE) != 0 && mend_look(c, e) == -1)
		return -1;
	r->out->head = c->head.number;
	r->out->base = c->state.number;
	return 0;
}

/*
 * The home is looked at while the server is being reached; unless only the
 * store can say what this home is to remember (state.h, "next").
 */
int
round_open(struct round *r, struct err *e)
{
	struct context *c = r->c;
	enum context_use use = r->how->dry_run ? CONTEXT_LOOK : CONTEXT_WORK;
	bool ahead;

	if (context_open_home(c, use, r->how->wait_s, e) == -1 ||
	    begin_store(r, use, e) == -1)
		return -1;
	ahead = c->statefd == -1 || !state_has_next(c->statefd);
	if (ahead && survey(r, e) == -1)
		return -1;
	if (load_head(r, use, e) == -1)
		return -1;
	return ahead ? 0 : survey(r, e);
}
