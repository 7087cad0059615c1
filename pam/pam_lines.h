#ifndef ROAM_PAM_LINES_H
#define ROAM_PAM_LINES_H

#include <stdbool.h>

/*
 * pam_lines - what roam-session says, line by line, from a pipe, up to its
 * result or a deadline.
 */
enum pam_line {
	LINE_MESSAGE,  /* for the person */
	LINE_ERROR,    /* the same, when something is wrong */
	LINE_PROGRESS, /* "STAGE DONE OF" */
	LINE_DEADLINE, /* so many seconds from now the result is there */
	LINE_RESULT,   /* "STATUS TEXT" */
	LINE__COUNT
};

/* A status of 0: all is well. This one: there must be no session. Any other: a
 * session without a profile. */
#define STATUS_REFUSED 8

/* Called for each line but deadlines; text is without what says its kind, and
 * has no control bytes. */
typedef void pam_line_use(enum pam_line kind, const char *text, void *arg);

/*
 * Until there is a result, at most until it was promised or max_s (0: no such
 * limit) are over. Returns the status of the result, or -1: errno is ETIMEDOUT,
 * or EPIPE where the writer ended without one.
 */
int pam_lines_read(int fd, unsigned max_s, pam_line_use *use, void *arg);

#endif
