#ifndef ROAM_BASE_CONFINE_H
#define ROAM_BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * confine - a process gives up, for good, what it will not need.
 */

/* No core dump, no tracer, no privileges by exec, SIGPIPE ignored. */
int confine_process(struct err *e) MUST_CHECK;

/* A file, or a directory and all below it, and what may still be done there. */
struct confine {
	const char *path; /* passed over where there is none */
	enum confine_may {
		CONFINE_READ,
		CONFINE_RUN,   /* and read */
		CONFINE_WRITE, /* and read, make and remove */
		CONFINE_RMDIR, /* remove directories that are empty */
	} may;
};

/*
 * What the kernel knows of Landlock, 0: nothing. With 1 no file can be moved
 * from one directory to another any more, whatever the rules say.
 */
unsigned confine_version(void);
#define CONFINE_MOVES 2

/*
 * From now on nothing but that may be done with files. *done is false where the
 * kernel knows no way to do this (Landlock): nothing has changed then.
 */
int confine_files(const struct confine *rules, size_t count, bool *done,
    struct err *e) MUST_CHECK;

#endif
