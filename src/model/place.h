#ifndef ROAM_MODEL_PLACE_H
#define ROAM_MODEL_PLACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * place - where bytes lie in a store.
 *
 * In the frame of frame_len compressed bytes that begins at offset frame of
 * pack, from byte at of what the frame inflates to. Content that a place names
 * never leaves its frame.
 */
#define GEN_NONE 0                /* not in the store */
#define GEN_HOLE UINT64_MAX       /* zeros that were never written */
#define GEN_SELF (UINT64_MAX - 1) /* the generation in the making */
#define GEN_MAX  999999999999u    /* a directory's name has 12 digits */

struct place {
	uint64_t gen;
	uint64_t frame;
	uint32_t frame_len;
	uint32_t at;
	uint32_t pack;
};

/* Does p name bytes in a pack? */
bool place_is_stored(const struct place *p);
/* The same bytes, or equally none, by both? */
bool place_same(const struct place *a, const struct place *b);
bool place_same_frame(const struct place *a, const struct place *b);
/* As they lie in the store: by generation, pack, frame and offset. */
int place_order(const struct place *a, const struct place *b);

#endif
