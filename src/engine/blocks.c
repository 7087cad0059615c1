#include "engine/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

#define MAGIC      0x314b4c42u /* "BLK1" */
#define HEADER_LEN 20u         /* bytes: magic, size, block_len, count */
#define BLOCK_LEN  20u         /* bytes of an encoded block */

/* Powers of the base; products of unsigned constants wrap as they should. */
#define B1   WEAK_BASE
#define B2   (B1 * B1)
#define B4   (B2 * B2)
#define B8   (B4 * B4)
#define B16  (B8 * B8)
#define STEP 16u /* bytes added to the sum at once */

struct blocks_maker {
	struct blocks blocks;
	struct hash_stream *stream; /* of the block that has begun */
	size_t stream_len;          /* bytes of it */
	uint32_t weak;
	uint64_t seen; /* bytes so far */
};

uint32_t
blocks_len_for(uint64_t size)
{
	uint32_t len = BLOCK_MIN;

	while (len < (uint32_t)1 << 31 && size / len >= BLOCKS_MAX)
		len *= 2;
	return len;
}

/*
 * Digit by digit this would wait for one multiplication after the other;
 * sixteen of them at a time do not depend on each other.
 */
uint32_t
blocks_weak(uint32_t sum, const void *bytes, size_t len)
{
	static const uint32_t power[STEP] = { B8 * B4 * B2 * B1, B8 * B4 * B2,
		B8 * B4 * B1, B8 * B4, B8 * B2 * B1, B8 * B2, B8 * B1, B8,
		B4 * B2 * B1, B4 * B2, B4 * B1, B4, B2 * B1, B2, B1, 1 };
	const uint8_t *at = bytes;
	uint32_t part;
	size_t i;

	for (; len >= STEP; len -= STEP, at += STEP) {
		part = 0;
		for (i = 0; i < STEP; i++)
			part += at[i] * power[i];
		sum = sum * B16 + part;
	}
	for (i = 0; i < len; i++)
		sum = sum * WEAK_BASE + at[i];
	return sum;
}

static uint64_t
count_for(uint64_t size, uint32_t block_len)
{
	return size / block_len + (size % block_len != 0);
}

/* Room for count blocks; count 0 is a signature, too: of an empty file. */
static int
blocks_alloc(struct blocks *b, uint64_t count, struct err *e)
{
	if (count > BLOCKS_MAX)
		return err_set(e, ERR_LIMIT, "file of %llu bytes: too large",
		    (unsigned long long)b->size);
	b->count = (size_t)count;
	b->block = calloc(b->count + 1, sizeof(*b->block));
	if (b->block == NULL)
		return err_sys(e, "block signatures");
	return 0;
}

int
blocks_maker_new(struct blocks_maker **out, uint64_t size, struct err *e)
{
	struct blocks_maker *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return err_sys(e, "block signatures");
	m->blocks.size = size;
	m->blocks.block_len = blocks_len_for(size);
	if (blocks_alloc(&m->blocks, count_for(size, m->blocks.block_len), e) ==
		-1 ||
	    hash_stream_new(&m->stream, e) == -1) {
		blocks_maker_free(m);
		return -1;
	}
	*out = m;
	return 0;
}

/* Bytes that are only a part of their block. */
static void
add_part(struct blocks_maker *m, const uint8_t *at, size_t len)
{
	hash_stream_add(m->stream, at, len);
	m->weak = blocks_weak(m->weak, at, len);
	m->stream_len += len;
}

static void
end_part(struct blocks_maker *m, struct block *b)
{
	b->strong = hash_stream_get(m->stream);
	b->weak = m->weak;
	hash_stream_reset(m->stream);
	m->stream_len = 0;
	m->weak = 0;
}

int
blocks_maker_add(struct blocks_maker *m, const void *bytes, size_t len,
    struct err *e)
{
	const uint8_t *at = bytes;
	size_t block_len = m->blocks.block_len, n;
	struct block *b;

	if (len > m->blocks.size - m->seen)
		return err_set(e, ERR_RACE, "grew while it was read");
	for (; len > 0; at += n, len -= n, m->seen += n) {
		b = &m->blocks.block[m->seen / block_len];
		if (m->stream_len == 0 && len >= block_len) {
			n = block_len;
			b->strong = hash_of(at, n);
			b->weak = blocks_weak(0, at, n);
			continue;
		}
		n = block_len - m->stream_len;
		n = len < n ? len : n;
		add_part(m, at, n);
		if (m->stream_len == block_len)
			end_part(m, b);
	}
	return 0;
}

int
blocks_maker_end(struct blocks_maker *m, struct blocks *out, struct err *e)
{
	if (m->seen != m->blocks.size)
		return err_set(e, ERR_RACE, "shrank while it was read");
	if (m->stream_len > 0)
		end_part(m, &m->blocks.block[m->blocks.count - 1]);
	*out = m->blocks;
	m->blocks = (struct blocks){ 0 };
	return 0;
}

