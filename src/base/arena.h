#ifndef ROAM_BASE_ARENA_H
#define ROAM_BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"

/*
 * arena - memory of many small objects that are freed all at once.
 *
 * The trees of a run own their entries and strings through one arena, so that
 * hundreds of thousands of them cost no call to free(). An arena is used by
 * one thread at a time. A struct of zeros is an empty arena.
 */
struct arena_block;

struct arena {
	struct arena_block *block; /* owned; the newest first */
	size_t used;               /* bytes of the newest block */
	size_t size;
};

/* len bytes, aligned for any type, not cleared; NULL with e when out of memory.
 * They live until arena_free(). */
void *arena_alloc(struct arena *a, size_t len, struct err *e) MUST_CHECK;

/* A copy of len bytes with a NUL behind them; not aligned. */
char *arena_copy(struct arena *a, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;

/* What has been taken from a so far moves to into; a is empty afterwards. */
void arena_join(struct arena *into, struct arena *a);

void arena_free(struct arena *a);

#endif
