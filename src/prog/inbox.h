#ifndef ROAM_PROG_INBOX_H
#define ROAM_PROG_INBOX_H

#include "base/err.h"
#include "store/wire.h"

/*
 * inbox - a worker's requests, read by a thread of their own while the worker
 * is busy with the server: so that the next bytes are here already when the
 * last ones are written, and so that the end of the program is noticed, which
 * ends the process at once, whatever call it is in.
 *
 * Holds INBOX_MAX bytes and one message; the program sends no more.
 */
#define INBOX_MAX ((size_t)24 << 20)

struct inbox;

/* atend is called by the other thread right before it ends the process. */
int inbox_open(struct inbox **out, int fd, void (*atend)(void),
    struct err *e) MUST_CHECK;

/* The oldest request; waits for it. *out is borrowed until the next call. A
 * malformed one ends the process. */
void inbox_take(struct inbox *in, struct wire *out);

#endif
