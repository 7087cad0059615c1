#ifndef ROAM_MODEL_MANIFEST_H
#define ROAM_MODEL_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/path.h"
#include "model/entry.h"
#include "model/profile.h"

/*
 * manifest - what the files of the manifest's codec share; the rest of the
 * program uses profile.h. The bytes are described in roam-store(5).
 *
 *	manifest.c        header, hashes and zstd around a body
 *	manifest_write.c  profile → body
 *	manifest_read.c   body → profile
 *	record.c          what an entry may be, whichever way it goes
 */
#define BODY_MAX       ((uint64_t)2 << 30)  /* bytes, inflated */
#define PATHS_MAX      ((uint64_t)1 << 30)  /* bytes of all paths in a body */
#define EXTENTS_MAX    ((uint64_t)16 << 20) /* in one body */
#define TARGET_LEN_MAX 4095                 /* bytes of a symlink's target */
#define PLACE_END_MAX  ((uint64_t)4 << 20)  /* bytes of an inflated frame */
/* Bytes of a frame as it lies in the pack: zstd adds little to what it cannot
 * compress. */
#define FRAME_LEN_LIMIT (((uint32_t)4 << 20) + (64u << 10))

/* The first byte of a record: its type and what of it is there. */
enum record_bits {
	RECORD_TYPE = 0x03,
	RECORD_SAME_MODE = 0x04,    /* as the entry of this type before */
	RECORD_SAME_MACHINE = 0x08, /* as the entry before */
	RECORD_EXTENTS = 0x10,
	RECORD_GROUP = 0x20,
	RECORD_ATTRS = 0x40,
	RECORD_UNUSED = 0x80,
};

/* How a place begins; PLACE_GEN + n is generation n. */
enum place_code {
	PLACE_SAME, /* the frame of the place before */
	PLACE_NONE,
	PLACE_HOLE,
	PLACE_SELF,
	PLACE_GEN = 3,
};

/* What the entries before said, against which the next one is coded. */
struct before {
	char path[PATH_LEN_MAX];
	size_t path_len;
	uint16_t mode[ENTRY__COUNT];
	int64_t mtime_ns;
	const struct machine *machine;
	struct place place; /* gen GEN_NONE: none yet */
	uint64_t place_len; /* bytes of content at place */
};

/* Where content is likely to begin that follows the one before in its frame:
 * packs are tars, so at the next multiple of 512. */
uint64_t place_expected(const struct before *b);

/* Is everything in t, its path included, what a manifest may say? */
int record_check(const struct entry *t, struct err *e) MUST_CHECK;
/* Do both say the same in every respect, mtime and place included? */
bool record_same(const struct entry *a, const struct entry *b);

/* A body, as pieces that follow one another, with all that belongs around it;
 * appended to out. */
int manifest_seal(struct buf *out, bool delta, const struct buf *const *piece,
    size_t count, struct err *e) MUST_CHECK;

/* The body for now, as manifest_encode(). */
int manifest_write(struct buf *out, const struct profile *parent,
    const struct profile *now, struct err *e) MUST_CHECK;
/* A body, made against parent where that is not NULL. */
int manifest_read(struct profile *out, const struct profile *parent,
    const void *body, size_t len, const struct decode *how,
    struct err *e) MUST_CHECK;

#endif
