#include <string.h>

#include <criterion/criterion.h>

#include "store/wire.h"

static struct err e;

/* The message that m becomes on its way, blob included. */
static struct buf
bytes_of(const struct wire *m)
{
	struct buf b = { 0 };

	cr_assert_eq(wire_encode(&b, m, &e), 0, "%s", e.text);
	buf_bytes(&b, m->blob, m->blob_len);
	cr_assert_not(b.bad);
	return b;
}

static void
expect_same(const struct wire *a, const struct wire *b)
{
	cr_expect_eq(a->op, b->op);
	cr_expect_eq(a->id, b->id);
	for (int i = 0; i < WIRE_NUMBERS; i++)
		if (b->number[i] != 0)
			cr_expect_eq(a->number[i], b->number[i]);
	for (int i = 0; i < WIRE_TEXTS; i++)
		if (b->text[i] != NULL)
			cr_expect_str_eq(a->text[i], b->text[i]);
	cr_expect_eq(a->blob_len, b->blob_len);
	if (b->blob_len > 0)
		cr_expect_eq(memcmp(a->blob, b->blob, b->blob_len), 0);
}

static const struct wire samples[] = {
	{ .op = WIRE_CONNECT,
	    .id = 1,
	    .number = { 445, 5000, 120000 },
	    .text = { "server" } },
	{ .op = WIRE_LOGIN,
	    .id = 2,
	    .number = { 2, 1, 15000, 1 },
	    .text = { "share", "a/b", "user", "", "pass word" } },
	{ .op = WIRE_LIST, .id = 3, .text = { "" } },
	{ .op = WIRE_READ,
	    .id = UINT32_MAX,
	    .number = { UINT64_MAX, 7 },
	    .text = { "gen/1/pack0" } },
	{ .op = WIRE_WRITE,
	    .id = 9,
	    .number = { 63, 1 },
	    .blob = "bytes",
	    .blob_len = 5 },
	{ .op = WIRE_RENAME, .id = 0, .text = { "from", "to" } },
	{ .op = WIRE_OK,
	    .id = 5,
	    .number = { 1, 2 },
	    .blob = "\0x",
	    .blob_len = 2 },
	{ .op = WIRE_PART, .id = 5 },
	{ .op = WIRE_RELEASE },
	{ .op = WIRE_CLAIM,
	    .id = 4,
	    .text = { "gen/000000000042/claim" },
	    .blob = "bytes",
	    .blob_len = 5 },
	{ .op = WIRE_ERROR, .id = 5, .number = { 13, 2 }, .text = { "why" } },
};
#define N_SAMPLES (sizeof(samples) / sizeof(samples[0]))

Test(wire, what_was_written_is_read)
{
	struct wire back;
	struct buf b;
	size_t len;

	for (size_t i = 0; i < N_SAMPLES; i++) {
		b = bytes_of(&samples[i]);
		cr_assert_eq(wire_length(b.bytes, &len, &e), 0);
		cr_expect_eq(len, b.len - WIRE_HEAD);
		cr_assert_eq(wire_decode(&back, b.bytes + WIRE_HEAD, len, &e),
		    0, "%zu: %s", i, e.text);
		expect_same(&back, &samples[i]);
		buf_free(&b);
	}
}

/* A blob is the rest, whatever its length: only there a cut stays hidden. */
Test(wire, what_is_cut_off_or_too_long_is_refused)
{
	struct wire back;
	struct buf b;

	for (size_t i = 0; i < N_SAMPLES; i++) {
		b = bytes_of(&samples[i]);
		for (size_t cut = 1; cut <= b.len - WIRE_HEAD; cut++) {
			if (cut <= samples[i].blob_len)
				continue;
			cr_expect_eq(wire_decode(&back, b.bytes + WIRE_HEAD,
					 b.len - WIRE_HEAD - cut, &e),
			    -1, "sample %zu less %zu", i, cut);
		}
		buf_u8(&b, 'x');
		if (samples[i].op != WIRE_WRITE && samples[i].op != WIRE_OK &&
		    samples[i].op != WIRE_CLAIM && samples[i].op != WIRE_PART)
			cr_expect_eq(wire_decode(&back, b.bytes + WIRE_HEAD,
					 b.len - WIRE_HEAD, &e),
			    -1, "sample %zu and more", i);
		buf_free(&b);
	}
}

