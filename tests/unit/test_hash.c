#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/hash.h"

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))

/* As printed by xxhsum -H128 for the same bytes: stores outlive programs. */
Test(hash, it_is_the_one_that_xxhsum_prints)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{ "", "99aa06d3014798d86001c324468d497f" },
		{ "abc", "06b05ab6733a618578af5f94892f3950" },
		{ "The quick brown fox jumps over the lazy dog",
		    "ddd650205ca3e7fa24a1cc2e3a8a7651" },
	};
	char hex[HASH_HEX_MAX];

	for (size_t i = 0; i < LENGTH_OF(cases); i++) {
		struct hash h = hash_of(cases[i].text, strlen(cases[i].text));

		cr_expect_str_eq(hash_hex(&h, hex), cases[i].want);
	}
}

Test(hash, a_stream_in_any_pieces_is_the_hash_of_the_whole)
{
	static unsigned char bytes[10000];
	struct hash_stream *s = NULL;
	struct hash whole, got;
	struct err e;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7 + i / 256);
	whole = hash_of(bytes, sizeof(bytes));
	cr_assert_eq(hash_stream_new(&s, &e), 0);
	for (size_t piece = 1; piece < 3000; piece = piece * 3 + 1) {
		hash_stream_reset(s);
		hash_stream_add(s, NULL, 0);
		for (size_t at = 0; at < sizeof(bytes); at += piece)
			hash_stream_add(s, bytes + at,
			    piece < sizeof(bytes) - at ? piece
						       : sizeof(bytes) - at);
		got = hash_stream_get(s);
		cr_expect(hash_same(&got, &whole), "pieces of %zu", piece);
	}
	hash_stream_free(s);
	hash_stream_free(NULL);
}

Test(hash, hex_and_back_is_the_same)
{
	struct hash h = hash_of("x", 1), back;
	char hex[HASH_HEX_MAX];
	struct err e;

	cr_assert_eq(hash_parse(&back, hash_hex(&h, hex), &e), 0);
	cr_assert(hash_same(&h, &back));
}

Test(hash, only_32_lower_case_digits_are_a_hash)
{
	static const char *const cases[] = {
		"",
		"0",
		"0123456789abcdef0123456789abcde",
		"0123456789abcdef0123456789abcdef0",
		"0123456789ABCDEF0123456789abcdef",
		"0123456789abcdef0123456789abcdeg",
		"0123456789abcdef 123456789abcdef",
		"0x23456789abcdef0123456789abcdef",
		"0123456789abcdef0123456789abcde\n",
	};
	struct hash h = hash_of("x", 1), before = h;
	struct err e;

	for (size_t i = 0; i < LENGTH_OF(cases); i++) {
		cr_expect_eq(hash_parse(&h, cases[i], &e), -1, "'%s'",
		    cases[i]);
		cr_expect_eq(e.kind, ERR_FORMAT);
		cr_expect(hash_same(&h, &before), "'%s'", cases[i]);
	}
}

Test(hash, the_order_is_the_one_of_the_hex_digits)
{
	static const char *const sorted[] = {
		"00000000000000000000000000000000",
		"0000000000000000000000000000000f",
		"00ff0000000000000000000000000000",
		"7f000000000000000000000000000000",
		"80000000000000000000000000000000",
	};
	struct hash a, b;
	struct err e;

	for (size_t i = 0; i < LENGTH_OF(sorted); i++)
		for (size_t k = 0; k < LENGTH_OF(sorted); k++) {
			cr_assert_eq(hash_parse(&a, sorted[i], &e), 0);
			cr_assert_eq(hash_parse(&b, sorted[k], &e), 0);
			cr_expect_eq(hash_order(&a, &b) < 0, i < k);
			cr_expect_eq(hash_order(&a, &b) == 0, i == k);
			cr_expect_eq(hash_same(&a, &b), i == k);
		}
	cr_assert_eq(hash_parse(&a, sorted[0], &e), 0);
	cr_expect(hash_is_zero(&a));
	cr_assert_eq(hash_parse(&a, sorted[1], &e), 0);
	cr_expect_not(hash_is_zero(&a));
}

Test(hash, random_ones_differ)
{
	struct hash a, b;
	struct err e;

	cr_assert_eq(hash_random(&a, &e), 0);
	cr_assert_eq(hash_random(&b, &e), 0);
	cr_assert_not(hash_same(&a, &b));
	cr_assert_not(hash_is_zero(&a));
}

Test(hash, the_short_one_depends_on_every_byte)
{
	char text[300] = { 0 };
	uint64_t before = hash_short(text, sizeof(text));

	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] ^= 1;
		cr_expect_neq(hash_short(text, sizeof(text)), before);
		text[i] ^= 1;
	}
	cr_expect_eq(hash_short(text, sizeof(text)), before);
	cr_expect_neq(hash_short(text, sizeof(text) - 1), before);
}
