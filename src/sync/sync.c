#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/groups.h"
#include "sync/beside.h"
#include "sync/clean.h"
#include "sync/lean.h"
#include "sync/list.h"
#include "sync/mend.h"
#include "sync/round.h"
#include "sync/send.h"
#include "sync/waits.h"

/* A race is lost to somebody who got on; so many in a row is something else. */
#define RACES_MAX     200
#define RACE_WAIT_MIN 10u /* ms */
#define RACE_WAIT_MAX 200u

/* Not a merge: what the caller wants in the home. */
static int
make_put(struct round *r, struct err *e)
{
	struct wanted w = { .from = 0 };
	const struct plan_in in = {
		.base = &r->base,
		.local = &r->local,
		.remote = &w.want,
		.rules = r->c->setup->rules,
	};
	int rc;

	rc = r->how->choose(r->c, &w, r->how->choose_arg, e);
	if (rc == 0 && !r->how->dry_run)
		rc = lean_note(r->c, &w.want, w.from, &w.from_id, e);
	if (rc == 0)
		rc = plan_put(&r->plan, &in, &w.gone, e);
	if (rc == 0)
		waits_used(&r->c->root, &r->plan);
	tree_free(&w.want);
	tree_free(&w.gone);
	return rc;
}

/* Sends what the store has lost, where this run may. */
static int
mend(struct round *r, struct err *e)
{
	if ((r->how->sides & SIDE_STORE) == 0)
		return 0;
	return mend_plan(&r->plan, &r->base, &r->local.tree, mend_tree(r->c),
	    e);
}

/* Of documents, what lost becomes a file. */
static int
plan_beside(struct round *r, const struct plan_in *in, struct err *e)
{
	struct profile list = { 0 };
	int rc;

	if ((r->how->sides & SIDE_HOME) == 0 || r->how->reset)
		return 0;
	rc = list_merged(r->c, &list, e);
	if (rc == 0)
		rc = beside_plan(&r->plan, in, &list, r->how->sides, e);
	if (rc == 0 && !r->how->dry_run)
		rc = beside_drop_known(r->c, in, &list, e);
	profile_free(&list);
	return rc;
}

static int
make_plan(struct round *r, struct err *e)
{
	struct context *c = r->c;
	const struct conf *conf = &c->setup->conf.conf;
	struct hash rules = rules_hash(c->setup->rules);
	struct home local = r->local;
	const struct plan_in in = {
		.base = &r->base,
		.local = &local,
		.base_stamp = c->state.local.stamp,
		.known = &c->state.local.tree,
		.remote = mend_tree(c),
		.rules = c->setup->rules,
		.rules_changed = !hash_same(&rules, &c->state.rules),
		.self = c->self,
		.arena = &c->arena,
	};
	const struct guard guard = {
		.percent = conf->guard_percent,
		.count = conf->guard_count,
	};
	const struct guard changes = {
		.percent = conf->change_percent,
		.count = conf->change_count,
	};

	local.opaque = r->out->scan.opaque;
	local.opaque_count = r->out->scan.opaque_count;
	plan_free(&r->plan);
	blend_free(&r->blend);
	if (r->how->choose != NULL)
		return make_put(r, e);
	if (groups_align(&r->local.tree, &r->base, &c->arena, e) == -1)
		return -1;
	if (plan_make(&r->plan, &in, e) == -1 || mend(r, e) == -1 ||
	    blend_plan(&r->blend, c, &r->plan, e) == -1)
		return -1;
	waits_used(&c->root, &r->plan);
	plan_restrict(&r->plan, r->how->sides);
	/* A home that is reset takes whatever the store has. */
	r->out->held_changes = plan_guard_changes(&r->plan, &in,
	    r->how->allow_changes || r->how->reset ? NULL : &changes);
	/* A store that lost everything does not empty homes either way. */
	if (!r->how->allow_deletes &&
	    !(r->how->reset && c->remote->tree.count > 0))
		r->out->held = plan_guard(&r->plan, &in, &guard);
	return plan_beside(r, &in, e);
}

