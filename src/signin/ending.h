#ifndef ROAM_SIGNIN_ENDING_H
#define ROAM_SIGNIN_ENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "signin/occasion.h"

/*
 * ending - how an occasion came out: one word for programs, one line for
 * people, an exit status for scripts. Pure.
 */
enum ending_state {
	ENDING_OK,
	ENDING_LATE,    /* the time was up: the rest follows */
	ENDING_BEHIND,  /* it goes on behind the session */
	ENDING_OFFLINE, /* the server was not reached, or let nobody in */
	ENDING_SLOW,    /* it was, over a link too slow */
	ENDING_LOCAL,   /* nothing was to be done, by policy */
	ENDING_TEMPORARY,
	ENDING_OVER,    /* larger than a profile may be */
	ENDING_BUSY,    /* another run works on this home */
	ENDING_HELD,    /* done, but deletions were held back */
	ENDING_SKIPPED, /* done, but for some entries */
	ENDING_FAILED,
	ENDING_REFUSED, /* this session is not to be */
	ENDING__COUNT
};

/* What a run brought. */
struct ending_news {
	uint64_t received, bytes_down; /* files and their bytes */
	uint64_t saved, bytes_up;
	uint64_t removed; /* entries of the home */
	uint64_t merged, conflicts;
	uint64_t skipped, held, held_changes, pending;
	uint64_t generation; /* the newest of the store; 0: not known */
};

/* The same for logs, "generation=43 received=142 ...", without newline; returns
 * out. */
#define ENDING_COUNTS_MAX 384
const char *ending_counts(const struct ending_news *news,
    char out[ENDING_COUNTS_MAX]);

/* Is text of that form, whoever wrote it? */
bool ending_is_counts(const char *text);

struct ending_in {
	enum occasion occasion;
	const struct occasion_out *decision;
	enum ending_state state; /* as ending_of() tells, or the caller */
	const char *reason;      /* why; "" where state says it all */
	struct ending_news news;
	bool has_copy;           /* this home has met the store before */
	int64_t last_ns, now_ns; /* of the last success; 0: never */
};

/* How a run ended that failed with why (NULL: it did not). */
enum ending_state ending_of(const struct err *why,
    const struct ending_news *news);

/* The line for the user, without newline; returns out. */
#define ENDING_TEXT_MAX (ERR_TEXT_MAX + 256)
const char *ending_text(const struct ending_in *in, char *out, size_t cap);

/* "ok", "late", "offline" ...: the word of a result line. */
const char *ending_word(enum ending_state s);

/* See roam(1), EXIT STATUS. */
int ending_exit(enum ending_state s);

/* "14:02" of today, "Friday 14:02" within a week, else a date; local time. */
#define ENDING_WHEN_MAX 64
const char *ending_when(int64_t ns, int64_t now_ns, char out[ENDING_WHEN_MAX]);

#endif
