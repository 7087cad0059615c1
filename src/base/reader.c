#include "base/reader.h"

struct reader
reader_of(const void *bytes, size_t len)
{
	return (struct reader){ .at = bytes, .left = len };
}

const uint8_t *
reader_bytes(struct reader *r, size_t len)
{
	static const uint8_t nothing[1];
	const uint8_t *from = r->at;

	if (r->bad || len > r->left) {
		r->bad = true;
		return NULL;
	}
	if (from == NULL) /* no bytes at all; but NULL means bad */
		return nothing;
	r->at += len;
	r->left -= len;
	return from;
}

/* An unsigned number of width bytes, the lowest byte first. */
static uint64_t
number(struct reader *r, size_t width)
{
	const uint8_t *b = reader_bytes(r, width);
	uint64_t v = 0;

	if (b == NULL)
		return 0;
	while (width-- > 0)
		v = v << 8 | b[width];
	return v;
}

uint8_t
reader_u8(struct reader *r)
{
	return (uint8_t)number(r, 1);
}

uint16_t
reader_u16(struct reader *r)
{
	return (uint16_t)number(r, 2);
}

uint32_t
reader_u32(struct reader *r)
{
	return (uint32_t)number(r, 4);
}

uint64_t
reader_u64(struct reader *r)
{
	return number(r, 8);
}

uint64_t
reader_varint(struct reader *r)
{
	uint64_t v = 0;
	unsigned shift = 0;
	uint8_t byte;

	for (; shift < 64; shift += 7) {
		byte = reader_u8(r);
		if (r->bad)
			return 0;
		if (shift == 63 && byte > 1)
			break;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte >= 0x80)
			continue;
		if (byte == 0 && shift > 0)
			break;
		return v;
	}
	r->bad = true;
	return 0;
}

int64_t
reader_zigzag(struct reader *r)
{
	uint64_t v = reader_varint(r);

	return (int64_t)((v & 1) != 0 ? ~(v >> 1) : v >> 1);
}

uint64_t
reader_count(struct reader *r, uint64_t max)
{
	uint64_t v = reader_varint(r);

	if (v <= max)
		return v;
	r->bad = true;
	return 0;
}
