#ifndef ROAM_MODEL_COMMIT_H
#define ROAM_MODEL_COMMIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

/*
 * commit - the small record of a generation: who, when, which parent, and the
 * sizes and hashes of all that belongs to it. Bytes: roam-store(5).
 */
#define COMMIT_FORMAT    1
#define COMMIT_ANCESTORS 32
#define COMMIT_TEXT_MAX  255        /* bytes of each string */
#define COMMIT_SIZE_MAX  (1u << 20) /* bytes of the record */
#define COMMIT_PACKS_MAX 32768
#define DELTAS_MAX       16 /* behind a checkpoint */

struct ancestor {
	uint64_t number;
	struct hash id;
};

struct sealed {
	uint64_t size; /* bytes */
	struct hash hash;
};

struct commit {
	struct hash store_id;
	struct hash id;
	uint64_t number;
	/* Generation 1 has no parent: number 0, hashes of zeros. */
	uint64_t parent;
	struct hash parent_id;
	struct hash parent_manifest;
	struct ancestor ancestor[COMMIT_ANCESTORS]; /* the newest first */
	uint32_t ancestor_count;
	uint32_t deltas; /* manifests to apply onto the checkpoint; 0: is one */
	char machine_id[COMMIT_TEXT_MAX + 1];
	char machine_name[COMMIT_TEXT_MAX + 1];
	char user[COMMIT_TEXT_MAX + 1];
	char version[COMMIT_TEXT_MAX + 1]; /* of the program */
	int64_t time_ns;
	struct hash rules;
	uint64_t entries; /* in the tree */
	uint64_t changes; /* against the parent */
	uint64_t bytes;   /* of new content, before compression */
	struct sealed manifest;
	struct sealed *pack; /* owned array */
	uint32_t pack_count;
};

int commit_encode(struct buf *out, const struct commit *c,
    struct err *e) MUST_CHECK;
/*
 * ERR_FORMAT where bytes are no commit, do not bear their own checksum, or
 * bear strings with control bytes; ERR_POLICY where a newer Roam wrote them.
 */
int commit_decode(struct commit *out, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;
void commit_free(struct commit *c); /* what it owns, not c itself */

/* Is (number, id) this commit or one of the ancestors that it names? */
bool commit_descends(const struct commit *c, uint64_t number,
    const struct hash *id);

#endif