void
blocks_maker_free(struct blocks_maker *m)
{
	if (m == NULL)
		return;
	hash_stream_free(m->stream);
	blocks_free(&m->blocks);
	free(m);
}

/* Bytes of block i of a version of size bytes. */
static size_t
len_of(uint64_t size, uint32_t block_len, size_t i)
{
	uint64_t left = size - (uint64_t)i * block_len;

	return left < block_len ? (size_t)left : block_len;
}

/* Does the block at off stand where it stood, whole? *next moves along. */
static bool
stands(const struct spans *s, size_t *next, uint64_t off, size_t len)
{
	const struct span *at;

	while (
	    *next < s->count && s->span[*next].at + s->span[*next].len <= off)
		(*next)++;
	if (*next == s->count)
		return false;
	at = &s->span[*next];
	return at->from == at->at && at->at <= off &&
	    off + len <= at->at + at->len;
}

/* Bytes of the version that the spans make up. */
static uint64_t
size_of(const struct spans *s)
{
	return s->count > 0
	    ? s->span[s->count - 1].at + s->span[s->count - 1].len
	    : 0;
}

int
blocks_next(struct blocks *out, const struct blocks *old,
    const struct spans *spans, blocks_read *read, void *arg, struct err *e)
{
	uint64_t size = size_of(spans);
	struct blocks b = { .size = size, .block_len = blocks_len_for(size) };
	uint8_t *bytes = malloc(b.block_len);
	size_t next = 0, len;
	uint64_t off;
	int rc = -1;

	if (bytes == NULL) {
		err_sys(e, "block of a large file");
		goto out;
	}
	if (blocks_alloc(&b, count_for(size, b.block_len), e) == -1)
		goto out;
	for (size_t i = 0; i < b.count; i++) {
		off = (uint64_t)i * b.block_len;
		len = len_of(size, b.block_len, i);
		if (b.block_len == old->block_len && i < old->count &&
		    len == len_of(old->size, old->block_len, i) &&
		    stands(spans, &next, off, len)) {
			b.block[i] = old->block[i];
			continue;
		}
		if (read(arg, off, bytes, len, e) == -1)
			goto out;
		b.block[i].strong = hash_of(bytes, len);
		b.block[i].weak = blocks_weak(0, bytes, len);
	}
	*out = b;
	b = (struct blocks){ 0 };
	rc = 0;
out:
	free(bytes);
	blocks_free(&b);
	return rc;
}

int
blocks_encode(struct buf *out, const struct blocks *b, struct err *e)
{
	size_t start = out->len, i;
	struct hash sum;

	buf_u32(out, MAGIC);
	buf_u64(out, b->size);
	buf_u32(out, b->block_len);
	buf_u32(out, (uint32_t)b->count);
	for (i = 0; i < b->count; i++) {
		buf_u32(out, b->block[i].weak);
		buf_bytes(out, b->block[i].strong.b, HASH_LEN);
	}
	if (buf_check(out, e) == -1)
		return -1;
	sum = hash_of(out->bytes + start, out->len - start);
	buf_bytes(out, sum.b, HASH_LEN);
	return buf_check(out, e);
}

/* Everything but the blocks; -1 where they cannot be what the header says. */
static int
decode_header(struct blocks *b, struct reader *r, size_t len, struct err *e)
{
	uint32_t magic = reader_u32(r);
	uint64_t count;

	b->size = reader_u64(r);
	b->block_len = reader_u32(r);
	count = reader_u32(r);
	if (r->bad || magic != MAGIC)
		return err_set(e, ERR_FORMAT, "not a block signature");
	if (b->block_len < BLOCK_MIN ||
	    (b->block_len & (b->block_len - 1)) != 0 || count > BLOCKS_MAX ||
	    count != count_for(b->size, b->block_len) ||
	    len != HEADER_LEN + count * BLOCK_LEN + HASH_LEN)
		return err_set(e, ERR_FORMAT, "block signature: bad lengths");
	return blocks_alloc(b, count, e);
}

int
blocks_decode(struct blocks *out, const void *bytes, size_t len, struct err *e)
{
	struct reader r = reader_of(bytes, len);
	struct blocks b = { 0 };
	struct hash sum, want;
	size_t i;

	if (decode_header(&b, &r, len, e) == -1)
		return -1;
	for (i = 0; i < b.count; i++) {
		b.block[i].weak = reader_u32(&r);
		memcpy(b.block[i].strong.b, reader_bytes(&r, HASH_LEN),
		    HASH_LEN);
	}
	memcpy(want.b, reader_bytes(&r, HASH_LEN), HASH_LEN);
	sum = hash_of(bytes, len - HASH_LEN);
	if (!hash_same(&sum, &want)) {
		blocks_free(&b);
		return err_set(e, ERR_FORMAT, "block signature: bad checksum");
	}
	*out = b;
	return 0;
}

void
blocks_free(struct blocks *b)
{
	if (b == NULL)
		return;
	free(b->block);
	*b = (struct blocks){ 0 };
}
