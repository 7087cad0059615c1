#ifndef ROAM_SYNC_REPACK_H
#define ROAM_SYNC_REPACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/usage.h"
#include "sync/context.h"

/*
 * repack - moves what the head still needs of sparse packs into new packs, in a
 * generation that holds the same as the head. The old packs go with the history
 * that names them.
 *
 * Files that lie in those packs as a whole become members under their own path
 * again; pieces of others lie together below ".roam/".
 */

/* The generation that was published into *number; 0 where somebody else was
 * first, or nothing is to be moved. Needs a store but no home. ERR_FORMAT and
 * ERR_GONE: what was to be moved is damaged; all stays as it is. */
int repack(struct context *c, const struct sparse *sparse, size_t count,
    uint64_t *number, struct err *e) MUST_CHECK;

#endif
