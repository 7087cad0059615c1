#ifndef ROAM_SIGNIN_LINES_H
#define ROAM_SIGNIN_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * lines - what a sign-in says of itself, from roam to roam-session
 * and from that to the module: "message TEXT", "error TEXT", "progress STAGE
 * DONE OF", "deadline SECONDS", "result STATUS TEXT".
 */
#define LINES_MAX 1024 /* bytes, with the newline; longer ones are cut */

/* Statuses of results that are no exit statuses of roam(1). */
#define LINES_REFUSED 8 /* there must be no session */

/* One line to fd. Nobody may be listening any more: that is no error. */
void lines_say(int fd, const char *word, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Lines on their way in. */
struct lines {
	int fd; /* borrowed */
	char bytes[LINES_MAX];
	size_t len;
	char line[LINES_MAX]; /* what was handed out last */
};

/*
 * The next line, its word and the rest, borrowed until the next call, within
 * ms: 1. 0: the time is over; -1: the writer has ended.
 */
int lines_next(struct lines *r, unsigned ms, const char **word,
    const char **rest);

#endif
