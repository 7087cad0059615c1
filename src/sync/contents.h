#ifndef ROAM_SYNC_CONTENTS_H
#define ROAM_SYNC_CONTENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "engine/blocks.h"
#include "store/packer.h"
#include "store/usage.h"
#include "sync/extents.h"

/*
 * contents - the bytes of single files into packs, each content once: whole
 * files under their own path, changed large files as the pieces that are new,
 * sparse files as their data.
 *
 * Where pieces lie is known only when the packer has finished; until then a
 * content is a list of parts.
 */
struct part {
	uint64_t len;
	uint64_t from;      /* in the packed member; or PART_PLACED */
	struct place place; /* of what lies in the store already, or a hole */
};
#define PART_PLACED UINT64_MAX

struct parts {
	size_t count;
	size_t cap;
	struct part at[];
};

/* One packed content; there may be a million of them. */
struct content {
	struct hash hash;
	uint64_t size;
	uint32_t run_first, run_count; /* of the packed member */
	struct parts *parts;           /* owned; NULL: the member is the file */
};

struct contents {
	struct packer *packer; /* borrowed */
	struct content *at;    /* owned, in the order they were packed */
	size_t count;
	size_t cap;
	uint32_t *slot; /* owned table by hash: index + 1 */
	size_t slots;
	unsigned char *copy;        /* owned */
	struct hash_stream *stream; /* owned */
	uint64_t bytes;             /* packed, before compression */
};

int contents_new(struct contents *out, struct err *e) MUST_CHECK;
void contents_free(struct contents *c);

/* What to pack. */
struct content_in {
	const struct entry *entry; /* path, size, hash and attributes */
	int fd;                    /* the open file */
	const struct stat *st;     /* of fd, as it has to stay */
	const struct entry *older; /* a version in the store, or NULL ... */
	const struct blocks *older_blocks; /* ... and its signature */
	const char *name;                  /* in the pack, or NULL: the path */
};

/*
 * Pack in's bytes. ERR_RACE where the file is no longer what entry says; then
 * nothing refers to what was packed. sig gets the signature of a large file
 * (encoded, appended), else stays empty.
 */
int contents_pack(struct contents *c, const struct content_in *in,
    struct buf *sig, struct err *e) MUST_CHECK;

/*
 * After a lost race: forget contents that are in part pieces of packs which
 * nobody names any more, so which may be collected; they are packed again.
 */
void contents_recheck(struct contents *c, struct usage *named);

/* The slot of a content: 0, or its index in at plus 1. */
uint32_t *contents_slot(const struct contents *c, const struct hash *hash,
    uint64_t size);
bool contents_has(const struct contents *c, const struct entry *like);

/*
 * After packer_finish(): fill in where like's content lies. extents are made
 * in a. False where it was never packed.
 */
int contents_place(const struct contents *c, struct entry *like,
    const struct run *runs, struct arena *a, struct err *e) MUST_CHECK;

#endif
