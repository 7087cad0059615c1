#ifndef ROAM_STORE_PACKER_H
#define ROAM_STORE_PACKER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "model/commit.h"
#include "model/entry.h"
#include "store/frame.h"
#include "store/press.h"
#include "store/store.h"

/*
 * packer - new contents into packs: a tar stream (libarchive) cut into zstd
 * frames that inflate by themselves, compressed on a few threads, written to
 * DIR/pack0, pack1 ... while more comes in. See roam-store(5).
 *
 * A member smaller than LARGE_FILE lies in one frame; a larger one is cut into
 * runs of at most 1 MiB, each in a frame of its own. Where things lie is known
 * only at the end: packer_end() gives the numbers of the member's runs, and
 * packer_finish() fills in their places (gen is GEN_SELF).
 *
 * After a call has failed only packer_free() is of use.
 */
/* Bytes, compressed, but for the last few frames; then the next pack begins.
 * That makes packs of 18 to 30 MiB. */
#define PACK_TARGET (18u << 20)

struct packer;

int packer_new(struct packer **out, struct store *s, const char *dir, int level,
    struct err *e) MUST_CHECK;
/*
 * Begin a member: meta gives path, mode, mtime, xattrs; its size bytes follow
 * by packer_data(), none for what is no file. name, where not NULL, is used
 * instead of the path (pieces live below ".roam/").
 */
int packer_begin(struct packer *p, const struct entry *meta, const char *name,
    uint64_t size, struct err *e) MUST_CHECK;
int packer_data(struct packer *p, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;
/* Runs first .. first + count - 1 are this member's, size bytes together; an
 * empty member has none. A member that got fewer bytes than size is padded with
 * zeros, so a pack is always a valid tar. */
int packer_end(struct packer *p, size_t *first, size_t *count,
    struct err *e) MUST_CHECK;
/* Write what is left; what is given out is borrowed until the next call.
 * Without any member there are no packs. More members may follow, in new packs;
 * then this has to be called again. */
int packer_finish(struct packer *p, const struct run **runs,
    const struct sealed **packs, uint32_t *pack_count,
    struct err *e) MUST_CHECK;
/* Compressed bytes written so far. */
uint64_t packer_written(const struct packer *p);
/* Packs begun so far, finished or not. */
uint32_t packer_pack_count(const struct packer *p);
void packer_free(struct packer *p);

#endif