/* What the state says when head (number, id) is the head it knows. */
static int
next_state(const struct round *r, const struct profile *head,
    const struct commit *commit, struct state *out, struct err *e)
{
	struct state s = {
		.store_id = commit->store_id,
		.number = commit->number,
		.id = commit->id,
		.manifest = commit->manifest.hash,
		.rules = rules_hash(r->c->setup->rules),
		.head = *head,
		.local = r->local,
	};

	if (r->how->choose != NULL) {
		if (tree_copy(&s.base, &r->base, e) == -1)
			return -1;
	} else if (plan_new_base(&s.base, &r->plan, &r->base, e) == -1) {
		return -1;
	}
	if (!hash_same(&commit->id, &r->c->state.id) &&
	    lean_learn(r->c, head, e) == -1) {
		tree_free(&s.base);
		return -1;
	}
	*out = s;
	return 0;
}

/* Called right before a generation is published. */
static int
intend(void *arg, const struct profile *head, const struct commit *commit,
    struct err *e)
{
	struct round *r = arg;
	struct state s;
	int rc;

	if (next_state(r, head, commit, &s, e) == -1)
		return -1;
	rc = state_write_next(r->c->statefd, &s, e);
	tree_free(&s.base);
	return rc;
}

static int
send_once(struct round *r, struct sender *s, struct err *e)
{
	struct stage_arg arg = { r, SYNC_SEND };
	const struct send_in in = {
		.limits = &r->limits,
		.late = &r->out->late,
		.plan = &r->plan,
		.local = &r->local,
		.now_ns = r->now_ns,
		.intend = intend,
		.arg = r,
		.progress = round_progress,
		.progress_arg = &arg,
	};

	struct commit commit;
	struct profile next;

	if (s->c == NULL && sender_new(s, r->c, e) == -1)
		return -1;
	if (send_generation(s, &in, &commit, &next, e) == -1)
		return -1;
	if (commit.number == 0) /* nothing of it could be sent */
		return 0;
	commit_free(&r->commit);
	profile_free(&r->next);
	r->commit = commit;
	r->next = next;
	r->out->bytes_up += s->contents.bytes;
	r->out->published = r->commit.number;
	return state_promote(r->c->statefd, e);
}

static void
wait_a_little(void)
{
	struct hash random;
	struct err e;
	unsigned ms = RACE_WAIT_MIN;

	if (hash_random(&random, &e) == 0)
		ms += (random.b[0] | random.b[1] << 8) %
		    (RACE_WAIT_MAX - RACE_WAIT_MIN);
	clock_sleep_ms(ms);
}

/* Somebody else published first: what is done is done, the rest is planned
 * again against the new head. */
static int
start_over(struct round *r, struct err *e)
{
	struct tree base = { 0 };

	if (round_report(r, true, e) == -1 ||
	    plan_new_base(&base, &r->plan, &r->base, e) == -1)
		return -1;
	tree_free(&r->base);
	r->base = base;
	wait_a_little();
	if (context_load_head(r->c, CONTEXT_WORK, e) == -1 ||
	    mend_look(r->c, e) == -1)
		return -1;
	r->must_save = true;
	return make_plan(r, e);
}

/* Is what was published to be followed by another generation? What cannot be
 * asked now is asked by the next run. */
static bool
lacks_contents(struct round *r, struct sender *s)
{
	struct err e;
	bool gone;

	if (lean_check(r->c, &gone, &e) == -1 || !gone)
		return false;
	sender_free(s);
	return true;
}

static int
change_both(struct round *r, struct sender *s, struct err *e)
{
	bool needed = false;
	int tries = 0;

	for (;;) {
		if (round_change_home(r, e) == -1)
			return -1;
		if ((r->how->sides & SIDE_STORE) == 0 || round_too_late(r))
			return 0;
		if (mend_failed(r->c, &r->plan, e) == -1 ||
		    send_is_needed(r->c, &r->plan, &needed, e) == -1)
			return -1;
		if (!needed)
			return 0;
		if (send_once(r, s, e) == 0) {
			if (!lacks_contents(r, s))
				return 0;
		} else if (e->kind != ERR_RACE) {
			return -1;
		}
		if (++tries == RACES_MAX || start_over(r, e) == -1)
			return -1;
	}
}

