#ifndef ROAM_SIGNIN_DECISION_H
#define ROAM_SIGNIN_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "signin/facts.h"

/*
 * decision - may this user's profile roam on this computer? Made of settings,
 * the directory's facts, those of an earlier sign-in, and the time: nothing is
 * asked here, and the same input always gives the same decision.
 */
enum verdict {
	VERDICT_DISABLED, /* the setting is off: every computer is as good */
	VERDICT_EXEMPT,   /* the setting is not for this user */
	VERDICT_PRIMARY,
	VERDICT_NOT_PRIMARY,
	VERDICT_UNSUPPORTED, /* the directory knows no primary computers */
	VERDICT_UNKNOWN,     /* and no earlier answer is young enough */
	VERDICT__COUNT
};

struct decision_input {
	bool enabled;    /* setting primary_computers */
	bool exempt;     /* the user is among primary_exempt */
	bool strict;     /* setting require_schema: unsupported is local */
	bool foreign_ok; /* setting foreign_users */
	/* What the directory said now; NULL where it did not, and then why. */
	const struct facts *facts; /* borrowed */
	const char *failure;       /* borrowed; "" or NULL: nothing to say */
	/* What it said the last time it was sure; NULL: nothing kept. */
	const struct facts *kept; /* borrowed */
	int64_t now_s;            /* seconds since 1970 */
	uint64_t max_age_s;       /* setting cache_max_age */
};

struct decision {
	enum verdict verdict;
	bool roams;                /* else the local profile is used as it is */
	bool kept;                 /* by an earlier answer ... */
	uint64_t age_s;            /* ... that is so old */
	char reason[ERR_TEXT_MAX]; /* a sentence without its full stop */
};

/* A clock that was set back makes an answer look as if it came from the
 * future; so much of that is taken for no age at all. */
#define DECISION_SKEW_S 300

void decision_make(struct decision *out, const struct decision_input *in);

/* The facts that the decision is made of: in->facts, in->kept or NULL. */
const struct facts *decision_facts(const struct decision *d,
    const struct decision_input *in);

/* "primary", "not-primary" ...: of --json. */
const char *verdict_word(enum verdict verdict);

#endif
