#include "prog/visit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "signin/lines.h"

int
visit_find(struct visit *s, const char **why, struct err *e)
{
	struct err bad;

	if (setup_load_settings(&s->setup, s->config, &bad) == -1) {
		/* A line that cannot be read may have said that nobody's
		 * profile is to leave this machine: so none does. */
		log_line(LOG_LEVEL_ERROR, "event=bad-settings: %s", bad.text);
		s->bad_settings = true;
		snprintf(s->why, sizeof(s->why), "%s", bad.text);
		if (setup_default_settings(&s->setup, e) == -1)
			return -1;
	}
	if (account_find(&s->who, s->user, e) == -1)
		return -1;
	if (!account_takes_part(&s->who, s->service, &s->setup.conf.conf, why))
		return 0;
	if (ledger_load(&s->ledger, LEDGER_DIR, s->who.uid, s->who.name, e) ==
	    -1) {
		/* Nothing known: a sync too many does no harm. */
		log_line(LOG_LEVEL_WARN, "%s", e->text);
		s->ledger = (struct ledger){ .state = LEDGER_PENDING };
		snprintf(s->ledger.name, sizeof(s->ledger.name), "%s",
		    s->who.name);
	}
	return 1;
}

void
visit_free(struct visit *s)
{
	secret_wipe(&s->secret);
	sessions_close(&s->open);
	if (s->run != -1)
		close(s->run);
	account_free(&s->who);
	setup_free(&s->setup);
}

void
visit_say(const struct visit *s, const char *word, const char *fmt, ...)
{
	char text[LINES_MAX];
	va_list ap;

	if (s->report == -1)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	lines_say(s->report, word, "%s", text);
}

void
visit_let_go(struct visit *s, int status, const char *text)
{
	if (s->report == -1)
		return;
	visit_say(s, "result", "%d %s", status, text);
	close(s->report);
	s->report = -1;
	s->until_s = 0;
}

int
visit_late_status(const struct visit *s)
{
	return s->required && !s->ledger.loaded ? LINES_REFUSED : 0;
}

bool
visit_is_awaited(const struct visit *s)
{
	struct pollfd p = { .fd = s->report };

	return s->report != -1 && poll(&p, 1, 0) == 0;
}

/* The run has the same budget and says itself how far it came; it has a little
 * longer for that than it needs. */
#define GRACE_S 3
#define ANY_S   86000

void
visit_promise(struct visit *s, uint64_t budget_s)
{
	if (budget_s == 0)
		budget_s = ANY_S;
	s->until_s = clock_steady_s() + (double)(budget_s + GRACE_S);
	visit_say(s, "deadline", "%" PRIu64, budget_s + 2 * (uint64_t)GRACE_S);
}

unsigned
visit_left_ms(const struct visit *s)
{
	double left = (s->until_s - clock_steady_s()) * 1000;

	return left > 0 ? (unsigned)left : 0;
}

int
visit_hold(struct visit *s, unsigned ms, struct err *e)
{
	s->run = sessions_hold_run(s->open.dir, ms, e);
	return s->run == -1 ? -1 : 0;
}

#define LOOK_MS 5000

bool
visit_is_out(struct visit *s)
{
	size_t count = 1;
	struct err e;

	if (sessions_lock(&s->open, LOOK_MS, &e) == -1)
		return false;
	if (sessions_count(&s->open, &count, &e) == -1)
		count = 1;
	sessions_unlock(&s->open);
	return count == 0;
}

bool
visit_is_saved(enum ending_state state)
{
	return state == ENDING_OK || state == ENDING_HELD ||
	    state == ENDING_SKIPPED || state == ENDING_LOCAL ||
	    state == ENDING_TEMPORARY;
}

void
visit_log(const struct visit *s, const char *event, const struct outcome *o,
    bool good, double began_s)
{
	log_line(good ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    "event=%s user=%s service=%s state=%s %s%sseconds=%.2f: %s", event,
	    s->who.name, s->service, ending_word(o->state), o->counts,
	    o->counts[0] != '\0' ? " " : "", clock_steady_s() - began_s,
	    o->text);
}

void
visit_keep(struct visit *s, enum ledger_state state, const char *reason)
{
	struct err e;

	s->ledger.state = state;
	s->ledger.used_s = clock_now_ns() / 1000000000;
	snprintf(s->ledger.reason, sizeof(s->ledger.reason), "%s", reason);
	if (ledger_save(LEDGER_DIR, s->who.uid, &s->ledger, &e) == -1)
		log_line(LOG_LEVEL_WARN, "%s", e.text);
}
