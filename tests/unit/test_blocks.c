#include "engine/blocks.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A small generator of our own, so that a seed means the same everywhere. */
static uint32_t
draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*seed >> 33) % below);
}

struct bytes {
	uint8_t *at;
	size_t len;
	unsigned reads;  /* calls of read_bytes() */
	uint64_t served; /* bytes that they gave */
	size_t fail_at;  /* reading behind it fails; 0: never */
};

static struct bytes
bytes_of(const void *from, size_t len)
{
	struct bytes b = { .at = malloc(len + 1), .len = len };

	cr_assert_not_null(b.at);
	memcpy(b.at, from, len);
	return b;
}

/* kind 0: random; 1: text of few letters; 2: random blocks among zeros. */
static struct bytes
bytes_random(uint64_t *seed, size_t len, int kind)
{
	struct bytes b = { .at = malloc(len + 1), .len = len };
	size_t i;

	cr_assert_not_null(b.at);
	for (i = 0; i < len; i++)
		b.at[i] = (uint8_t)draw(seed, kind == 1 ? 4 : 256);
	for (i = 0; kind == 2 && i < len; i++)
		if ((i / BLOCK_MIN) % 4 != 1)
			b.at[i] = 0;
	return b;
}

/* Puts len bytes of from in the place of cut bytes at off. */
static void
splice(struct bytes *b, size_t off, size_t cut, const uint8_t *from, size_t len)
{
	struct bytes n = { .at = malloc(b->len - cut + len + 1),
		.len = b->len - cut + len };

	cr_assert_not_null(n.at);
	memcpy(n.at, b->at, off);
	memcpy(n.at + off, from, len);
	memcpy(n.at + off + len, b->at + off + cut, b->len - off - cut);
	free(b->at);
	*b = n;
}

static int
read_bytes(void *arg, uint64_t off, void *bytes, size_t len, struct err *e)
{
	struct bytes *b = arg;

	cr_assert_gt(len, 0);
	cr_assert_leq(off + len, b->len);
	b->reads++;
	b->served += len;
	if (b->fail_at != 0 && off + len > b->fail_at)
		return err_set(e, ERR_RACE, "changed");
	memcpy(bytes, b->at + off, len);
	return 0;
}

static struct blocks
blocks_of(const struct bytes *b)
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

/*
 * The spans for now against old, after checking that they make now out of
 * old, are ascending without gaps, and have no neighbours to be merged.
 */
static struct spans
match(const struct bytes *old, struct bytes *now)
{
	struct blocks blocks = blocks_of(old);
	struct spans s = { 0 };
	const struct span *p;
	uint64_t at = 0;
	struct err e;
	size_t i;

	cr_assert_eq(blocks_match(&s, &blocks, now->len, read_bytes, now, &e),
	    0);
	for (i = 0; i < s.count; at += p->len, i++) {
		p = &s.span[i];
		cr_assert_eq(p->at, at);
		cr_assert_gt(p->len, 0);
		if (p->from == SPAN_NEW)
			continue;
		cr_assert_leq(p->from + p->len, old->len);
		cr_assert_eq(memcmp(old->at + p->from, now->at + at, p->len),
		    0);
		cr_assert(i == 0 || p[-1].from == SPAN_NEW ||
		    p[-1].from + p[-1].len != p->from);
	}
	cr_assert_eq(at, now->len);
	blocks_free(&blocks);
	return s;
}

static uint64_t
new_bytes(const struct bytes *old, struct bytes *now)
{
	struct spans s = match(old, now);
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < s.count; i++)
		if (s.span[i].from == SPAN_NEW)
			sum += s.span[i].len;
	spans_free(&s);
	return sum;
}

/* One random edit; returns how many bytes it made new, and counts *cuts. */
static size_t
edit(struct bytes *b, uint64_t *seed, unsigned *edits)
{
	size_t off = draw(seed, (uint32_t)b->len), len = draw(seed, 20000) + 1;
	struct bytes news = bytes_random(seed, len, 0), part;
	size_t left = b->len - off, made = len;

	*edits += 1;
	switch (draw(seed, 6)) {
	case 0: /* overwrite */
		splice(b, off, len < left ? len : left, news.at, len);
		break;
	case 1: /* insert */
		splice(b, off, 0, news.at, len);
		break;
	case 2: /* append */
		splice(b, b->len, 0, news.at, len);
		break;
	case 3: /* delete */
		splice(b, off, len < left ? len : left, (const uint8_t *)"", 0);
		made = 0;
		break;
	case 4: /* truncate */
		splice(b, b->len - len % b->len, len % b->len,
		    (const uint8_t *)"", 0);
		made = 0;
		break;
	case 5: /* move: a deletion and an insertion */
		len = len < left ? len : left;
		part = bytes_of(b->at + off, len);
		splice(b, off, len, (const uint8_t *)"", 0);
		splice(b, draw(seed, (uint32_t)b->len + 1), 0, part.at, len);
		free(part.at);
		*edits += 1;
		made = 0;
		break;
	}
	free(news.at);
	return made;
}

