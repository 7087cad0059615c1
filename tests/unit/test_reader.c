#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/buf.h"
#include "base/reader.h"

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))

/* The corners of 64 bits and their neighbours. */
static const uint64_t corners[] = { 0, 1, 127, 128, 129, 16383, 16384, 65535,
	65536, INT32_MAX, UINT32_MAX, (uint64_t)UINT32_MAX + 1, INT64_MAX,
	(uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX };

Test(reader, it_reads_what_a_buf_wrote)
{
	struct buf b = { 0 };
	struct reader r;

	for (size_t i = 0; i < LENGTH_OF(corners); i++) {
		buf_u8(&b, (uint8_t)corners[i]);
		buf_u16(&b, (uint16_t)corners[i]);
		buf_u32(&b, (uint32_t)corners[i]);
		buf_u64(&b, corners[i]);
		buf_varint(&b, corners[i]);
		buf_zigzag(&b, (int64_t)corners[i]);
	}
	r = reader_of(b.bytes, b.len);
	for (size_t i = 0; i < LENGTH_OF(corners); i++) {
		cr_expect_eq(reader_u8(&r), (uint8_t)corners[i]);
		cr_expect_eq(reader_u16(&r), (uint16_t)corners[i]);
		cr_expect_eq(reader_u32(&r), (uint32_t)corners[i]);
		cr_expect_eq(reader_u64(&r), corners[i]);
		cr_expect_eq(reader_varint(&r), corners[i]);
		cr_expect_eq(reader_zigzag(&r), (int64_t)corners[i]);
	}
	cr_expect_not(r.bad);
	cr_expect_eq(r.left, 0);
	buf_free(&b);
}

Test(reader, a_varint_has_one_form_only)
{
	static const struct {
		const char *why;
		const char *bytes;
		size_t len;
		bool good;
		uint64_t value;
	} cases[] = {
		{ "zero", "\000", 1, true, 0 },
		{ "127", "\177", 1, true, 127 },
		{ "128", "\200\001", 2, true, 128 },
		{ "nothing", "", 0, false, 0 },
		{ "cut off", "\200", 1, false, 0 },
		{ "zero in two bytes", "\200\000", 2, false, 0 },
		{ "127 in two bytes", "\377\000", 2, false, 0 },
		{ "64 bits", "\377\377\377\377\377\377\377\377\377\001", 10,
		    true, UINT64_MAX },
		{ "65 bits", "\377\377\377\377\377\377\377\377\377\002", 10,
		    false, 0 },
		{ "lost bits", "\377\377\377\377\377\377\377\377\377\177", 10,
		    false, 0 },
		{ "zero at the end", "\377\377\377\377\377\377\377\377\377\000",
		    10, false, 0 },
		{ "11 bytes", "\200\200\200\200\200\200\200\200\200\200\001",
		    11, false, 0 },
		{ "11 bytes, bit lost",
		    "\200\200\200\200\200\200\200\200\200\201\000", 11, false,
		    0 },
	};

	for (size_t i = 0; i < LENGTH_OF(cases); i++) {
		struct reader r = reader_of(cases[i].bytes, cases[i].len);

		cr_expect_eq(reader_varint(&r), cases[i].value, "%s",
		    cases[i].why);
		cr_expect_eq(r.bad, !cases[i].good, "%s", cases[i].why);
	}
}

Test(reader, asked_for_too_much_it_turns_bad_and_stays_bad)
{
	struct reader r = reader_of("\001\002\003", 3);

	cr_expect_eq(reader_u32(&r), 0);
	cr_expect(r.bad);
	cr_expect_eq(reader_u8(&r), 0);
	cr_expect_eq(reader_u16(&r), 0);
	cr_expect_eq(reader_u64(&r), 0);
	cr_expect_eq(reader_varint(&r), 0);
	cr_expect_eq(reader_zigzag(&r), 0);
	cr_expect_eq(reader_count(&r, 10), 0);
	cr_expect_null(reader_bytes(&r, 0));
	cr_expect(r.bad);
}

Test(reader, bytes_are_borrowed_from_what_it_was_given)
{
	static const char text[] = "abcdef";
	struct reader r = reader_of(text, 6);

	cr_expect_eq((const char *)reader_bytes(&r, 2), text);
	cr_expect_eq((const char *)reader_bytes(&r, 0), text + 2);
	cr_expect_eq((const char *)reader_bytes(&r, 4), text + 2);
	cr_expect_not_null(reader_bytes(&r, 0));
	cr_expect_not(r.bad);
	cr_expect_null(reader_bytes(&r, 1));
	cr_expect(r.bad);
}

Test(reader, a_length_close_to_all_memory_is_refused)
{
	struct reader r = reader_of("abc", 3);

	cr_expect_null(reader_bytes(&r, SIZE_MAX));
	cr_expect(r.bad);
}

Test(reader, no_bytes_at_all_are_no_fault)
{
	struct reader r = reader_of(NULL, 0);

	cr_expect_not_null(reader_bytes(&r, 0));
	cr_expect_not(r.bad);
	cr_expect_eq(reader_u8(&r), 0);
	cr_expect(r.bad);
}

Test(reader, a_count_beyond_its_bound_is_bad)
{
	struct reader r = reader_of("\012\013", 2);

	cr_expect_eq(reader_count(&r, 10), 10);
	cr_expect_not(r.bad);
	cr_expect_eq(reader_count(&r, 10), 0);
	cr_expect(r.bad);
}
