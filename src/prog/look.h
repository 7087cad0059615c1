#ifndef ROAM_PROG_LOOK_H
#define ROAM_PROG_LOOK_H

#include "base/err.h"
#include "prog/options.h"
#include "signin/decision.h"
#include "sync/context.h"
#include "sync/setup.h"

/*
 * look - opens what a command that only looks needs: settings, rules, the
 * home's state, the store and its head; nothing is changed, no lock is taken.
 */
struct look {
	struct setup setup;
	struct decision primary; /* may the profile roam here? */
	struct context c;
};

enum look_at {
	LOOK_STATE = 1, /* the home's state */
	LOOK_STORE = 2, /* the store and what its head holds */
};

/* On -1 nothing stays open. ERR_GONE text where the store is wanted but there
 * is none: "URL: no store there yet". */
int look_open(struct look *l, const struct options *o, unsigned at,
    struct err *e) MUST_CHECK;
void look_close(struct look *l);

/* "42" or "head": a generation of the log; 0 for
 * "head". ERR_USAGE. */
int look_generation(const char *text, uint64_t *out, struct err *e) MUST_CHECK;

#endif
