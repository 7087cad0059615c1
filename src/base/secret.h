#ifndef ROAM_BASE_SECRET_H
#define ROAM_BASE_SECRET_H

#include <stddef.h>

#include "base/err.h"

/*
 * secret - a password: read, held, wiped. It is never part of an error's text,
 * of an argument list or of an environment. A struct of zeros holds none.
 */
#define SECRET_MAX 255 /* bytes, without the NUL */

struct secret {
	char text[SECRET_MAX + 1]; /* "": none */
};

/*
 * The first line of a descriptor, without its newline; reads no further than
 * it has to for a pipe to end there. ERR_USAGE: empty, too long or with a NUL.
 * The error speaks of no name: the caller wraps it.
 */
int secret_read(struct secret *out, int fd, struct err *e) MUST_CHECK;

/* len bytes; ERR_USAGE as above. */
int secret_set(struct secret *out, const char *bytes, size_t len,
    struct err *e) MUST_CHECK;

void secret_wipe(struct secret *s);

#endif
