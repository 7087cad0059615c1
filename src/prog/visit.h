#ifndef ROAM_PROG_VISIT_H
#define ROAM_PROG_VISIT_H

#include <sys/types.h>

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "signin/account.h"
#include "signin/ending.h"
#include "signin/ledger.h"
#include "signin/sessions.h"
#include "sync/setup.h"

/*
 * visit - what roam-session(8) knows of one user while it serves one call of
 * the module, or one user at boot and at shutdown.
 */
#define CACHE_NAME_MAX 1024 /* bytes of KRB5CCNAME, with the NUL */

struct visit {
	/* As it was asked. */
	const char *user, *service; /* borrowed */
	const char *config;         /* borrowed; NULL: the system's */
	bool required;              /* no profile, no session */
	pid_t leader;
	const char *cache; /* KRB5CCNAME of the PAM environment; NULL: none */
	struct secret secret;

	/* As it was found. */
	struct account who;
	struct setup setup; /* settings alone */
	bool bad_settings;  /* setup has the defaults, and why says why */
	char why[ERR_TEXT_MAX];
	struct sessions open; /* locked only in visit_look() */
	struct ledger ledger;

	/* As it goes on. */
	int report;     /* where the lines go; -1: nobody waits any more */
	int run;        /* sessions_hold_run()'s; -1: not held */
	double until_s; /* when whoever waits has to be let go; where nobody
			   does, when a run is ended. 0: never */
};

/* What a run of roam came to: FAILED where it said nothing of it. */
struct outcome {
	enum ending_state state;
	char text[512];                 /* for the user, or why it failed */
	char counts[ENDING_COUNTS_MAX]; /* "": it said none */
};

/* --- visit.c ------------------------------------------------------------ */

/* Account and settings. 0 where the user takes no part, and *why says so; 1
 * where they do; -1. */
int visit_find(struct visit *s, const char **why, struct err *e) MUST_CHECK;
void visit_free(struct visit *s);

/* A line for whoever waits; nothing where nobody does. */
void visit_say(const struct visit *s, const char *word, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* The last line; from then on nobody waits, and what is left to do goes on
 * beside the user's session. */
void visit_let_go(struct visit *s, int status, const char *text);

/* The status for whoever cannot wait any longer. */
int visit_late_status(const struct visit *s);

/* Does anybody still wait for it? */
bool visit_is_awaited(const struct visit *s);

/* They wait for at most budget_s from now (0: any time), and are told so. */
void visit_promise(struct visit *s, uint64_t budget_s);

/* Milliseconds until that has to happen; 0: now. */
unsigned visit_left_ms(const struct visit *s);

/* Takes the run of this user, waiting at most ms: ERR_BUSY. */
int visit_hold(struct visit *s, unsigned ms, struct err *e) MUST_CHECK;

/* Has the user no session? Takes the lock for a moment. */
bool visit_is_out(struct visit *s);

/* Has the store all that was to go there? Where a policy keeps it here, nothing
 * was to go. */
bool visit_is_saved(enum ending_state state);

/* What is known of the user is kept; a failure is only logged. */
void visit_keep(struct visit *s, enum ledger_state state, const char *reason);

/* A line of the log about what a run came to; began_s by the steady clock. */
void visit_log(const struct visit *s, const char *event,
    const struct outcome *o, bool good, double began_s);

/* --- visit_run.c -------------------------------------------------------- */

/* Runs "roam COMMAND" as the user, whose lines go to whoever waits, until it
 * ends. When until_s comes first they are let go with status 0 and late. */
void visit_run(struct visit *s, const char *command, const char *late,
    struct outcome *out);

/* "roam COMMAND" as the user, of which only the exit status counts; -1 where it
 * was not done within ms. */
int visit_ask(struct visit *s, const char *command, unsigned ms,
    struct outcome *out);

/* --- visit_scope.c -------------------------------------------------------- */

/* Where systemd runs, this process is in a scope of its own from now on. */
void visit_scope(const struct visit *s);

/* --- visit_wipe.c --------------------------------------------------------- */

/* Removes the copy of the profile from this machine, unless there is any doubt
 * that the store has all of it: doubt is one, where not NULL. Logged either
 * way. */
void visit_wipe(struct visit *s, const char *doubt);

/* Has the user no process any more? Waits, since what a session leaves takes a
 * while to end by itself; false where the user is back. */
bool visit_is_quiet(struct visit *s);

/* --- visit_ticket.c ----------------------------------------------------- */

/* Copies the user's tickets aside, so that they outlive the session; those of
 * before stay where there are none now. */
void visit_take_ticket(struct visit *s);
/* The copy is renewed, by the server that gave the ticket; false where it is
 * not, and is as it was. */
bool visit_renew_ticket(struct visit *s);
/* Is there a copy? Its name for KRB5CCNAME. */
bool visit_ticket(const struct visit *s, char *out, size_t cap);
void visit_drop_ticket(const struct visit *s);

/* --- visit_decide.c ----------------------------------------------------- */

struct visit_plan {
	const char *type; /* of roam login; NULL: as its settings say */
	char reason[512]; /* why not roaming; "" */
	char store[4096]; /* URL */
};

/* What this user gets on this computer: of settings, then of the directory.
 * -1 where no store can be named. */
int visit_decide(struct visit *s, bool arriving, struct visit_plan *out,
    struct err *e) MUST_CHECK;

/* May there be a store, by the settings or by the directory? */
bool visit_may_have_store(const struct visit *s);

/* --- The verbs: an exit status ------------------------------------------- */
int visit_open(struct visit *s);
int visit_close(struct visit *s);
int visit_boot(struct visit *s);
int visit_flush(struct visit *s);
int visit_renew(struct visit *s);

#endif
