#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "garden.h"
#include "model/manifest.h"

#define SELF 42

/* Decodes into an arena of its own, which is thrown away with it. */
struct decoded {
	struct arena arena;
	struct machines machines;
	struct profile profile;
	struct err e;
};

static int
decode(struct decoded *d, const struct profile *parent, const void *bytes,
    size_t len)
{
	struct decode how = { &d->arena, &d->machines, SELF };

	*d = (struct decoded){ 0 };
	d->machines.arena = &d->arena;
	return manifest_decode(&d->profile, parent, bytes, len, &how, &d->e);
}

static void
decoded_free(struct decoded *d)
{
	profile_free(&d->profile);
	machines_free(&d->machines);
	arena_free(&d->arena);
}

static void
encode(struct buf *out, const struct profile *parent, const struct profile *now)
{
	struct err e;

	if (manifest_encode(out, parent, now, &e) == -1)
		cr_assert_fail("%s", e.text);
}

/* The profile that comes back says what the one that went in said. */
static void
expect_same(const struct profile *now, const struct profile *back)
{
	char *a = profile_text(now, SELF), *b = profile_text(back, SELF);

	cr_assert_str_eq(a, b);
	free(a);
	free(b);
}

Test(manifest, what_is_written_in_full_comes_back)
{
	struct buf bytes = { 0 };
	struct profile now;
	struct decoded d;
	struct garden g;

	for (uint64_t seed = 0; seed < 150; seed++) {
		garden_open(&g, seed);
		garden_profile(&g, &now, seed < 20 ? seed : 10 * seed);
		buf_clear(&bytes);
		encode(&bytes, NULL, &now);
		cr_assert_eq(decode(&d, NULL, bytes.bytes, bytes.len), 0,
		    "seed %ju: %s", (uintmax_t)seed, d.e.text);
		expect_same(&now, &d.profile);
		decoded_free(&d);
		profile_free(&now);
		garden_close(&g);
	}
	buf_free(&bytes);
}

Test(manifest, a_chain_of_deltas_gives_what_was_written)
{
	struct buf bytes = { 0 };
	struct profile now[6];
	struct decoded d[6];
	struct garden g;

	for (uint64_t seed = 0; seed < 60; seed++) {
		garden_open(&g, seed);
		garden_profile(&g, &now[0], 10 * seed);
		for (size_t i = 0; i < 6; i++) {
			if (i > 0)
				garden_grow(&g, &now[i - 1], &now[i]);
			buf_clear(&bytes);
			encode(&bytes, i > 0 ? &now[i - 1] : NULL, &now[i]);
			cr_assert_eq(decode(&d[i],
					 i > 0 ? &d[i - 1].profile : NULL,
					 bytes.bytes, bytes.len),
			    0, "seed %ju: %s", (uintmax_t)seed, d[i].e.text);
			expect_same(&now[i], &d[i].profile);
		}
		for (size_t i = 0; i < 6; i++) {
			decoded_free(&d[i]);
			profile_free(&now[i]);
		}
		garden_close(&g);
	}
	buf_free(&bytes);
}

Test(manifest, the_same_profile_gives_the_same_bytes)
{
	struct buf a = { 0 }, b = { 0 };
	struct profile now;
	struct garden g;

	garden_open(&g, 5);
	garden_profile(&g, &now, 500);
	encode(&a, NULL, &now);
	encode(&b, NULL, &now);
	cr_assert_eq(a.len, b.len);
	cr_assert_arr_eq(a.bytes, b.bytes, a.len);
	buf_free(&a);
	buf_free(&b);
	profile_free(&now);
	garden_close(&g);
}

Test(manifest, a_delta_of_nothing_is_small_and_shares_every_entry)
{
	struct buf bytes = { 0 };
	struct profile now;
	struct decoded d;
	struct garden g;

	garden_open(&g, 1);
	garden_profile(&g, &now, 5000);
	encode(&bytes, &now, &now);
	cr_assert_lt(bytes.len,
	    2000); /* the conflicts, which are always there */
	cr_assert_eq(decode(&d, &now, bytes.bytes, bytes.len), 0);
	cr_assert_eq(d.profile.tree.count, now.tree.count);
	for (size_t i = 0; i < now.tree.count; i++)
		cr_assert_eq(d.profile.tree.entry[i], now.tree.entry[i]);
	decoded_free(&d);
	buf_free(&bytes);
	profile_free(&now);
	garden_close(&g);
}

Test(manifest, appends_to_what_the_buffer_holds)
{
	struct buf bytes = { 0 };
	struct profile now = { 0 };
	struct decoded d;

	buf_text(&bytes, "before");
	encode(&bytes, NULL, &now);
	cr_assert_eq(memcmp(bytes.bytes, "before", 6), 0);
	cr_assert_eq(decode(&d, NULL, bytes.bytes + 6, bytes.len - 6), 0);
	cr_assert_eq(d.profile.tree.count, 0);
	decoded_free(&d);
	buf_free(&bytes);
}