static bool
is_news(const struct round *r)
{
	const struct context *c = r->c;

	if (r->must_save || c->estranged || c->state.number != c->head.number ||
	    !hash_same(&c->state.id, &c->head.id))
		return c->head.number > 0 || r->local.tree.count > 0;
	for (size_t i = 0; i < r->plan.count; i++)
		if (r->plan.op[i].state == OP_DONE)
			return true;
	return false;
}

/* Remember a run that published nothing; one that did has done so already. */
static int
remember(struct round *r, struct err *e)
{
	struct context *c = r->c;
	struct state s;
	int rc;

	if (r->commit.number > 0 || !is_news(r))
		return 0;
	if (next_state(r, c->remote, &c->head, &s, e) == -1)
		return -1;
	rc = state_save(c->statefd, &s, e);
	tree_free(&s.base);
	return rc;
}

static int
tidy_up(struct round *r, struct err *e)
{
	const struct profile *head =
	    r->commit.number > 0 ? &r->next : r->c->remote;

	if (list_tidy(r->c, head, e) == -1)
		return -1;
	if (r->commit.number == 0 && r->out->plan.count == 0 && !is_news(r))
		return 0;
	return state_sweep_sigs(r->c->statefd, &head->tree, e);
}

static int
count_conflicts(struct round *r, struct err *e)
{
	struct profile list = { 0 };
	int rc;

	rc = list_merged(r->c, &list, e);
	r->out->conflicts = list.conflict_count;

	if (r->commit.number > 0)
		r->out->conflicts = r->next.conflict_count;
	profile_free(&list);
	return rc;
}

static int
work(struct round *r, struct err *e)
{
	struct sender sender = { .c = NULL };
	struct err later;
	int rc;

	rc = change_both(r, &sender, e);
	sender_free(&sender);
	/* What was applied is remembered whatever came of the rest. */
	if (rc == 0)
		rc = remember(r, e);
	else if (!r->unsafe && remember(r, &later) == -1 &&
	    (later.sys == 0 || later.sys != e->sys))
		err_wrap(e, "%s", later.text);
	if (rc == 0 && r->how->done != NULL && !round_failed(r))
		rc = r->how->done(r->c, r->how->done_arg, e);
	if (rc == -1 || tidy_up(r, e) == -1)
		return -1;
	if (r->commit.number > 0)
		clean_sometimes(r->c, r->commit.number, &r->next);
	return 0;
}

static int
ask_consent(struct round *r, struct err *e)
{
	const struct sync_how *how = r->how;

	if (context_is_mandatory(r->c) && !how->dry_run && !how->reset &&
	    (how->sides & SIDE_STORE) != 0)
		return err_set(e, ERR_POLICY,
		    "%s: this profile is mandatory: nothing is uploaded",
		    r->c->setup->store);
	if (how->consent == NULL || how->dry_run)
		return 0;
	return how->consent(r->c, &r->plan, &r->local.tree, how->consent_arg,
	    e);
}

int
sync_run(struct context *c, const struct sync_how *how, struct sync_out *out,
    struct err *e)
{
	double start = clock_steady_s();
	struct round r = {
		.c = c,
		.how = how,
		.out = out,
		.stagefd = -1,
		.now_ns = clock_now_ns(),
	};
	int rc = -1;

	*out = (struct sync_out){ 0 };
	if (round_open(&r, e) == -1 || round_find_base(&r, e) == -1 ||
	    make_plan(&r, e) == -1 || ask_consent(&r, e) == -1)
		goto out;
	rc = how->dry_run ? 0 : work(&r, e);
	if (round_report(&r, false, rc == 0 ? e : &(struct err){ 0 }) == -1 ||
	    (rc == 0 && count_conflicts(&r, e) == -1))
		rc = -1;
out:
	if (rc == -1)
		context_explain(c, e);
	if (r.stagefd != -1)
		close(r.stagefd);
	plan_free(&r.plan);
	blend_free(&r.blend);
	tree_free(&r.base);
	home_free(&r.local);
	free(r.stamp);
	profile_free(&r.next);
	commit_free(&r.commit);
	out->seconds = clock_steady_s() - start;
	return rc;
}

void
sync_out_free(struct sync_out *out)
{
	plan_free(&out->plan);
	home_free(&out->scan);
	*out = (struct sync_out){ 0 };
}
