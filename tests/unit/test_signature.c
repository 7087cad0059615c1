#include "engine/blocks.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

Test(signature, the_weak_sum_rolls)
{
	uint64_t seed = 9;
	struct bytes b = bytes_random(&seed, 3 * BLOCK_MIN, 0);
	uint32_t sum = blocks_weak(0, b.at, BLOCK_MIN), factor = WEAK_BASE;
	size_t i;

	for (i = 1; i < BLOCK_MIN; i *= 2)
		factor *= factor;
	for (i = 0; i < BLOCK_MIN; i++) {
		cr_assert_eq(sum, blocks_weak(0, b.at + i, BLOCK_MIN));
		sum = sum * WEAK_BASE + b.at[i + BLOCK_MIN] - b.at[i] * factor;
	}
	free(b.at);
}

Test(signature, portions_do_not_matter)
{
	uint64_t seed = 10;
	struct bytes b = bytes_random(&seed, 300001, 0);
	struct blocks whole = bytes_blocks(&b), parts;
	struct blocks_maker *m;
	size_t at, n;
	struct err e;

	cr_assert_eq(blocks_maker_new(&m, b.len, &e), 0);
	for (at = 0; at < b.len; at += n) {
		n = bytes_draw(&seed, 10000);
		n = n < b.len - at ? n : b.len - at;
		cr_assert_eq(blocks_maker_add(m, b.at + at, n, &e), 0);
	}
	cr_assert_eq(blocks_maker_end(m, &parts, &e), 0);
	blocks_maker_free(m);
	cr_assert_eq(parts.count, 74);
	for (at = 0; at < parts.count; at++) {
		cr_assert_eq(parts.block[at].weak, whole.block[at].weak);
		cr_assert(hash_same(&parts.block[at].strong,
		    &whole.block[at].strong));
	}
	blocks_free(&parts);
	blocks_free(&whole);
	free(b.at);
}

Test(signature, other_than_the_promised_bytes_are_a_race)
{
	struct blocks_maker *m;
	struct blocks b;
	struct err e;

	cr_assert_eq(blocks_maker_new(&m, 4, &e), 0);
	cr_assert_eq(blocks_maker_add(m, "abc", 3, &e), 0);
	cr_assert_eq(blocks_maker_end(m, &b, &e), -1);
	cr_assert_eq(e.kind, ERR_RACE);
	cr_assert_eq(blocks_maker_add(m, "de", 2, &e), -1);
	cr_assert_eq(e.kind, ERR_RACE);
	blocks_maker_free(m);
}

Test(signature, there_are_never_too_many)
{
	uint64_t size;
	uint32_t len;

	cr_assert_eq(blocks_len_for(0), BLOCK_MIN);
	for (size = 1; size < (uint64_t)1 << 49; size = size * 3 + 1) {
		len = blocks_len_for(size);
		cr_assert_geq(len, BLOCK_MIN);
		cr_assert_eq(len & (len - 1), 0);
		cr_assert_leq(size / len + 1, BLOCKS_MAX);
	}
	cr_assert_gt(blocks_len_for(UINT64_MAX), 0);
}

Test(signature, a_file_beyond_all_bounds_is_refused)
{
	struct blocks_maker *m;
	struct err e;

	cr_assert_eq(blocks_maker_new(&m, UINT64_MAX, &e), -1);
	cr_assert_eq(e.kind, ERR_LIMIT);
}

Test(signature, what_was_encoded_decodes_to_the_same)
{
	static const size_t lens[] = { 0, 1, 4095, 4096, 4097, 300001 };
	uint64_t seed = 11;
	size_t i, n;
	struct err e;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct bytes b = bytes_random(&seed, lens[i], 0);
		struct blocks one = bytes_blocks(&b), two;
		struct buf out = { 0 };

		buf_u8(&out, 7); /* what stands before it is no part of it */
		cr_assert_eq(blocks_encode(&out, &one, &e), 0);
		cr_assert_eq(blocks_decode(&two, out.bytes + 1, out.len - 1,
				 &e),
		    0);
		cr_assert_eq(two.size, one.size);
		cr_assert_eq(two.block_len, one.block_len);
		cr_assert_eq(two.count, one.count);
		for (n = 0; n < one.count; n++) {
			cr_assert_eq(two.block[n].weak, one.block[n].weak);
			cr_assert(hash_same(&two.block[n].strong,
			    &one.block[n].strong));
		}
		blocks_free(&one);
		blocks_free(&two);
		buf_free(&out);
		free(b.at);
	}
}

Test(signature, any_flipped_bit_and_any_cut_is_noticed)
{
	uint64_t seed = 12;
	struct bytes b = bytes_random(&seed, 10000, 0);
	struct blocks one = bytes_blocks(&b), two;
	struct buf out = { 0 };
	size_t i;
	struct err e;

	cr_assert_eq(blocks_encode(&out, &one, &e), 0);
	for (i = 0; i < out.len * 8; i++) {
		out.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		cr_assert_eq(blocks_decode(&two, out.bytes, out.len, &e), -1);
		cr_assert_eq(e.kind, ERR_FORMAT);
		out.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < out.len; i++) {
		/* A copy of its own size, so that reading past it is seen. */
		struct bytes cut = bytes_of(out.bytes, i);

		cr_assert_eq(blocks_decode(&two, cut.at, i, &e), -1);
		cr_assert_eq(e.kind, ERR_FORMAT);
		free(cut.at);
	}
	blocks_free(&one);
	buf_free(&out);
	free(b.at);
}

/* Headers with a good checksum that promise what cannot be. */
Test(signature, impossible_headers_are_refused)
{
	static const struct {
		const char *why;
		uint32_t magic;
		uint64_t size;
		uint32_t block_len, count;
	} cases[] = {
		{ "other magic", 0x324b4c42, 0, 4096, 0 },
		{ "no block length", 0x314b4c42, 0, 0, 0 },
		{ "odd block length", 0x314b4c42, 0, 4097, 0 },
		{ "small block length", 0x314b4c42, 0, 2048, 0 },
		{ "blocks of nothing", 0x314b4c42, 0, 4096, 1 },
		{ "a block too few", 0x314b4c42, 1, 4096, 0 },
		{ "a missing block", 0x314b4c42, 1, 4096, 1 },
		{ "too many blocks", 0x314b4c42, (uint64_t)1 << 44, 4096,
		    UINT32_MAX },
		{ "size past all", 0x314b4c42, UINT64_MAX, 1u << 31, 0 },
	};
	size_t i;
	struct err e;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = { 0 };
		struct blocks out;
		struct hash sum;

		buf_u32(&b, cases[i].magic);
		buf_u64(&b, cases[i].size);
		buf_u32(&b, cases[i].block_len);
		buf_u32(&b, cases[i].count);
		sum = hash_of(b.bytes, b.len);
		buf_bytes(&b, sum.b, HASH_LEN);
		cr_assert_eq(blocks_decode(&out, b.bytes, b.len, &e), -1, "%s",
		    cases[i].why);
		cr_assert_eq(e.kind, ERR_FORMAT, "%s", cases[i].why);
		buf_free(&b);
	}
}
