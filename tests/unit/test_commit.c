#include "model/commit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "garden.h"
#include "model/tree.h"

static struct hash
draw_hash(struct garden *g)
{
	struct hash h;

	for (size_t i = 0; i < HASH_LEN; i++)
		h.b[i] = (uint8_t)garden_draw(g, 256);
	return h;
}

static void
draw_text(struct garden *g, char *out)
{
	size_t len = garden_draw(g, COMMIT_TEXT_MAX + 1);

	for (size_t i = 0; i < len; i++)
		out[i] = (char)(0x80 + garden_draw(g, 128));
	out[len] = '\0';
}

static void
draw_parents(struct garden *g, struct commit *c)
{
	uint64_t number = c->number;

	c->parent = number - 1;
	c->parent_id = draw_hash(g);
	c->parent_manifest = draw_hash(g);
	c->deltas = garden_draw(g, DELTAS_MAX + 1);
	for (uint32_t i = garden_draw(g, COMMIT_ANCESTORS + 1); i > 0; i--) {
		number -= 1 + garden_draw(g, 3);
		c->ancestor[c->ancestor_count].number = number;
		c->ancestor[c->ancestor_count++].id = draw_hash(g);
	}
}

/* Ends in commit_free(). */
static void
draw_commit(struct garden *g, struct commit *c)
{
	*c = (struct commit){ .number = 1, .time_ns = INT64_MIN };
	if (garden_draw(g, 4) > 0) {
		c->number = garden_draw(g, 4) == 0 ? GEN_MAX : 500;
		draw_parents(g, c);
	}
	c->store_id = draw_hash(g);
	c->id = draw_hash(g);
	draw_text(g, c->machine_id);
	draw_text(g, c->machine_name);
	draw_text(g, c->user);
	draw_text(g, c->version);
	c->rules = draw_hash(g);
	c->entries = garden_draw(g, ENTRIES_MAX);
	c->changes = garden_draw(g, 1000);
	c->bytes = UINT64_MAX;
	c->manifest = (struct sealed){ garden_draw(g, 9999), draw_hash(g) };
	c->pack_count = garden_draw(g, 20);
	c->pack = calloc(c->pack_count + 1, sizeof(c->pack[0]));
	for (uint32_t i = 0; i < c->pack_count; i++)
		c->pack[i] = (struct sealed){ i, draw_hash(g) };
}

/* All members but the array, which is compared by itself. */
static void
expect_same(const struct commit *a, const struct commit *b)
{
	struct commit x = *a, y = *b;

	cr_assert_eq(a->pack_count, b->pack_count);
	for (uint32_t i = 0; i < a->pack_count; i++) {
		cr_assert_eq(a->pack[i].size, b->pack[i].size);
		cr_assert(hash_same(&a->pack[i].hash, &b->pack[i].hash));
	}
	x.pack = y.pack = NULL;
	/* Both were zero before they were filled, paddings included. */
	cr_assert_eq(memcmp(&x, &y, sizeof(x)), 0);
}

Test(commit, what_is_written_comes_back)
{
	struct buf bytes = { 0 };
	struct commit c, back;
	struct garden g;
	struct err e;

	garden_open(&g, 1);
	for (int i = 0; i < 500; i++) {
		draw_commit(&g, &c);
		buf_clear(&bytes);
		buf_u8(&bytes, 0xaa); /* it appends */
		cr_assert_eq(commit_encode(&bytes, &c, &e), 0, "%s", e.text);
		cr_assert_eq(commit_decode(&back, bytes.bytes + 1,
				 bytes.len - 1, &e),
		    0, "%s", e.text);
		expect_same(&c, &back);
		commit_free(&back);
		commit_free(&c);
	}
	buf_free(&bytes);
	garden_close(&g);
}

static void
encode_one(struct buf *out, struct garden *g)
{
	struct commit c;
	struct err e;

	garden_open(g, 7);
	draw_commit(g, &c);
	cr_assert_gt(c.pack_count, 0);
	cr_assert_eq(commit_encode(out, &c, &e), 0);
	commit_free(&c);
}

static void
expect_refused(const void *bytes, size_t len, enum err_kind kind)
{
	struct commit c = { .number = 77 };
	struct err e;

	cr_assert_eq(commit_decode(&c, bytes, len, &e), -1);
	cr_assert_eq(e.kind, kind, "%s", e.text);
	cr_assert_eq(c.number, 77); /* out is as it was */
}

