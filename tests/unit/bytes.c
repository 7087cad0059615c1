#include "bytes.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

uint32_t
bytes_draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*seed >> 33) % below);
}

struct bytes
bytes_of(const void *from, size_t len)
{
	struct bytes b = { .at = malloc(len + 1), .len = len };

	cr_assert_not_null(b.at);
	memcpy(b.at, from, len);
	return b;
}

struct bytes
bytes_random(uint64_t *seed, size_t len, int kind)
{
	struct bytes b = { .at = malloc(len + 1), .len = len };
	size_t i;

	cr_assert_not_null(b.at);
	for (i = 0; i < len; i++)
		b.at[i] = (uint8_t)bytes_draw(seed, kind == 1 ? 4 : 256);
	for (i = 0; kind == 2 && i < len; i++)
		if ((i / BLOCK_MIN) % 4 != 1)
			b.at[i] = 0;
	return b;
}

struct blocks
bytes_blocks(const struct bytes *b)
{
	struct blocks_maker *m;
	struct blocks blocks;
	struct err e;

	cr_assert_eq(blocks_maker_new(&m, b->len, &e), 0);
	cr_assert_eq(blocks_maker_add(m, b->at, b->len, &e), 0);
	cr_assert_eq(blocks_maker_end(m, &blocks, &e), 0);
	blocks_maker_free(m);
	return blocks;
}
