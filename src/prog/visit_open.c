#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "prog/visit.h"
#include "signin/lines.h"
#include "signin/procs.h"

#define LOCK_MS 5000 /* nobody keeps it for longer than a few calls */

/* Counts the new session; *first: the user had no other. */
static int
count_in(struct visit *s, bool *first, struct err *e)
{
	size_t others;
	int rc = -1;

	if (sessions_open(&s->open, ROAM_RUNDIR, s->who.uid, s->who.gid,
		LOCK_MS, e) == -1)
		return -1;
	if (sessions_count(&s->open, &others, e) == 0 &&
	    sessions_add(&s->open, s->leader, e) == 0)
		rc = 0;
	*first = rc == 0 && others == 0;
	sessions_unlock(&s->open);
	return rc;
}

/* Is the home now as it should be? */
static bool
is_whole(enum ending_state state)
{
	return state == ENDING_OK || state == ENDING_HELD ||
	    state == ENDING_SKIPPED;
}

/* There is to be no session, so none is counted: all is as it was before. */
static void
refuse(struct visit *s, enum ledger_state before, const char *why)
{
	struct err e;
	bool had;

	if (sessions_lock(&s->open, LOCK_MS, &e) == 0) {
		(void)!sessions_remove(&s->open, s->leader, &had, &e);
		sessions_unlock(&s->open);
	}
	visit_keep(s, before, why);
	visit_let_go(s, LINES_REFUSED, why);
}

/* What the session may do with what the run came to. */
static void
answer(struct visit *s, enum ledger_state before, const struct outcome *o)
{
	const bool began = s->report == -1 && !visit_late_status(s);
	bool good;

	visit_say(s, o->state == ENDING_FAILED ? "error" : "message",
	    "Roam: %s", o->text);
	if (is_whole(o->state))
		s->ledger.loaded = true;
	s->ledger.temporary = o->state == ENDING_TEMPORARY;
	/* A home that was complete once is good enough to work in, and so is
	 * one that a policy keeps here. */
	good = s->ledger.loaded || o->state == ENDING_LOCAL;
	/* Whoever asked for "required" and has not waited for this refuses. */
	if (!began &&
	    (o->state == ENDING_REFUSED ||
		(s->required && !(good && visit_is_awaited(s))))) {
		refuse(s, before, o->text);
		return;
	}
	visit_keep(s, LEDGER_IN, o->text);
	visit_let_go(s, good ? 0 : 1, o->text);
}

/* A temporary profile that no sign-out has dropped; while somebody works in it
 * this session has it as well. */
static void
drop_last(struct visit *s)
{
	struct outcome o;

	if (s->ledger.temporary && !procs_has_user(s->who.uid))
		visit_run(s, "logout", "", &o);
}

/* The first session of the user: the profile comes. */
static void
bring(struct visit *s)
{
	const enum ledger_state before = s->ledger.state;
	double began_s = clock_steady_s();
	struct outcome o;
	struct err e;

	if (before != LEDGER_OUT)
		log_line(LOG_LEVEL_INFO, "event=sign-out-missed user=%s",
		    s->who.name);
	visit_scope(s);
	visit_take_ticket(s);
	if (visit_hold(s, visit_left_ms(s), &e) == -1) {
		visit_say(s, "message",
		    "Roam: your last sign-out is still being saved; working "
		    "from your local copy");
		visit_keep(s, LEDGER_IN, e.text);
		visit_let_go(s, 0, e.text);
		return;
	}
	visit_keep(s, LEDGER_IN, "");
	drop_last(s);
	visit_run(s, "login",
	    "your profile is still on its way; it goes on while you work", &o);
	visit_log(s, "sign-in", &o, is_whole(o.state), began_s);
	answer(s, before, &o);
}

/* One more session: it begins when the profile of the first is there. */
static void
join(struct visit *s)
{
	struct err e;

	visit_take_ticket(s);
	if (visit_hold(s, visit_left_ms(s), &e) == -1)
		visit_say(s, "message",
		    "Roam: your profile is still on its way");
	visit_let_go(s, 0, "another session is open");
}

int
visit_open(struct visit *s)
{
	const char *why;
	bool first;
	struct err e;
	int part;

	part = visit_find(s, &why, &e);
	if (part == 0) {
		visit_let_go(s, 0, why);
		return 0;
	}
	if (part == -1 || count_in(s, &first, &e) == -1) {
		log_line(LOG_LEVEL_ERROR, "event=failed user=%s: %s", s->user,
		    e.text);
		visit_let_go(s, 1, e.text);
		return 1;
	}
	if (!visit_may_have_store(s)) {
		visit_let_go(s, 0, "no store is set");
		return 0;
	}
	visit_promise(s, s->setup.conf.conf.login_budget_s);
	if (first)
		bring(s);
	else
		join(s);
	return 0;
}
