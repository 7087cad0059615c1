#ifndef ROAM_BASE_HASH_H
#define ROAM_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * hash - XXH3-128 of bytes and streams, in the canonical (big-endian) form
 * that xxhsum prints. The only file that includes xxhash.h is hash.c.
 */
#define HASH_LEN     16
#define HASH_HEX_MAX 33 /* bytes, with the NUL */

struct hash {
	uint8_t b[HASH_LEN];
};

struct hash hash_of(const void *bytes, size_t len);
/* 64 bits of XXH3, for tables and blocks. */
uint64_t hash_short(const void *bytes, size_t len);

int hash_order(const struct hash *a, const struct hash *b); /* as memcmp() */
bool hash_same(const struct hash *a, const struct hash *b);
bool hash_is_zero(const struct hash *h);
/* Writes 32 hex digits and a NUL to out, and returns out. */
const char *hash_hex(const struct hash *h, char out[HASH_HEX_MAX]);
/* -1 with ERR_FORMAT where text is not 32 lower-case hex digits. */
int hash_parse(struct hash *out, const char *text, struct err *e) MUST_CHECK;
/* 16 random bytes from the kernel. */
int hash_random(struct hash *out, struct err *e) MUST_CHECK;

/* A hash in the making; opaque, the caller's until hash_stream_free(). */
struct hash_stream;
int hash_stream_new(struct hash_stream **out, struct err *e) MUST_CHECK;
void hash_stream_reset(struct hash_stream *s);
void hash_stream_add(struct hash_stream *s, const void *bytes, size_t len);
struct hash hash_stream_get(const struct hash_stream *s);
void hash_stream_free(struct hash_stream *s);

#endif
