#include "prog/attend.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "prog/behind.h"
#include "sync/memo.h"

/*
 * A file of settings that cannot be read must not keep anybody out. Without it
 * nothing is known of what the administrator wants, so nothing is uploaded.
 */
static int
load_setup(struct attend *a, struct err *e)
{
	struct setup_how how = options_setup(a->o);
	struct err why;

	/* Where nobody names a store any more, profiles do not roam. */
	how.last_store = false;
	if (setup_load(&a->setup, &how, &why) == 0)
		return 0;
	how.defaults = true;
	if (setup_load(&a->setup, &how, e) == -1)
		return -1;
	a->facts.read_only = true;
	snprintf(a->why, sizeof(a->why), "%s", why.text);
	announce_error(&a->announce, why.text);
	return 0;
}

static void
load_facts(struct attend *a)
{
	const struct conf *conf = &a->setup.conf.conf;
	uint64_t budget_s = a->facts.occasion == OCCASION_LOGIN
	    ? conf->login_budget_s
	    : conf->logout_budget_s;

	a->facts.store = a->setup.store;
	a->facts.local_only = conf->local_only;
	a->facts.mandatory = conf->mandatory || a->marked;
	a->facts.read_only |= conf->read_only;
	if (budget_s > 0 && !a->o->detached &&
	    a->facts.occasion != OCCASION_CHECKPOINT)
		a->until_s = clock_steady_s() + (double)budget_s;
}

/* What is remembered lies in the home, and so does not go without it. */
static int
open_notes(struct attend *a, struct err *e)
{
	struct memo memo;
	struct root root;

	if (root_open(&root, a->setup.home, e) == -1)
		return -1;
	a->statefd = root_state_dir(&root, true, e);
	root_close(&root);
	if (a->statefd == -1)
		return -1;
	sitting_load(&a->before, a->statefd);
	memo_load(&memo, a->statefd);
	a->facts.owed = a->before.owed;
	a->facts.fresh = a->fresh = a->before.fresh;
	a->marked = a->before.marked;
	a->ending.has_copy = memo.last_success_ns != 0;
	a->ending.last_ns = memo.last_success_ns;
	return 0;
}

/* The type is known, nothing is to be done. */
static void
do_nothing(struct attend *a)
{
	a->ending.state = a->decision.type == TYPE_TEMPORARY ? ENDING_TEMPORARY
							     : ENDING_LOCAL;
	if (a->o->reason != NULL)
		snprintf(a->why, sizeof(a->why), "%s", a->o->reason);
	else if (a->decision.reason[0] != '\0')
		snprintf(a->why, sizeof(a->why), "%s", a->decision.reason);
}

/* From now on nobody listens, and nothing presses. */
static int
go_on_behind(struct attend *a, struct err *e)
{
	int rc = behind(e);

	if (rc != 0)
		return rc;
	announce_close(&a->announce);
	a->until_s = 0;
	a->why[0] = '\0';
	attend_run(a);
	(void)attend_tell(a, e);
	_exit(0);
}

/* All is said and noted before the process parts in two. */
static int
leave_it_behind(struct attend *a, struct err *e)
{
	struct err why;
	int rc = attend_tell(a, e);

	if (go_on_behind(a, &why) == -1)
		announce_error(&a->announce, why.text);
	return rc;
}

static int
do_duty(struct attend *a, struct err *e)
{
	bool login = a->facts.occasion == OCCASION_LOGIN;

	if (a->decision.duty == DUTY_NONE) {
		do_nothing(a);
		return attend_tell(a, e);
	}
	if (a->decision.duty == DUTY_DROP) {
		attend_drop(a);
		return attend_tell(a, e);
	}
	if (a->facts.occasion == OCCASION_LOGOUT && !a->o->detached &&
	    strcmp(a->setup.conf.conf.logout, "background") == 0) {
		a->ending.state = ENDING_BEHIND;
		return leave_it_behind(a, e);
	}
	attend_run(a);
	if (login && a->ending.state == ENDING_LATE)
		return leave_it_behind(a, e);
	return attend_tell(a, e);
}

/* There is not even a home to speak of: the session is not ours to judge. */
static int
fail(struct attend *a, struct err *e)
{
	a->ending.state = ENDING_FAILED;
	snprintf(a->why, sizeof(a->why), "%s", e->text);
	announce_error(&a->announce, a->why);
	(void)attend_tell(a, &(struct err){ 0 });
	return err_exit_code(e);
}

int
attend(const struct options *o, enum occasion occasion, struct err *e)
{
	struct attend a = {
		.o = o,
		.facts = { .occasion = occasion, .store = "" },
		.decision = { .reason = "" },
		.statefd = -1,
		.ending = { .now_ns = clock_now_ns() },
	};
	int rc;

	if (o->type != NULL &&
	    profile_type_parse(o->type, &a.facts.type, e) == -1)
		return err_wrap(e, "--type");
	if (announce_open(&a.announce, o->report_fd, o->quiet || o->json, e) ==
	    -1)
		return -1;
	if (load_setup(&a, e) == -1 || open_notes(&a, e) == -1) {
		rc = fail(&a, e);
	} else {
		load_facts(&a);
		a.decision = occasion_decide(&a.facts);
		if (occasion == OCCASION_LOGOUT)
			attend_end_watch(&a);
		rc = do_duty(&a, e);
		attend_watch(&a);
	}
	if (a.statefd != -1)
		close(a.statefd);
	setup_free(&a.setup);
	return rc;
}
