#ifndef ROAM_SYNC_LUMPS_H
#define ROAM_SYNC_LUMPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/profile.h"
#include "store/usage.h"
#include "sync/extents.h"

/*
 * lumps - what a profile needs of some packs, each byte once, and the members
 * of new packs that it is to become.
 */
struct lump {
	struct place place; /* of its first byte */
	uint64_t len;       /* never beyond its frame */
	size_t parcel;      /* its number plus 1; 0: none yet */
	uint64_t off;       /* in that */
};

/* A member to be: a whole file, or pieces of several. */
struct parcel {
	const struct entry *file; /* NULL: pieces */
	size_t *lump;             /* owned: indexes, in their order */
	size_t count, cap;
	uint64_t size;               /* bytes */
	size_t run_first, run_count; /* once it is packed */
};

struct lumps {
	struct lump *at; /* owned; by place */
	size_t count, cap;
	struct parcel *parcel; /* owned; by the place of its first lump */
	size_t parcel_count, parcel_cap;
	const struct sparse *pack; /* borrowed; by name */
	size_t pack_count;
};

/* What p needs of packs, sorted into parcels. */
int lumps_find(struct lumps *out, const struct profile *p,
    const struct sparse *packs, size_t pack_count, struct err *e) MUST_CHECK;

/* Does t have content in one of the packs? */
bool lumps_touch(const struct lumps *l, const struct entry *t);

/* Where t's content lies once all parcels are packed, as runs. */
int lumps_moved(const struct lumps *l, const struct entry *t,
    const struct run *runs, struct extents *out, struct err *e) MUST_CHECK;

void lumps_free(struct lumps *l);

#endif
