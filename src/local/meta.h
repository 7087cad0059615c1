#ifndef ROAM_LOCAL_META_H
#define ROAM_LOCAL_META_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/entry.h"

/* meta - "user.*" xattrs and POSIX ACLs of files, by descriptor. */

/* All of fd (open for reading) as attrs in a; *len 0 and *out NULL where there
 * are none or the file system has none. ERR_LIMIT beyond ATTRS_MAX. */
int meta_read(int fd, struct arena *a, const uint8_t **out, uint32_t *len,
    struct err *e) MUST_CHECK;
/*
 * Give the file or directory fd t's attrs, no more and no less, then its mode,
 * then its mtime. What the file system cannot hold is left out and told by
 * *partly. No other name is ever written, whatever t says; a directory keeps
 * the setgid bit that it has.
 */
int meta_write(int fd, const struct entry *t, bool *partly,
    struct err *e) MUST_CHECK;

#endif
