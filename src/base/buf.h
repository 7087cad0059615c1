#ifndef ROAM_BASE_BUF_H
#define ROAM_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * buf - bytes that grow up to a ceiling: the writing side of reader.h.
 *
 * The writing calls do not return errors one by one. A buffer that ran out of
 * memory or over its ceiling turns bad, ignores further writing, and says so
 * once, in buf_check(). Numbers are little-endian. A struct of zeros with max
 * set is an empty buffer; it is the caller's and ends in buf_free().
 */
struct buf {
	uint8_t *bytes; /* owned */
	size_t len;
	size_t cap;
	size_t max; /* ceiling in bytes; 0: none */
	bool bad;
	bool over; /* bad for its ceiling, not for want of memory */
};

void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
/* LEB128: seven bits a byte, lowest first; at most 10 bytes. */
void buf_varint(struct buf *b, uint64_t v);
/* A signed number as a varint: zigzag. */
void buf_zigzag(struct buf *b, int64_t v);
void buf_bytes(struct buf *b, const void *bytes, size_t len);
void buf_text(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Room for len more bytes at the returned place (b->bytes + b->len), or NULL
 * and bad; the caller adds what it wrote to b->len. */
uint8_t *buf_room(struct buf *b, size_t len);

/* 0, or -1 with ERR_LIMIT or ERR_SYSTEM when something did not fit. */
int buf_check(const struct buf *b, struct err *e) MUST_CHECK;

/* Empty again, memory kept. */
void buf_clear(struct buf *b);
void buf_free(struct buf *b);

#endif
