#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "prog/visit.h"
#include "signin/procs.h"

#define LOCK_MS 5000
#define DAY_S   86400

/* Everybody that this machine remembers. */
struct people {
	struct ledger *of; /* owned */
	size_t count;
};

static int
remember(uid_t uid, const struct ledger *l, void *arg, struct err *e)
{
	struct people *p = arg;
	struct ledger *grown;

	(void)uid;
	grown = realloc(p->of, (p->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return err_sys(e, "users");
	p->of = grown;
	p->of[p->count++] = *l;
	return 0;
}

/* A visit to somebody of whom this machine knows. False where the user is gone
 * or takes no part. */
static bool
begin(struct visit *one, const struct visit *s, const struct ledger *l)
{
	const char *why;
	struct err e;

	*one = (struct visit){
		.open = { -1, -1, -1 },
		.report = -1,
		.run = -1,
		.user = l->name,
		.service = "roam-session",
		.config = s->config,
		.until_s = s->until_s,
	};
	if (visit_find(one, &why, &e) == 1 && !one->bad_settings &&
	    visit_may_have_store(one) &&
	    sessions_open(&one->open, ROAM_RUNDIR, one->who.uid, one->who.gid,
		LOCK_MS, &e) == 0) {
		sessions_unlock(&one->open);
		return true;
	}
	visit_free(one);
	return false;
}

/* Is the user away, and nobody else at work for them? Then we are. */
static bool
is_ours(struct visit *one)
{
	struct err e;

	return visit_is_out(one) &&
	    !(one->ledger.temporary && procs_has_user(one->who.uid)) &&
	    visit_hold(one, 0, &e) == 0;
}

/* Without a ticket no file server lets anybody in. A temporary profile needs
 * none to go. */
static bool
can_reach(const struct visit *one)
{
	char name[CACHE_NAME_MAX];

	return one->ledger.temporary ||
	    strncmp(one->setup.conf.conf.store, "smb:", 4) != 0 ||
	    visit_ticket(one, name, sizeof(name));
}

static void
make_good(struct visit *one)
{
	double began_s = clock_steady_s();
	struct outcome o;

	visit_run(one, "logout", "", &o);
	visit_log(one, "made-good", &o, true, began_s);
	if (!visit_is_out(one))
		return;
	one->ledger.temporary &= o.state != ENDING_TEMPORARY;
	visit_keep(one, visit_is_saved(o.state) ? LEDGER_OUT : LEDGER_PENDING,
	    o.text);
	if (visit_is_saved(o.state))
		visit_drop_ticket(one);
}

/* Is the copy on this machine older than the setting allows? */
static bool
is_unused(const struct visit *one, int64_t now_s)
{
	int64_t days = (int64_t)one->setup.conf.conf.delete_unused_days;

	return days > 0 && one->ledger.loaded &&
	    one->ledger.state == LEDGER_OUT &&
	    now_s - one->ledger.used_s > days * DAY_S;
}

/* At the start of a machine. */
static void
start(struct visit *one)
{
	if (!is_ours(one))
		return;
	if (one->ledger.state != LEDGER_OUT && can_reach(one))
		make_good(one);
	else if (is_unused(one, clock_now_ns() / 1000000000))
		visit_wipe(one, NULL);
}

/* At its end, of which there is not much left. */
static void
end(struct visit *one)
{
	if (visit_left_ms(one) > 0 && is_ours(one) &&
	    one->ledger.state != LEDGER_OUT && can_reach(one))
		make_good(one);
}

/* Now and then. */
static void
renew(struct visit *one)
{
	char name[CACHE_NAME_MAX];

	if (visit_ticket(one, name, sizeof(name)) && !visit_renew_ticket(one))
		log_line(LOG_LEVEL_INFO,
		    "the ticket of %s could not be renewed", one->who.name);
}

static int
each(const struct visit *s, void (*serve)(struct visit *one))
{
	struct people p = { NULL, 0 };
	struct visit one;
	struct err e;

	if (ledger_each(LEDGER_DIR, remember, &p, &e) == -1) {
		log_line(LOG_LEVEL_ERROR, "event=failed: %s", e.text);
		free(p.of);
		return 1;
	}
	for (size_t i = 0; i < p.count; i++) {
		if (!begin(&one, s, &p.of[i]))
			continue;
		serve(&one);
		visit_free(&one);
	}
	free(p.of);
	return 0;
}

int
visit_boot(struct visit *s)
{
	return each(s, start);
}

int
visit_renew(struct visit *s)
{
	return each(s, renew);
}

int
visit_flush(struct visit *s)
{
	struct err e;

	if (setup_load_settings(&s->setup, s->config, &e) == -1) {
		log_line(LOG_LEVEL_ERROR, "event=bad-settings: %s", e.text);
		return 1;
	}
	s->until_s =
	    clock_steady_s() + (double)s->setup.conf.conf.flush_timeout_s;
	return each(s, end);
}
