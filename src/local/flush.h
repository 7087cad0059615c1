#ifndef ROAM_LOCAL_FLUSH_H
#define ROAM_LOCAL_FLUSH_H

#include <stdint.h>

#include "base/err.h"

/*
 * flush - sends staged content to the disk while more is coming in, so that
 * the one syncfs() at the end finds little left to wait for. Only ever early:
 * nothing depends on it, so its own failures are nobody's.
 */
struct flush;

/* fd: of the file system, borrowed until flush_free(). */
int flush_new(struct flush **out, int fd, struct err *e) MUST_CHECK;
/* So many bytes more were written. */
void flush_note(struct flush *f, uint64_t bytes);
void flush_free(struct flush *f);

#endif
