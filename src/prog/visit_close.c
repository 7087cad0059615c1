#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "prog/visit.h"

#define LOCK_MS   5000
#define BEHIND_MS 3600000u /* for the run that another one holds up */
#define LATE      "your changes are still being saved; that goes on"

/* One session less; *last: no other is open. */
static int
count_out(struct visit *s, bool *last, struct err *e)
{
	size_t others;
	bool had;
	int rc = -1;

	if (sessions_open(&s->open, ROAM_RUNDIR, s->who.uid, s->who.gid,
		LOCK_MS, e) == -1)
		return -1;
	if (sessions_remove(&s->open, s->leader, &had, e) == 0 &&
	    sessions_count(&s->open, &others, e) == 0)
		rc = 0;
	*last = rc == 0 && others == 0;
	sessions_unlock(&s->open);
	return rc;
}

static int
wait_for_run(struct visit *s, struct err *e)
{
	if (visit_hold(s, visit_left_ms(s), e) == 0)
		return 0;
	if (e->kind != ERR_BUSY)
		return -1;
	visit_say(s, "message", "Roam: " LATE);
	visit_let_go(s, 0, LATE);
	return visit_hold(s, BEHIND_MS, e);
}

/* Has everything left a temporary profile, so that it may go? Nobody has to wait
 * for that. */
static bool
is_left(struct visit *s)
{
	visit_let_go(s, 0, "the temporary profile goes");
	return visit_is_quiet(s);
}

/* The last session has ended: the profile goes. */
static void
save(struct visit *s)
{
	double began_s = clock_steady_s();
	struct outcome o;
	struct err e;
	bool quiet;

	visit_scope(s);
	visit_take_ticket(s);
	visit_keep(s, LEDGER_PENDING, "the sign-out has begun");
	if (wait_for_run(s, &e) == -1) {
		log_line(LOG_LEVEL_ERROR, "event=failed user=%s: %s",
		    s->who.name, e.text);
		visit_let_go(s, 1, e.text);
		return;
	}
	quiet = !s->ledger.temporary || is_left(s);
	if (!visit_is_out(s)) {
		visit_keep(s, LEDGER_IN, "");
		visit_let_go(s, 0, "another session is open");
		return;
	}
	if (!quiet) {
		visit_keep(s, LEDGER_PENDING, "processes still run");
		log_line(LOG_LEVEL_WARN,
		    "event=copy-kept user=%s: processes of the user still run",
		    s->who.name);
		return;
	}
	visit_run(s, "logout", LATE, &o);
	visit_log(s, "sign-out", &o, visit_is_saved(o.state), began_s);
	visit_say(s, "message", "Roam: %s", o.text);
	if (visit_is_out(s)) {
		s->ledger.temporary &= o.state != ENDING_TEMPORARY;
		visit_keep(s,
		    visit_is_saved(o.state) ? LEDGER_OUT : LEDGER_PENDING,
		    o.text);
		if (visit_is_saved(o.state))
			visit_drop_ticket(s);
	}
	visit_let_go(s, visit_is_saved(o.state) ? 0 : 1, o.text);
	/* Nothing skipped, nothing held back, nothing but the store's. */
	if (s->setup.conf.conf.delete_cached_copies)
		visit_wipe(s, o.state == ENDING_OK ? NULL : o.text);
}

int
visit_close(struct visit *s)
{
	const char *why;
	bool last;
	struct err e;
	int part;

	part = visit_find(s, &why, &e);
	if (part == 0) {
		visit_let_go(s, 0, why);
		return 0;
	}
	if (part == -1 || count_out(s, &last, &e) == -1) {
		log_line(LOG_LEVEL_ERROR, "event=failed user=%s: %s", s->user,
		    e.text);
		visit_let_go(s, 1, e.text);
		return 1;
	}
	if (!last || !visit_may_have_store(s) ||
	    s->ledger.state == LEDGER_OUT) {
		visit_let_go(s, 0,
		    last ? "nothing to save" : "another session is open");
		return 0;
	}
	visit_promise(s, s->setup.conf.conf.logout_budget_s);
	if (strcmp(s->setup.conf.conf.logout, "background") == 0)
		visit_let_go(s, 0, "the changes are being saved");
	save(s);
	return 0;
}
