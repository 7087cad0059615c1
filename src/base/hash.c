#include <sys/random.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/hash.h"

struct hash_stream {
	XXH3_state_t *state; /* owned; aligned as the library wants it */
};

/* The same bytes on every machine: the highest first. */
static struct hash
canonical(XXH128_hash_t v)
{
	XXH128_canonical_t c;
	struct hash h;

	XXH128_canonicalFromHash(&c, v);
	memcpy(h.b, c.digest, HASH_LEN);
	return h;
}

struct hash
hash_of(const void *bytes, size_t len)
{
	return canonical(XXH3_128bits(bytes, len));
}

uint64_t
hash_short(const void *bytes, size_t len)
{
	return XXH3_64bits(bytes, len);
}

int
hash_order(const struct hash *a, const struct hash *b)
{
	return memcmp(a->b, b->b, HASH_LEN);
}

bool
hash_same(const struct hash *a, const struct hash *b)
{
	return memcmp(a->b, b->b, HASH_LEN) == 0;
}

bool
hash_is_zero(const struct hash *h)
{
	static const struct hash zero;

	return hash_same(h, &zero);
}

const char *
hash_hex(const struct hash *h, char out[HASH_HEX_MAX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_LEN; i++) {
		out[2 * i] = digits[h->b[i] >> 4];
		out[2 * i + 1] = digits[h->b[i] & 15];
	}
	out[HASH_HEX_MAX - 1] = '\0';
	return out;
}

/* 0..15, or 16 for what is no lower-case hex digit. */
static unsigned
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return 16;
}

int
hash_parse(struct hash *out, const char *text, struct err *e)
{
	struct hash h = { { 0 } };
	size_t i = 0;
	unsigned d;

	for (; i < HASH_HEX_MAX - 1 && text[i] != '\0'; i++) {
		if ((d = digit(text[i])) > 15)
			return err_set(e, ERR_FORMAT, "not a hash");
		h.b[i / 2] = (uint8_t)(h.b[i / 2] << 4 | d);
	}
	if (i != HASH_HEX_MAX - 1 || text[i] != '\0')
		return err_set(e, ERR_FORMAT, "not a hash");
	*out = h;
	return 0;
}

int
hash_random(struct hash *out, struct err *e)
{
	struct hash h;

	/* So few bytes come in one piece or not at all. */
	while (getrandom(h.b, HASH_LEN, 0) != HASH_LEN)
		if (errno != EINTR)
			return err_sys(e, "random bytes");
	*out = h;
	return 0;
}

int
hash_stream_new(struct hash_stream **out, struct err *e)
{
	struct hash_stream *s;

	if ((s = malloc(sizeof(*s))) == NULL)
		return err_sys(e, "hash");
	if ((s->state = XXH3_createState()) == NULL) {
		free(s);
		return err_set(e, ERR_SYSTEM, "hash: out of memory");
	}
	hash_stream_reset(s);
	*out = s;
	return 0;
}

void
hash_stream_reset(struct hash_stream *s)
{
	(void)XXH3_128bits_reset(s->state);
}

void
hash_stream_add(struct hash_stream *s, const void *bytes, size_t len)
{
	if (len > 0)
		(void)XXH3_128bits_update(s->state, bytes, len);
}

struct hash
hash_stream_get(const struct hash_stream *s)
{
	return canonical(XXH3_128bits_digest(s->state));
}

void
hash_stream_free(struct hash_stream *s)
{
	if (s == NULL)
		return;
	(void)XXH3_freeState(s->state);
	free(s);
}