Test(commit, any_flipped_bit_is_noticed)
{
	struct buf bytes = { 0 };
	struct garden g;

	encode_one(&bytes, &g);
	for (size_t bit = 0; bit < bytes.len * 8; bit++) {
		bytes.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		expect_refused(bytes.bytes, bytes.len, ERR_FORMAT);
		bytes.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_free(&bytes);
	garden_close(&g);
}

static void
reseal(struct buf *b)
{
	struct hash h = hash_of(b->bytes, b->len - HASH_LEN);

	memcpy(b->bytes + b->len - HASH_LEN, h.b, HASH_LEN);
}

Test(commit, cut_off_anywhere_it_is_refused_even_with_a_good_checksum)
{
	struct buf bytes = { 0 };
	struct garden g;
	uint8_t *copy;

	encode_one(&bytes, &g);
	for (size_t len = 0; len < bytes.len; len++) {
		cr_assert_not_null(copy = malloc(len + 1));
		memcpy(copy + 1, bytes.bytes, len);
		expect_refused(copy + 1, len, ERR_FORMAT);
		if (len >= HASH_LEN) {
			struct buf b = { .bytes = copy + 1, .len = len };

			reseal(&b);
			expect_refused(copy + 1, len, ERR_FORMAT);
		}
		free(copy);
	}
	buf_u8(&bytes, 0);
	reseal(&bytes);
	expect_refused(bytes.bytes, bytes.len, ERR_FORMAT);
	buf_free(&bytes);
	garden_close(&g);
}

Test(commit, a_newer_format_asks_for_a_newer_program)
{
	struct buf bytes = { 0 };
	struct commit c;
	struct garden g;
	struct err e;

	encode_one(&bytes, &g);
	bytes.bytes[8] = 2;
	reseal(&bytes);
	cr_assert_eq(commit_decode(&c, bytes.bytes, bytes.len, &e), -1);
	cr_assert_eq(e.kind, ERR_POLICY);
	cr_assert_not_null(
	    strstr(e.text, "(format 2): update Roam on this machine"));
	bytes.bytes[8] = 0;
	reseal(&bytes);
	expect_refused(bytes.bytes, bytes.len, ERR_FORMAT);
	buf_free(&bytes);
	garden_close(&g);
}

/* Where fields of a record lie; see roam-store(5). */
#define AT_NUMBER  44
#define AT_PARENT  52
#define AT_ENTRIES 116
#define AT_DELTAS  140
#define AT_TEXTS   168

static const struct {
	const char *why;
	size_t at;
	const char *bytes;
	size_t len;
} tampered[] = {
	{ "number 0", AT_NUMBER, "\0\0\0\0\0\0\0\0", 8 },
	{ "a number of 13 digits", AT_NUMBER, "\0\x10\xa5\xd4\xe8\0\0\0", 8 },
	{ "its own parent", AT_PARENT, "\xf4\1\0\0\0\0\0\0", 8 },
	{ "a parent of the future", AT_PARENT, "\xff\xff\0\0\0\0\0\0", 8 },
	{ "hashes of no parent", AT_PARENT, "\0\0\0\0\0\0\0\0", 8 },
	{ "too many entries", AT_ENTRIES, "\1\0\0\1\0\0\0\0", 8 },
	{ "too many deltas", AT_DELTAS, "\x11\0\0\0", 4 },
	{ "a text without end", AT_TEXTS, "\xff\xff", 2 },
	{ "a text of 256 bytes", AT_TEXTS, "\0\1", 2 },
	{ "a control byte", AT_TEXTS + 2, "\n", 1 },
	{ "DEL", AT_TEXTS + 2, "\x7f", 1 },
	{ "a NUL", AT_TEXTS + 2, "\0", 1 },
	{ "too many ancestors", AT_TEXTS + 4 * 3, "\x21\0\0\0", 4 },
	{ "ancestors without end", AT_TEXTS + 4 * 3, "\xff\xff\xff\xff", 4 },
	{ "an ancestor 0", AT_TEXTS + 4 * 3 + 4, "\0\0\0\0\0\0\0\0", 8 },
	{ "an ancestor of the future", AT_TEXTS + 4 * 3 + 4, "\xf4\1", 2 },
	{ "ancestors out of order", AT_TEXTS + 4 * 3 + 28, "\xf3\1", 2 },
	{ "packs without end", AT_TEXTS + 4 * 3 + 52, "\xff\xff\xff\xff", 4 },
	{ "more packs than bytes", AT_TEXTS + 4 * 3 + 52, "\2\0\0\0", 4 },
	{ "fewer packs than bytes", AT_TEXTS + 4 * 3 + 52, "\0\0\0\0", 4 },
};

/* Generation 500 with four texts of one byte, two ancestors and one pack. */
static void
plain(struct buf *out)
{
	struct sealed pack = { .size = 5 };
	struct commit c = { .number = 500,
		.parent = 499,
		.parent_id.b = { 1 },
		.ancestor = { { .number = 499 }, { .number = 498 } },
		.ancestor_count = 2,
		.machine_id = "a",
		.machine_name = "b",
		.user = "c",
		.version = "d",
		.pack = &pack,
		.pack_count = 1 };
	struct err e;

	buf_clear(out);
	cr_assert_eq(commit_encode(out, &c, &e), 0, "%s", e.text);
}

Test(commit, tampered_fields_are_refused_even_with_a_good_checksum)
{
	struct buf bytes = { 0 };
	struct commit c;
	struct err e;

	for (size_t i = 0; i < sizeof(tampered) / sizeof(tampered[0]); i++) {
		plain(&bytes);
		cr_assert_eq(commit_decode(&c, bytes.bytes, bytes.len, &e), 0);
		commit_free(&c);
		memcpy(bytes.bytes + tampered[i].at, tampered[i].bytes,
		    tampered[i].len);
		reseal(&bytes);
		cr_expect_eq(commit_decode(&c, bytes.bytes, bytes.len, &e), -1,
		    "%s is accepted", tampered[i].why);
	}
	buf_free(&bytes);
}

Test(commit, what_no_reader_accepts_is_not_written)
{
	struct buf bytes = { 0 };
	struct commit c = { .number = 0 };
	struct err e;

	cr_assert_eq(commit_encode(&bytes, &c, &e), -1);
	c.number = 1;
	cr_assert_eq(commit_encode(&bytes, &c, &e), 0);
	strcpy(c.user, "a\nb");
	cr_assert_eq(commit_encode(&bytes, &c, &e), -1);
	strcpy(c.user, "ab");
	c.deltas = 1; /* against no parent */
	cr_assert_eq(commit_encode(&bytes, &c, &e), -1);
	c.deltas = 0;
	memset(c.version, 'x', sizeof(c.version)); /* no NUL */
	cr_assert_eq(commit_encode(&bytes, &c, &e), -1);
	buf_free(&bytes);
}

Test(commit, the_largest_record_fits_its_bound)
{
	struct buf bytes = { .max = COMMIT_SIZE_MAX };
	struct commit c = { .number = 500, .pack_count = COMMIT_PACKS_MAX };
	struct commit back;
	struct err e;

	c.pack = calloc(c.pack_count, sizeof(c.pack[0]));
	cr_assert_eq(commit_encode(&bytes, &c, &e), 0, "%s", e.text);
	cr_assert_eq(commit_decode(&back, bytes.bytes, bytes.len, &e), 0);
	cr_assert_eq(back.pack_count, COMMIT_PACKS_MAX);
	commit_free(&back);
	commit_free(&c);
	buf_free(&bytes);
}

Test(commit, descends_from_itself_its_parent_and_named_ancestors_only)
{
	struct commit c = { .number = 10,
		.id.b = { 10 },
		.parent = 8,
		.parent_id.b = { 8 },
		.ancestor = { { 8, { { 8 } } }, { 5, { { 5 } } } },
		.ancestor_count = 2 };
	struct hash id = { { 0 } };

	for (uint64_t number = 0; number < 20; number++) {
		bool named = number == 10 || number == 8 || number == 5;

		id.b[0] = (uint8_t)number;
		cr_assert_eq(commit_descends(&c, number, &id), named);
		id.b[1] = 1; /* the same number, but another generation */
		cr_assert(!commit_descends(&c, number, &id));
		id.b[1] = 0;
	}
	c.ancestor_count = 0;
	id.b[0] = 8;
	cr_assert(commit_descends(&c, 8, &id));
}
