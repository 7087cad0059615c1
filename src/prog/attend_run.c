#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "prog/attend.h"
#include "prog/run.h"
#include "signin/net.h"
#include "signin/pace.h"
#include "signin/quota.h"
#include "sync/probe.h"

#define NET_LOOK_MS 200
#define PROBES      3 /* before a link counts as slow */

static struct ending_news
news_of(const struct sync_out *out)
{
	const struct totals t = run_totals(out);
	struct ending_news n = {
		.bytes_down = out->bytes_down,
		.bytes_up = out->bytes_up,
		.removed = t.action[ACTION_DELETE_LOCAL],
		.merged = t.action[ACTION_MERGE],
		.conflicts = out->conflicts,
		.skipped = t.skipped + t.failed,
		.held = out->held,
		.held_changes = out->held_changes,
		.pending = t.pending,
		.generation = out->published != 0 ? out->published : out->head,
	};

	for (size_t i = 0; i < out->plan.count; i++) {
		const struct op *op = &out->plan.op[i];

		if (op->state != OP_DONE || op->action == ACTION_NONE)
			continue;
		n.received += op->action == ACTION_DOWNLOAD &&
		    op->result != NULL && op->result->type == ENTRY_FILE;
		n.saved += (op->sides & SIDE_STORE) != 0;
	}
	return n;
}

/* Seconds until the time is up. */
static double
left_s(const struct attend *a)
{
	double left = a->until_s - clock_steady_s();

	return left > 0 ? left : 0;
}

/* A machine that was just switched on may have its address in a moment. */
static void
wait_for_net(const struct attend *a)
{
	double end =
	    clock_steady_s() + (double)a->setup.conf.conf.wait_network_s;

	if (a->facts.occasion != OCCASION_LOGIN ||
	    strncmp(a->setup.store, "file:", 5) == 0 ||
	    net_look() != NET_WAITING || clock_steady_s() >= end)
		return;
	announce_message(&a->announce, "waiting for the network");
	while (net_look() == NET_WAITING && clock_steady_s() < end &&
	    (a->until_s <= 0 || left_s(a) > 0))
		clock_sleep_ms(NET_LOOK_MS);
}

static int
check_size(struct attend *a, const struct tree *home, struct err *e)
{
	uint64_t max = a->setup.conf.conf.max_size;
	struct quota q;
	char text[ERR_TEXT_MAX];

	if (max == 0 || a->decision.duty == DUTY_PULL ||
	    a->decision.duty == DUTY_RESET)
		return 0;
	q = quota_measure(home);
	if (q.bytes <= max)
		return 0;
	a->over = true;
	return err_set(e, ERR_POLICY, "%s",
	    quota_text(&q, max, text, sizeof(text)));
}

/* A busy machine is not a slow link: only what is slow every time is. */
static int
check_pace(struct attend *a, struct context *c, const struct plan *plan,
    struct err *e)
{
	const struct conf *conf = &a->setup.conf.conf;
	const struct pace_limits limits = {
		.delay_ms = conf->slow_delay_ms,
		.rate_kbit = conf->slow_rate_kbit,
	};
	struct pace best = { .delay_s = -1 }, now;
	struct probe probe;
	double slow_s = conf->slow_delay_ms > 0
	    ? (double)conf->slow_delay_ms / 1000
	    : HUGE_VAL;
	char text[128];

	if (strcmp(conf->slow_link, "local") != 0 || !probe_is_due(plan))
		return 0;
	for (int i = 0; i < PROBES; i++) {
		if (probe_store(c, plan, slow_s, &probe, e) == -1)
			return -1;
		now = (struct pace){ probe.delay_s, probe.rate };
		best = pace_better(&best, &now);
		if (!pace_is_slow(&best, &limits))
			return 0;
	}
	a->slow = true;
	return err_set(e, ERR_OFFLINE, "slow connection: %s",
	    pace_text(&best, &limits, text, sizeof(text)));
}

static int
consent(struct context *c, const struct plan *plan, const struct tree *home,
    void *arg, struct err *e)
{
	struct attend *a = arg;

	if (context_is_mandatory(c) && a->decision.duty != DUTY_RESET)
		return err_set(e, ERR_POLICY, "the profile is mandatory");
	if (check_size(a, home, e) == -1)
		return -1;
	return check_pace(a, c, plan, e);
}