Test(blocks, edits_cost_no_more_than_two_blocks_each)
{
	uint64_t seed = 1;
	int round;

	for (round = 0; round < 300; round++) {
		size_t len = 60000 + draw(&seed, 500000), made = 0, most;
		struct bytes old = bytes_random(&seed, len, round % 3);
		struct bytes now = bytes_of(old.at, old.len);
		unsigned edits = 0, count = draw(&seed, 5) + 1;

		while (edits < count && now.len > 1000)
			made += edit(&now, &seed, &edits);
		/* Among equal blocks the first find may not be the best. */
		most = made + (round % 3 == 2 ? 3 : 2) * BLOCK_MIN * edits;
		cr_assert_leq(new_bytes(&old, &now), most, "round %d", round);
		free(old.at);
		free(now.at);
	}
}

/* Blocks as blocks_next() makes them, read bytes counted in now. */
static struct blocks
next_of(const struct bytes *old, struct bytes *now)
{
	struct spans s = match(old, now);
	struct blocks before = blocks_of(old), after;
	struct err e;

	now->served = 0;
	cr_assert_eq(blocks_next(&after, &before, &s, read_bytes, now, &e), 0);
	spans_free(&s);
	blocks_free(&before);
	return after;
}

Test(blocks, the_next_signature_is_the_one_made_from_all_bytes)
{
	uint64_t seed = 77;

	for (int round = 0; round < 100; round++) {
		struct bytes old =
		    bytes_random(&seed, 1 + draw(&seed, 300000), round % 3);
		struct bytes now = bytes_of(old.at, old.len);
		struct blocks made, whole;
		unsigned edits = 0;

		while (edits < 3 && now.len > 1000)
			edit(&now, &seed, &edits);
		made = next_of(&old, &now);
		whole = blocks_of(&now);
		cr_assert_eq(made.count, whole.count);
		cr_assert_eq(memcmp(made.block, whole.block,
				 made.count * sizeof(made.block[0])),
		    0, "round %d", round);
		blocks_free(&made);
		blocks_free(&whole);
		free(old.at);
		free(now.at);
	}
}

Test(blocks, the_next_signature_reads_only_what_changed)
{
	uint64_t seed = 78;
	struct bytes old = bytes_random(&seed, 1000 * BLOCK_MIN, 0);
	struct bytes now = bytes_of(old.at, old.len);
	struct blocks made;

	now.at[500 * BLOCK_MIN + 3] ^= 1;
	made = next_of(&old, &now);
	cr_assert_eq(now.served, BLOCK_MIN);
	blocks_free(&made);
	free(old.at);
	free(now.at);
}

Test(blocks, an_equal_file_is_one_span_and_is_read_once)
{
	uint64_t seed = 2;
	struct bytes old = bytes_random(&seed, 5000001, 0);
	struct bytes now = bytes_of(old.at, old.len);
	struct spans s = match(&old, &now);

	cr_assert_eq(s.count, 1);
	cr_assert_eq(s.span[0].from, 0);
	cr_assert_eq(now.served, now.len);
	cr_assert_leq(now.reads, 6);
	spans_free(&s);
	free(old.at);
	free(now.at);
}

Test(blocks, a_changed_page_costs_a_page)
{
	uint64_t seed = 3;
	struct bytes old = bytes_random(&seed, 1000 * BLOCK_MIN, 0);
	struct bytes now = bytes_of(old.at, old.len);
	size_t i;

	for (i = 10; i < 1000; i += 100)
		now.at[i * BLOCK_MIN + i] ^= 1;
	cr_assert_eq(new_bytes(&old, &now), 10 * BLOCK_MIN);
	/* What did not match is read again, with its neighbours. */
	cr_assert_leq(now.served, now.len + 10 * 3 * BLOCK_MIN);
	free(old.at);
	free(now.at);
}

Test(blocks, a_byte_before_everything_costs_a_block_at_most)
{
	uint64_t seed = 4;
	struct bytes old = bytes_random(&seed, 3000000, 0);
	struct bytes now = bytes_of(old.at, old.len);
	struct spans s;

	splice(&now, 0, 0, (const uint8_t *)"x", 1);
	s = match(&old, &now);
	/* The last, short block is found at the end. */
	cr_assert_eq(s.count, 2);
	cr_assert_eq(s.span[0].len, 1);
	cr_assert_eq(s.span[1].from, 0);
	spans_free(&s);
	free(old.at);
	free(now.at);
}

Test(blocks, appended_data_costs_just_itself)
{
	uint64_t seed = 5;
	struct bytes old = bytes_random(&seed, 3000000, 0);
	struct bytes now = bytes_of(old.at, old.len);
	struct bytes more = bytes_random(&seed, 777, 0);

	splice(&now, now.len, 0, more.at, more.len);
	cr_assert_eq(new_bytes(&old, &now), 777);
	free(old.at);
	free(now.at);
	free(more.at);
}

