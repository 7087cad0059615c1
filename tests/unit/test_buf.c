#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/buf.h"

static void
assert_holds(const struct buf *b, const char *bytes, size_t len)
{
	struct err e;

	cr_assert_eq(buf_check(b, &e), 0);
	cr_assert_eq(b->len, len);
	cr_assert_arr_eq(b->bytes, bytes, len);
}

Test(buf, numbers_are_written_lowest_byte_first)
{
	struct buf b = { 0 };

	buf_u8(&b, 0x01);
	buf_u16(&b, 0x0302);
	buf_u32(&b, 0x07060504);
	buf_u64(&b, UINT64_C(0x0f0e0d0c0b0a0908));
	assert_holds(&b,
	    "\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017", 15);
	buf_free(&b);
}

Test(buf, a_varint_takes_seven_bits_a_byte)
{
	struct buf b = { 0 };

	buf_varint(&b, 0);
	buf_varint(&b, 127);
	buf_varint(&b, 128);
	buf_varint(&b, 300);
	buf_varint(&b, UINT64_MAX);
	assert_holds(&b,
	    "\000\177\200\001\254\002\377\377\377\377\377\377\377\377\377\001",
	    16);
	buf_free(&b);
}

Test(buf, a_signed_number_near_zero_is_short)
{
	struct buf b = { 0 };

	buf_zigzag(&b, 0);
	buf_zigzag(&b, -1);
	buf_zigzag(&b, 1);
	buf_zigzag(&b, -64);
	buf_zigzag(&b, 64);
	assert_holds(&b, "\000\001\002\177\200\001", 6);
	buf_free(&b);
}

Test(buf, text_is_formatted_without_a_nul)
{
	struct buf b = { .max = 6 };

	buf_text(&b, "%s-%d", "ab", 42);
	buf_text(&b, "%s", "");
	buf_bytes(&b, "\n", 1);
	assert_holds(&b, "ab-42\n", 6);
	buf_free(&b);
}

Test(buf, it_grows_and_keeps_what_it_holds)
{
	struct buf b = { 0 };
	struct err e;

	for (uint32_t i = 0; i < 100000; i++)
		buf_u32(&b, i);
	cr_assert_eq(buf_check(&b, &e), 0);
	for (size_t i = 0; i < 100000; i++) {
		const uint8_t *at = b.bytes + 4 * i;

		cr_assert_eq(at[0], i & 0xff);
		cr_assert_eq(at[1], i >> 8 & 0xff);
		cr_assert_eq(at[2], i >> 16);
		cr_assert_eq(at[3], 0);
	}
	buf_free(&b);
}

Test(buf, beyond_its_ceiling_it_turns_bad_and_stays_bad)
{
	struct buf b = { .max = 4 };
	struct err e;

	buf_u32(&b, 1);
	cr_assert_eq(buf_check(&b, &e), 0);
	buf_u8(&b, 1);
	cr_assert_eq(buf_check(&b, &e), -1);
	cr_assert_eq(e.kind, ERR_LIMIT);
	cr_assert_eq(b.len, 4);
	b.len = 0;
	buf_u8(&b, 1);
	cr_assert_eq(b.len, 0);
	cr_assert_eq(buf_check(&b, &e), -1);
	buf_free(&b);
}

Test(buf, a_length_that_wraps_round_is_over_the_ceiling)
{
	volatile size_t all = SIZE_MAX;
	struct buf b = { 0 };
	struct err e;

	buf_u8(&b, 1);
	cr_assert_null(buf_room(&b, all));
	cr_assert_eq(buf_check(&b, &e), -1);
	cr_assert_eq(e.kind, ERR_LIMIT);
	buf_free(&b);
}

Test(buf, room_is_written_by_the_caller)
{
	struct buf b = { .max = 10 };
	uint8_t *at;

	cr_assert_not_null(at = buf_room(&b, 10));
	memcpy(at, "abc", 3);
	b.len += 3;
	cr_assert_not_null(at = buf_room(&b, 7));
	memcpy(at, "defghij", 7);
	b.len += 7;
	cr_assert_not_null(buf_room(&b, 0));
	assert_holds(&b, "abcdefghij", 10);
	cr_assert_null(buf_room(&b, 1));
	buf_free(&b);
}

Test(buf, room_of_nothing_is_no_failure)
{
	struct buf b = { .max = 1 };

	cr_assert_not_null(buf_room(&b, 0));
	buf_bytes(&b, NULL, 0);
	cr_assert_not(b.bad);
	buf_free(&b);
}

Test(buf, cleared_it_is_empty_and_good_again)
{
	struct buf b = { .max = 2 };

	buf_u32(&b, 1);
	cr_assert(b.bad);
	buf_clear(&b);
	buf_u16(&b, 0x4241);
	assert_holds(&b, "AB", 2);
	buf_free(&b);
}

Test(buf, freed_it_keeps_its_ceiling)
{
	struct buf b = { .max = 2 };

	buf_u16(&b, 1);
	buf_free(&b);
	cr_assert_null(b.bytes);
	buf_u32(&b, 1);
	cr_assert(b.bad);
	buf_free(&b);
}