Test(wire, lengths_have_bounds)
{
	static const struct {
		uint8_t head[WIRE_HEAD];
		bool good;
	} cases[] = {
		{ { 0, 0, 0, 0 }, false },
		{ { 4, 0, 0, 0 }, false },
		{ { 5, 0, 0, 0 }, true },
		{ { 0, 0, 0x80, 0 }, true },
		{ { 0, 0, 0x81, 0 }, true },
		{ { 1, 0, 0x81, 0 }, false },
		{ { 255, 255, 255, 255 }, false },
	};
	size_t len;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(wire_length(cases[i].head, &len, &e) == 0,
		    cases[i].good, "case %zu", i);
}

Test(wire, a_text_has_one_nul_at_its_end)
{
	static const uint8_t list[] = { 0, 0, 0, 0, WIRE_LIST, 2, 0 };
	static const struct {
		const char *why;
		char text[4];
		size_t len;
		bool good;
	} cases[] = {
		{ "as it should be", "ab", 3, true },
		{ "none at the end", "abc", 3, false },
		{ "one before", "a\0", 3, false },
		{ "cut off", "ab", 2, false },
	};
	uint8_t bytes[sizeof(list) + 4];
	struct wire m;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(bytes, list, sizeof(list));
		memcpy(bytes + sizeof(list), cases[i].text, 4);
		cr_expect_eq(wire_decode(&m, bytes, sizeof(list) + cases[i].len,
				 &e) == 0,
		    cases[i].good, "%s", cases[i].why);
	}
}

Test(wire, unknown_ops_are_refused)
{
	uint8_t bytes[32] = { 0 };
	struct wire m;

	for (unsigned op = 0; op < 256; op++) {
		bytes[4] = (uint8_t)op;
		if (op == 0 || op >= WIRE__COUNT)
			cr_expect_eq(wire_decode(&m, bytes, 5, &e), -1);
	}
}

Test(wire, what_is_too_large_is_not_sent)
{
	char text[WIRE_TEXT + 2];
	struct buf b = { 0 };
	struct wire m = { .op = WIRE_LIST, .text = { text } };

	memset(text, 'x', sizeof(text));
	text[WIRE_TEXT + 1] = '\0';
	cr_expect_eq(wire_encode(&b, &m, &e), -1);
	cr_expect_eq(e.kind, ERR_LIMIT);
	text[WIRE_TEXT] = '\0';
	cr_expect_eq(wire_encode(&b, &m, &e), 0);
	m = (struct wire){ .op = WIRE_WRITE, .blob_len = WIRE_BLOB + 1 };
	cr_expect_eq(wire_encode(&b, &m, &e), -1);
	m = (struct wire){ .op = WIRE_MKDIR, .blob_len = 1 };
	cr_expect_eq(wire_encode(&b, &m, &e), -1);
	buf_free(&b);
}

Test(wire, items_of_a_list_are_read_as_written)
{
	static const struct wire_item items[] = {
		{ false, 0, -1, "" },
		{ true, UINT64_MAX, INT64_MAX, "name" },
		{ false, 7, INT64_MIN, "000000000001" },
	};
	struct buf b = { 0 };
	struct wire_item item;
	const uint8_t *at;
	size_t left;

	for (int i = 0; i < 3; i++)
		wire_put_item(&b, &items[i]);
	at = b.bytes;
	left = b.len;
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(wire_get_item(&item, &at, &left, &e), 1);
		cr_expect_eq(item.is_dir, items[i].is_dir);
		cr_expect_eq(item.size, items[i].size);
		cr_expect_eq(item.mtime_ns, items[i].mtime_ns);
		cr_expect_str_eq(item.name, items[i].name);
	}
	cr_expect_eq(wire_get_item(&item, &at, &left, &e), 0);
	at = b.bytes;
	left = 19;
	cr_expect_eq(wire_get_item(&item, &at, &left, &e), -1);
	buf_free(&b);
}