Test(blocks, halves_that_change_places_cost_three_blocks_at_most)
{
	uint64_t seed = 6;
	struct bytes old = bytes_random(&seed, 2000000, 0);
	struct bytes now = bytes_of(old.at + 900001, 2000000 - 900001);

	splice(&now, now.len, 0, old.at, 900001);
	cr_assert_leq(new_bytes(&old, &now), 3 * BLOCK_MIN);
	free(old.at);
	free(now.at);
}

Test(blocks, equal_blocks_that_moved_together_stay_together)
{
	uint64_t seed = 13;
	struct bytes old = bytes_random(&seed, 100 * BLOCK_MIN, 0);
	struct bytes more = bytes_random(&seed, 70 * BLOCK_MIN + 10, 0);
	struct bytes now;
	struct spans s;

	memset(old.at + 10 * BLOCK_MIN, 0, 50 * BLOCK_MIN);
	now = bytes_of(old.at, old.len);
	splice(&now, 0, 0, more.at, more.len);
	s = match(&old, &now);
	cr_assert_eq(s.count, 2);
	spans_free(&s);
	free(old.at);
	free(now.at);
	free(more.at);
}

/* All but every fourth block looks the same where it was: it repeats itself
 * every 100 bytes, and that is how far it moved. */
Test(blocks, what_moved_among_what_seems_not_to_have_is_found)
{
	uint64_t seed = 14;
	struct bytes old = bytes_random(&seed, 100 * BLOCK_MIN, 0);
	struct bytes now;
	size_t i;

	for (i = 0; i < old.len; i++)
		if (i / BLOCK_MIN % 4 != 1)
			old.at[i] = (uint8_t)(i % 100);
	now = bytes_of(old.at, old.len);
	splice(&now, 0, 0, old.at, 100);
	cr_assert_leq(new_bytes(&old, &now), 2 * BLOCK_MIN);
	free(old.at);
	free(now.at);
}

Test(blocks, empty_versions_are_versions_too)
{
	struct bytes none = bytes_of("", 0), some = bytes_of("some", 4);

	cr_assert_eq(new_bytes(&none, &none), 0);
	cr_assert_eq(new_bytes(&none, &some), 4);
	cr_assert_eq(new_bytes(&some, &none), 0);
	cr_assert_eq(new_bytes(&some, &some), 0);
	free(none.at);
	free(some.at);
}

Test(blocks, a_search_in_vain_ends)
{
	uint64_t seed = 7;
	size_t len = 2 * SEARCH_IN_VAIN;
	struct bytes old = bytes_random(&seed, 100000, 0);
	struct bytes now = bytes_random(&seed, len, 0);

	cr_assert_eq(new_bytes(&old, &now), len);
	/* The old version is short: only the search reads that far. */
	cr_assert_lt(now.served, SEARCH_IN_VAIN + SEARCH_IN_VAIN / 8);
	free(old.at);
	free(now.at);
}

Test(blocks, a_failed_read_fails_the_match_with_its_error)
{
	uint64_t seed = 8;
	struct bytes old = bytes_random(&seed, 3000000, 0);
	struct bytes now = bytes_of(old.at, old.len);
	struct blocks blocks = blocks_of(&old);
	struct spans s = { 0 };
	struct err e;

	now.fail_at = 2500000;
	cr_assert_eq(blocks_match(&s, &blocks, now.len, read_bytes, &now, &e),
	    -1);
	cr_assert_eq(e.kind, ERR_RACE);
	cr_assert_null(s.span);
	blocks_free(&blocks);
	free(old.at);
	free(now.at);
}

Test(blocks, the_weak_sum_rolls)
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

Test(blocks, portions_do_not_matter)
{
	uint64_t seed = 10;
	struct bytes b = bytes_random(&seed, 300001, 0);
	struct blocks whole = blocks_of(&b), parts;
	struct blocks_maker *m;
	size_t at, n;
	struct err e;

	cr_assert_eq(blocks_maker_new(&m, b.len, &e), 0);
	for (at = 0; at < b.len; at += n) {
		n = draw(&seed, 10000);
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

Test(blocks, other_than_the_promised_bytes_are_a_race)
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

Test(blocks, there_are_never_too_many)
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

Test(blocks, a_file_beyond_all_bounds_is_refused)
{
	struct blocks_maker *m;
	struct err e;

	cr_assert_eq(blocks_maker_new(&m, UINT64_MAX, &e), -1);
	cr_assert_eq(e.kind, ERR_LIMIT);
}

Test(blocks, what_was_encoded_decodes_to_the_same)
{
	static const size_t lens[] = { 0, 1, 4095, 4096, 4097, 300001 };
	uint64_t seed = 11;
	size_t i, n;
	struct err e;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct bytes b = bytes_random(&seed, lens[i], 0);
		struct blocks one = blocks_of(&b), two;
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

Test(blocks, any_flipped_bit_and_any_cut_is_noticed)
{
	uint64_t seed = 12;
	struct bytes b = bytes_random(&seed, 10000, 0);
	struct blocks one = blocks_of(&b), two;
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
Test(blocks, impossible_headers_are_refused)
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
