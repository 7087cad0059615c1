#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define CAP_MIN 64

/* At least need bytes in all, which do not exceed the ceiling. */
static bool
grow(struct buf *b, size_t need)
{
	size_t cap = b->cap < CAP_MIN ? CAP_MIN : b->cap;
	uint8_t *bytes;

	while (cap < need)
		if (__builtin_mul_overflow(cap, 2, &cap))
			cap = need;
	if (b->max != 0 && cap > b->max)
		cap = b->max;
	if ((bytes = realloc(b->bytes, cap)) == NULL)
		return false;
	b->bytes = bytes;
	b->cap = cap;
	return true;
}

uint8_t *
buf_room(struct buf *b, size_t len)
{
	size_t need;

	if (b->bad)
		return NULL;
	if (__builtin_add_overflow(b->len, len, &need) ||
	    (b->max != 0 && need > b->max)) {
		b->bad = b->over = true;
		return NULL;
	}
	if ((need > b->cap || b->bytes == NULL) && !grow(b, need)) {
		b->bad = true;
		return NULL;
	}
	return b->bytes + b->len;
}

void
buf_bytes(struct buf *b, const void *bytes, size_t len)
{
	uint8_t *to = buf_room(b, len);

	if (to == NULL || len == 0)
		return;
	memcpy(to, bytes, len);
	b->len += len;
}

/* The low width bytes of v, the lowest first. */
static void
number(struct buf *b, uint64_t v, size_t width)
{
	uint8_t *to = buf_room(b, width);

	if (to == NULL)
		return;
	for (size_t i = 0; i < width; i++, v >>= 8)
		to[i] = (uint8_t)v;
	b->len += width;
}

void
buf_u8(struct buf *b, uint8_t v)
{
	number(b, v, 1);
}

void
buf_u16(struct buf *b, uint16_t v)
{
	number(b, v, 2);
}

void
buf_u32(struct buf *b, uint32_t v)
{
	number(b, v, 4);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	number(b, v, 8);
}

void
buf_varint(struct buf *b, uint64_t v)
{
	uint8_t bytes[10];
	size_t len = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[len++] = (uint8_t)(v | 0x80);
	bytes[len++] = (uint8_t)v;
	buf_bytes(b, bytes, len);
}

void
buf_zigzag(struct buf *b, int64_t v)
{
	uint64_t bits = (uint64_t)v << 1;

	buf_varint(b, v < 0 ? ~bits : bits);
}

void
buf_text(struct buf *b, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len == -1) {
		b->bad = true;
		return;
	}
	buf_bytes(b, text, (size_t)len);
	free(text);
}

int
buf_check(const struct buf *b, struct err *e)
{
	if (!b->bad)
		return 0;
	if (b->over)
		return err_set(e, ERR_LIMIT, "more than %zu bytes", b->max);
	return err_set(e, ERR_SYSTEM, "out of memory");
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->bad = b->over = false;
}

void
buf_free(struct buf *b)
{
	size_t max = b->max;

	free(b->bytes);
	*b = (struct buf){ .max = max };
}
