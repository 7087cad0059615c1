#ifndef ROAM_TESTS_BYTES_H
#define ROAM_TESTS_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "engine/blocks.h"

/* bytes - versions of a large file, for the tests of blocks. */
struct bytes {
	uint8_t *at;
	size_t len;
	unsigned reads;  /* calls of read_bytes() */
	uint64_t served; /* bytes that they gave */
	size_t fail_at;  /* reading behind it fails; 0: never */
};

/* A small generator of our own, so that a seed means the same everywhere. */
uint32_t bytes_draw(uint64_t *seed, uint32_t below);
/* Each is the caller's to free(). */
struct bytes bytes_of(const void *from, size_t len);
/* kind 0: random; 1: text of few letters; 2: random blocks among zeros. */
struct bytes bytes_random(uint64_t *seed, size_t len, int kind);
/* Their signature. */
struct blocks bytes_blocks(const struct bytes *b);

#endif
