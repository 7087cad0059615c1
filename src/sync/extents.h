#ifndef ROAM_SYNC_EXTENTS_H
#define ROAM_SYNC_EXTENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/entry.h"
#include "store/press.h"

/*
 * extents - lists of where the bytes of a file lie, in the making: slices of
 * other files' extents, neighbours joined.
 */
struct extents {
	struct extent *at; /* owned */
	size_t count;
	size_t cap;
	uint64_t len; /* bytes in all */
};

/* len bytes at place (which may be a hole: gen GEN_HOLE). */
int extents_add(struct extents *x, const struct place *place, uint64_t len,
    struct err *e) MUST_CHECK;
/* Bytes from .. from + len - 1 of the file t. ERR_FORMAT beyond its end. */
int extents_add_slice(struct extents *x, const struct entry *t, uint64_t from,
    uint64_t len, struct err *e) MUST_CHECK;
/* len bytes from byte from of a packed member, over its runs. */
int extents_add_runs(struct extents *x, const struct run *runs, size_t count,
    uint64_t from, uint64_t len, struct err *e) MUST_CHECK;
/* Give them to like: in its place where that is enough, else made in a. */
int extents_set(const struct extents *x, struct entry *like, struct arena *a,
    struct err *e) MUST_CHECK;
void extents_free(struct extents *x);

/* The extents of a stored file; of a small one the single one in *one. */
const struct extent *extents_of(const struct entry *t, struct extent *one,
    size_t *count);

/* The places of old's bytes, to find those that another version shares. */
struct sources {
	struct source *source; /* owned, by place */
	size_t count;
};
int sources_new(struct sources *out, const struct entry *old,
    struct err *e) MUST_CHECK;
/* The offset in old of the len bytes at place; false where old lacks them. */
bool sources_find(const struct sources *s, const struct place *place,
    uint64_t len, uint64_t *off);
void sources_free(struct sources *s);

#endif
