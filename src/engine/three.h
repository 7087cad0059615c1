#ifndef ROAM_ENGINE_THREE_H
#define ROAM_ENGINE_THREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "engine/pieces.h"

/*
 * three - a base and two versions of it, piece by piece, as a row of chunks:
 * those that all three have alike, and those that a side or both changed.
 */
struct three {
	struct pieces base, local, remote;
	size_t *to_local, *to_remote; /* owned: where base's pieces went */
	size_t b, l, r;               /* the next chunk begins here */
};

/* Pieces b0 .. b1 - 1 of base, and those in their place. */
struct chunk {
	size_t b0, b1, l0, l1, r0, r1;
	bool same; /* in all three */
};

/* The three lists are filled in; find what went where. */
int three_match(struct three *t, struct err *e) MUST_CHECK;
/* False at the end. */
bool three_next(struct three *t, struct chunk *out);
void three_free(struct three *t);

#endif
