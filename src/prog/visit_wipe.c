#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "local/wipe.h"
#include "prog/visit.h"
#include "signin/child.h"
#include "signin/procs.h"

#define WIPE_MS   600000
#define VERIFY_MS 600000
#define QUIET_MS  30000 /* for what a session leaves to end by itself */
#define NAP_MS    200

/* By roam itself, as the user: the newest state is in the store, whole. */
static bool
is_verified(struct visit *s)
{
	struct outcome o;

	return visit_ask(s, "verify", VERIFY_MS, &o) == 0;
}

bool
visit_is_quiet(struct visit *s)
{
	for (unsigned ms = 0; procs_has_user(s->who.uid); ms += NAP_MS) {
		if (ms >= QUIET_MS || !visit_is_out(s))
			return false;
		clock_sleep_ms(NAP_MS);
	}
	return true;
}

static int
wipe_as_user(const struct visit *s, struct err *e)
{
	struct err why;
	pid_t pid;

	if (child_fork(&pid, &s->who, e) == -1)
		return -1;
	if (pid == 0)
		_exit(wipe_home(s->who.home, &why) == -1);
	switch (child_end(pid, WIPE_MS, e)) {
	case 0:
		return 0;
	case -1:
		return -1;
	default:
		return err_set(e, ERR_SYSTEM, "some of it cannot be removed");
	}
}

static void
kept(const struct visit *s, const char *why)
{
	log_line(LOG_LEVEL_WARN, "event=copy-kept user=%s: %s", s->who.name,
	    why);
}

void
visit_wipe(struct visit *s, const char *doubt)
{
	struct err e;

	if (doubt != NULL)
		kept(s, doubt);
	else if (!visit_is_quiet(s))
		kept(s, "processes of the user still run");
	else if (!is_verified(s))
		kept(s, "the store could not be verified");
	/* What came meanwhile is looked at last. */
	else if (!visit_is_out(s) || procs_has_user(s->who.uid))
		kept(s, "the user is back");
	else if (wipe_as_user(s, &e) == -1)
		kept(s, e.text);
	else {
		s->ledger.loaded = false;
		visit_keep(s, LEDGER_OUT, "the copy was removed");
		log_line(LOG_LEVEL_INFO, "event=copy-removed user=%s",
		    s->who.name);
	}
}
