#ifndef ROAM_BASE_READER_H
#define ROAM_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * reader - bounded little-endian reading of bytes that nobody vouches for.
 *
 * A reader that was asked for more than there is turns bad and stays bad;
 * numbers read from then on are 0 and bytes are NULL. So a record is read in
 * one breath and the reader asked once. The bytes are borrowed.
 */
struct reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};

struct reader reader_of(const void *bytes, size_t len);
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
/* More than 10 bytes, or bits beyond 64, or a last byte of zero that could
 * have been left out: bad. */
uint64_t reader_varint(struct reader *r);
int64_t reader_zigzag(struct reader *r);
/* A varint that is at most max, else bad and 0. */
uint64_t reader_count(struct reader *r, uint64_t max);
/* len bytes, borrowed from what reader_of() was given; NULL when bad. */
const uint8_t *reader_bytes(struct reader *r, size_t len);

#endif
