#ifndef ROAM_BASE_IO_H
#define ROAM_BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* io - whole reads and writes, EINTR handled, short counts made good. */

/* len bytes or -1. */
int io_write(int fd, const void *bytes, size_t len, struct err *e) MUST_CHECK;
int io_write_at(int fd, const void *bytes, size_t len, uint64_t off,
    struct err *e) MUST_CHECK;
/* Up to len bytes; fewer only at the end of the file. */
ssize_t io_read(int fd, void *bytes, size_t len, struct err *e) MUST_CHECK;
ssize_t io_read_at(int fd, void *bytes, size_t len, uint64_t off,
    struct err *e) MUST_CHECK;
/* The rest of fd behind what out holds; ERR_LIMIT beyond out->max. */
int io_read_all(int fd, struct buf *out, struct err *e) MUST_CHECK;

/* The file name below dirfd (no symlink) as a whole; ERR_GONE if absent. */
int io_load(int dirfd, const char *name, struct buf *out,
    struct err *e) MUST_CHECK;

/*
 * Replace the file name (no slash) in dirfd so that it is whole or as before after any
 * stop: 0600 temporary, fsync, rename, fsync of the directory.
 */
int io_replace(int dirfd, const char *name, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;

int io_sync_dir(int dirfd, struct err *e) MUST_CHECK;

#endif
