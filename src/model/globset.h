#ifndef ROAM_MODEL_GLOBSET_H
#define ROAM_MODEL_GLOBSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/glob.h"

/*
 * globset - many globs at once: which one, of each group, matches a path last?
 *
 * Nearly all patterns end in an exact name or begin with one, and those are
 * found in hash tables; only the others are tried one by one, and most of them
 * fall at a look at one byte. A struct of zeros is an empty set. The globs'
 * bytes are borrowed.
 */
#define GLOBSET_GROUPS 3

struct globset_item {
	struct glob glob;
	uint64_t key;
	uint32_t next; /* in its chain: index + 1, or 0 */
	uint32_t tag;
	uint8_t group;
};

/* An item that no table can find, and what its last part must look like. */
struct globset_loose {
	uint32_t item;
	int16_t first; /* byte that a name begins with, or -1: any */
	int16_t last;
};

struct globset {
	struct globset_item *item; /* owned, as are the tables */
	size_t count;
	size_t cap;
	uint32_t *names; /* heads of chains: by an exact part at the end */
	uint32_t *leads; /* the others, by the exact parts at the front */
	size_t slots;    /* of each; a power of two, or 0 */
	struct globset_loose *loose;
	size_t loose_count;
	size_t depth; /* most parts in a lead */
};

/* Room for more globs, so that globset_add() needs none. */
int globset_reserve(struct globset *s, size_t more, struct err *e) MUST_CHECK;

/* tag: not 0, and larger than those given to the group before. */
void globset_add(struct globset *s, const struct glob *g, unsigned group,
    uint32_t tag);

/* For each group the tag of the last match; last[] is cleared first. */
void globset_last(const struct globset *s, const char *path, size_t len,
    bool is_dir, uint32_t last[GLOBSET_GROUPS]);

void globset_free(struct globset *s);

#endif
