#ifndef ROAM_PROG_ANNOUNCE_H
#define ROAM_PROG_ANNOUNCE_H

#include <stdbool.h>

#include "base/err.h"
#include "sync/sync.h"

/*
 * announce - how a sign-in or sign-out speaks to whoever started it.
 *
 * On a descriptor (--report-fd) it writes lines that a program reads:
 *	progress STAGE DONE OF
 *	message TEXT
 *	error TEXT
 *	counts NAME=NUMBER ...
 *	result STATE TEXT
 * result is the last, and there is exactly one. STATE is ending_word()'s. Texts
 * hold no control bytes. Without a descriptor people read the result's text on
 * standard output, and errors in the log.
 */
struct announce {
	int fd;     /* -1: none */
	bool quiet; /* people want to read nothing */
	bool closed;
	double shown_s;
	enum sync_stage stage;
};

/* fd is a number, or NULL: none. ERR_USAGE: not an open descriptor. */
int announce_open(struct announce *out, const char *fd, bool quiet,
    struct err *e) MUST_CHECK;
/* A call-back of sync_run(); arg is the struct announce. */
void announce_progress(enum sync_stage stage, uint64_t done, uint64_t of,
    void *arg);
void announce_message(const struct announce *a, const char *text);
void announce_error(const struct announce *a, const char *text);
/* ending_counts()'s text. */
void announce_counts(const struct announce *a, const char *counts);
void announce_result(const struct announce *a, const char *state,
    const char *text);
/* Nobody is spoken to any more. */
void announce_close(struct announce *a);

#endif