static struct sync_how
how_of(struct attend *a)
{
	static const unsigned sides[DUTY__COUNT] = {
		[DUTY_PULL] = SIDE_HOME,
		[DUTY_PUSH] = SIDE_STORE,
		[DUTY_SYNC] = SIDE_HOME | SIDE_STORE,
		[DUTY_RESET] = SIDE_HOME,
	};
	struct sync_how how = {
		.sides = sides[a->decision.duty],
		.reset = a->decision.duty == DUTY_RESET,
		.wait_s = (unsigned)a->o->wait_s,
		.until_s = a->until_s,
		.consent = consent,
		.consent_arg = a,
		.progress = announce_progress,
		.arg = &a->announce,
	};

	/* The sign-out before may still be at work; half of the time is ours. */
	if (how.wait_s == 0 && a->until_s > 0)
		how.wait_s = (unsigned)(left_s(a) / 2);
	return how;
}

/*
 * A sign-in does not even ask over a line whose answers take long, but where
 * there is no session without the server. A sign-out has the time to ask, and
 * may have nothing to send.
 */
static unsigned
slow_ms(const struct attend *a)
{
	const struct conf *conf = &a->setup.conf.conf;

	if (a->facts.occasion != OCCASION_LOGIN || a->decision.needs_server ||
	    a->decision.duty == DUTY_RESET ||
	    strcmp(conf->slow_link, "local") != 0 ||
	    conf->slow_delay_ms > UINT_MAX / 1000)
		return 0;
	return (unsigned)conf->slow_delay_ms;
}

static int
run_duty(struct attend *a, struct err *e)
{
	const struct sync_how how = how_of(a);
	struct sync_out out = { .held = 0 };
	struct context c;
	int rc = -1;

	context_init(&c, &a->setup);
	c.slow_ms = slow_ms(a);
	if (setup_need_store(&a->setup, e) == 0) {
		rc = sync_run(&c, &how, &out, e);
		run_note(&c, &how, &out, rc == -1 ? e : NULL);
	}
	a->slow |= rc == -1 && store_is_slow(e);
	a->ending.news = news_of(&out);
	a->ending.state = ending_of(rc == -1 ? e : NULL, &a->ending.news);
	if (rc == 0 && out.late)
		a->ending.state = ENDING_LATE;
	if (c.repo != NULL)
		a->marked = context_is_mandatory(&c);
	run_costs(&c);
	sync_out_free(&out);
	context_close(&c);
	return rc;
}

/* There is no profile, not even an old one. */
static void
do_without(struct attend *a)
{
	const char *how = a->setup.conf.conf.without_profile;

	if (strcmp(how, "refuse") == 0) {
		a->ending.state = ENDING_REFUSED;
	} else if (strcmp(how, "temporary") == 0 && attend_is_fresh(a)) {
		a->fresh = true;
		a->decision.type = TYPE_TEMPORARY;
		a->ending.state = ENDING_TEMPORARY;
	}
}

/* What failed, and what that means for the session. */
static void
judge(struct attend *a, const struct err *why)
{
	bool login = a->facts.occasion == OCCASION_LOGIN;

	snprintf(a->why, sizeof(a->why), "%s", why->text);
	announce_error(&a->announce, a->why);
	if (a->slow)
		a->ending.state = ENDING_SLOW;
	if (a->over)
		a->ending.state = ENDING_OVER;
	if (login && a->decision.needs_server)
		a->ending.state = ENDING_REFUSED;
	else if (login && !a->ending.has_copy)
		do_without(a);
}

/*
 * Nobody knew it before the store was asked. What a session changed that began
 * when it was none yet is not dropped behind the user's back, and not uploaded.
 */
static bool
is_marked_anew(struct attend *a)
{
	if (!a->marked || a->decision.type != TYPE_ROAMING)
		return false;
	a->facts.mandatory = true;
	a->decision = occasion_decide(&a->facts);
	return true;
}

static void
stay_local(struct attend *a, const struct err *why)
{
	a->ending.state = ENDING_LOCAL;
	snprintf(a->why, sizeof(a->why), "%s", why->text);
}

void
attend_run(struct attend *a)
{
	struct err why;

	/* A profile for many is not any user's own. */
	if (a->decision.duty == DUTY_RESET)
		a->setup.conf.conf.check_owner = false;
	wait_for_net(a);
	if (a->setup.rules == NULL && setup_load_rules(&a->setup, &why) == -1) {
		a->ending.state = ENDING_FAILED;
		judge(a, &why);
		return;
	}
	if (run_duty(a, &why) == 0)
		return;
	if (is_marked_anew(a)) {
		if (a->facts.occasion == OCCASION_LOGIN)
			attend_run(a);
		else
			stay_local(a, &why);
		return;
	}
	/* What is too large to be saved may still be loaded. */
	if (a->over && a->facts.occasion == OCCASION_LOGIN) {
		announce_error(&a->announce, why.text);
		a->over = false;
		a->decision.duty = DUTY_PULL;
		if (run_duty(a, &why) == 0)
			return;
	}
	judge(a, &why);
}