Test(manifest, the_header_tells_a_delta)
{
	struct buf full = { 0 }, delta = { 0 };
	struct profile now = { 0 };
	struct decoded d;
	struct err e;
	bool is;

	encode(&full, NULL, &now);
	encode(&delta, &now, &now);
	cr_assert_eq(manifest_is_delta(full.bytes, full.len, &is, &e), 0);
	cr_assert(!is);
	cr_assert_eq(manifest_is_delta(delta.bytes, delta.len, &is, &e), 0);
	cr_assert(is);
	cr_assert_eq(manifest_is_delta("ROAM", 4, &is, &e), -1);
	cr_assert_eq(decode(&d, NULL, delta.bytes, delta.len), -1);
	cr_assert_eq(d.e.kind, ERR_FORMAT);
	decoded_free(&d);
	buf_free(&full);
	buf_free(&delta);
}

Test(manifest, a_delta_made_against_another_parent_is_refused)
{
	struct profile a = { 0 }, b = { 0 }, none = { 0 };
	struct buf bytes = { 0 };
	struct decoded d;
	struct garden g;
	struct err e;

	garden_open(&g, 0);
	cr_assert_eq(tree_add(&a.tree, garden_file(&g, "a"), &e), 0);
	cr_assert_eq(tree_add(&a.tree, garden_file(&g, "b"), &e), 0);
	cr_assert_eq(tree_add(&b.tree, a.tree.entry[1], &e), 0);
	encode(&bytes, &a, &b); /* removes "a" */
	cr_assert_eq(decode(&d, &b, bytes.bytes, bytes.len), -1);
	cr_assert_eq(d.e.kind, ERR_FORMAT);
	decoded_free(&d);
	buf_clear(&bytes);
	encode(&bytes, &a, &a); /* changes nothing: only the count tells */
	cr_assert_eq(decode(&d, &none, bytes.bytes, bytes.len), -1);
	decoded_free(&d);
	buf_free(&bytes);
	profile_free(&a);
	profile_free(&b);
	garden_close(&g);
}

/* A small one that has a bit of everything. */
static void
small(struct garden *g, struct buf *bytes)
{
	struct profile now;

	garden_open(g, 11);
	garden_profile(g, &now, 12);
	encode(bytes, NULL, &now);
	profile_free(&now);
}

static void
expect_refused(const uint8_t *bytes, size_t len)
{
	struct decoded d;

	cr_assert_eq(decode(&d, NULL, bytes, len), -1);
	cr_assert_eq(d.e.kind, ERR_FORMAT);
	decoded_free(&d);
}

