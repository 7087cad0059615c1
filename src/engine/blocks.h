#ifndef ROAM_ENGINE_BLOCKS_H
#define ROAM_ENGINE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

/*
 * blocks - the signature of one version of a large file, and what of that
 * version a newer one still holds.
 *
 * A signature has, for each block of the file, a weak sum that can be rolled
 * byte by byte and an XXH3-128. Blocks are BLOCK_MIN bytes and grow with the
 * file so that there are never more than BLOCKS_MAX. The last one may be
 * shorter and is matched only at the same position or at the end.
 */
#define BLOCK_MIN  4096u
#define BLOCKS_MAX ((size_t)1 << 18)

struct block {
	struct hash strong;
	uint32_t weak;
};

struct blocks {
	uint64_t size;       /* bytes of the file */
	uint32_t block_len;  /* bytes of a block; a power of two */
	struct block *block; /* owned */
	size_t count;
};

uint32_t blocks_len_for(uint64_t size);

/*
 * The weak sum: the bytes as digits of a number to this base, modulo 2^32. So
 * a window moves on by one byte with weak * WEAK_BASE + in - out * base^len.
 */
#define WEAK_BASE 0x9e3779b1u
/* The sum of what sum stands for with len bytes behind it; it starts at 0. */
uint32_t blocks_weak(uint32_t sum, const void *bytes, size_t len);

/* A signature in the making; bytes come in any portions, size in all. */
struct blocks_maker;
int blocks_maker_new(struct blocks_maker **out, uint64_t size,
    struct err *e) MUST_CHECK;
int blocks_maker_add(struct blocks_maker *m, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;
/* ERR_RACE where other than size bytes came. */
int blocks_maker_end(struct blocks_maker *m, struct blocks *out,
    struct err *e) MUST_CHECK;
void blocks_maker_free(struct blocks_maker *m);

int blocks_encode(struct buf *out, const struct blocks *b,
    struct err *e) MUST_CHECK;
int blocks_decode(struct blocks *out, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;
void blocks_free(struct blocks *b);

/* A run of the new version: copied from the old one, or new. */
struct span {
	uint64_t at; /* in the new version */
	uint64_t len;
	uint64_t from; /* in the old version; SPAN_NEW: new bytes */
};
#define SPAN_NEW UINT64_MAX

struct spans {
	struct span *span; /* owned; ascending, no gaps, neighbours merged */
	size_t count;
	size_t cap;
};

/* Gives len bytes at off of the new version, or -1. */
typedef int blocks_read(void *arg, uint64_t off, void *bytes, size_t len,
    struct err *e);

/*
 * Find in the new version of size bytes what old still holds: first at the
 * same position, then, in what is left, by rolling search. Reads the new
 * version once in order; then a second time, again in order, what did not
 * match, with a block on either side. The search gives up where it is in vain.
 */
#define SEARCH_IN_VAIN ((uint64_t)64 << 20) /* bytes without a find */
int blocks_match(struct spans *out, const struct blocks *old, uint64_t size,
    blocks_read *read, void *arg, struct err *e) MUST_CHECK;
void spans_free(struct spans *s);

/*
 * The signature of that new version: blocks that stand where they stood are
 * taken from old, only the others are read (once more) and summed.
 */
int blocks_next(struct blocks *out, const struct blocks *old,
    const struct spans *spans, blocks_read *read, void *arg,
    struct err *e) MUST_CHECK;

#endif
