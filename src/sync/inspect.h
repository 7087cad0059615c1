#ifndef ROAM_SYNC_INSPECT_H
#define ROAM_SYNC_INSPECT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/entry.h"

/*
 * inspect - is a staged file what it has to be? Read once more after its last
 * piece came; large ones give the signature that their next version will be
 * compared with. On a crew, since the thread that writes has enough to do.
 */

/* Check the open file against want's size and hash: ERR_FORMAT. sig gets the
 * signature of a large file, encoded, else stays as it is. */
int inspect_file(int fd, const struct entry *want, struct buf *sig,
    struct err *e) MUST_CHECK;

/* Called for each file in the order it was added, on the caller's thread. why
 * is NULL where the file is right. */
typedef void inspect_told(size_t tag, const struct buf *sig,
    const struct err *why, void *arg);

struct inspect;
/* dirfd: where the files lie, borrowed. */
int inspect_new(struct inspect **out, int dirfd, inspect_told *told, void *arg,
    struct err *e) MUST_CHECK;
/* name below dirfd has all its bytes; want stays until it is told of. */
int inspect_add(struct inspect *in, size_t tag, const char *name,
    const struct entry *want, struct err *e) MUST_CHECK;
/* Tell of all that is under way. */
void inspect_end(struct inspect *in);
void inspect_free(struct inspect *in);

#endif