Test(manifest, any_flipped_bit_is_noticed)
{
	struct buf bytes = { 0 };
	struct garden g;

	small(&g, &bytes);
	for (size_t bit = 0; bit < bytes.len * 8; bit++) {
		bytes.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		expect_refused(bytes.bytes, bytes.len);
		bytes.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_free(&bytes);
	garden_close(&g);
}

Test(manifest, cut_off_or_prolonged_anywhere_it_is_refused)
{
	struct buf bytes = { 0 };
	struct garden g;

	small(&g, &bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		/* Memory of that very size, for the sanitizers. */
		uint8_t *copy = malloc(len + 1);

		memcpy(copy + 1, bytes.bytes, len);
		expect_refused(copy + 1, len);
		free(copy);
	}
	buf_u8(&bytes, 0);
	expect_refused(bytes.bytes, bytes.len);
	buf_free(&bytes);
	garden_close(&g);
}

/* Puts the hash at the end right after somebody tampered with the rest. */
static void
reseal(struct buf *b)
{
	struct hash h = hash_of(b->bytes, b->len - HASH_LEN);

	memcpy(b->bytes + b->len - HASH_LEN, h.b, HASH_LEN);
}

Test(manifest, no_tampered_bit_of_a_header_passes_even_when_resealed)
{
	struct buf bytes = { 0 };
	struct decoded d;
	struct garden g;

	small(&g, &bytes);
	for (size_t bit = 0; bit < (size_t)36 * 8; bit++) {
		bytes.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		reseal(&bytes);
		cr_assert_eq(decode(&d, NULL, bytes.bytes, bytes.len), -1,
		    "bit %zu", bit);
		decoded_free(&d);
		bytes.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_free(&bytes);
	garden_close(&g);
}

/* What zstd makes of it is either noticed or the very same body. */
Test(manifest, no_tampered_bit_of_the_content_changes_what_is_read)
{
	struct buf bytes = { 0 };
	struct decoded d, good;
	struct garden g;

	small(&g, &bytes);
	cr_assert_eq(decode(&good, NULL, bytes.bytes, bytes.len), 0);
	for (size_t bit = 36 * 8; bit < (bytes.len - HASH_LEN) * 8; bit++) {
		bytes.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		reseal(&bytes);
		if (decode(&d, NULL, bytes.bytes, bytes.len) == 0)
			expect_same(&good.profile, &d.profile);
		else
			cr_assert_eq(d.e.kind, ERR_FORMAT);
		decoded_free(&d);
		bytes.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	decoded_free(&good);
	buf_free(&bytes);
	garden_close(&g);
}

Test(manifest, content_that_is_cut_off_is_refused_even_when_resealed)
{
	struct buf bytes = { 0 };
	struct garden g;
	uint8_t *copy;

	small(&g, &bytes);
	for (size_t len = HASH_LEN; len < bytes.len; len++) {
		struct buf b = { .len = len };

		cr_assert_not_null(b.bytes = copy = malloc(len));
		memcpy(copy, bytes.bytes, len);
		reseal(&b);
		expect_refused(copy, len);
		free(copy);
	}
	buf_free(&bytes);
	garden_close(&g);
}

Test(manifest, a_newer_format_asks_for_a_newer_program)
{
	struct buf bytes = { 0 };
	struct decoded d;
	struct garden g;

	small(&g, &bytes);
	bytes.bytes[8] = 2;
	reseal(&bytes);
	cr_assert_eq(decode(&d, NULL, bytes.bytes, bytes.len), -1);
	cr_assert_eq(d.e.kind, ERR_POLICY);
	cr_assert_not_null(strstr(d.e.text, "update Roam"));
	decoded_free(&d);
	buf_free(&bytes);
	garden_close(&g);
}

Test(manifest, a_promised_length_is_not_allocated_before_bytes_come)
{
	static const struct {
		uint64_t len;
		enum err_kind kind;
	} cases[] = { { BODY_MAX, ERR_FORMAT }, { BODY_MAX + 1, ERR_LIMIT },
		{ UINT64_MAX, ERR_LIMIT }, { 0, ERR_FORMAT } };
	struct buf bytes = { 0 };
	struct decoded d;
	struct garden g;

	small(&g, &bytes);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t byte = 0; byte < 8; byte++)
			bytes.bytes[12 + byte] =
			    (uint8_t)(cases[i].len >> 8 * byte);
		reseal(&bytes);
		cr_assert_eq(decode(&d, NULL, bytes.bytes, bytes.len), -1);
		cr_assert_eq(d.e.kind, cases[i].kind, "%zu: %s", i, d.e.text);
		decoded_free(&d);
	}
	buf_free(&bytes);
	garden_close(&g);
}

Test(manifest, twenty_thousand_entries_take_little_more_than_their_hashes)
{
	struct profile now = { 0 };
	struct buf bytes = { 0 };
	char path[64];
	uint64_t frame = 0;
	uint32_t at = 0;
	struct entry *t;
	struct garden g;
	struct err e;

	garden_open(&g, 3);
	for (unsigned i = 0; i < 20000; i++) {
		int n = snprintf(path, sizeof(path), "dir%03u", i / 100);

		if (i % 100 > 0)
			n += snprintf(path + n, sizeof(path) - (size_t)n,
			    "/some-file-%05u.txt", i);
		t = garden_entry(&g, path, (size_t)n,
		    i % 100 > 0 ? ENTRY_FILE : ENTRY_DIR);
		t->extra = NULL;
		t->machine = NULL;
		t->mode = t->type == ENTRY_DIR ? 0755 : 0644;
		t->mtime_ns = 1700000000000000000 +
		    (int64_t)garden_draw(&g, 1000000000) * 10000000 +
		    garden_draw(&g, 1000000000);
		if (t->type == ENTRY_FILE) {
			t->size = 1 + garden_draw(&g, 20000);
			at = (at + 1024 + 511) & ~511u;
			if (at > 1u << 20) {
				frame += 300000 + garden_draw(&g, 100000);
				at = 0;
			}
			t->place = (struct place){ .gen = GEN_SELF,
				.frame = frame,
				.frame_len = 400000,
				.at = at };
			at += (uint32_t)t->size;
		}
		cr_assert_eq(tree_add(&now.tree, t, &e), 0);
	}
	tree_sort(&now.tree);
	encode(&bytes, NULL, &now);
	cr_log_info("%zu bytes", bytes.len);
	cr_assert_lt(bytes.len, 20000 * (16 + 12), "%zu bytes", bytes.len);
	buf_free(&bytes);
	profile_free(&now);
	garden_close(&g);
}
