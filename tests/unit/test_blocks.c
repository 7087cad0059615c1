#include "engine/blocks.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

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

/*
 * The spans for now against old, after checking that they make now out of
 * old, are ascending without gaps, and have no neighbours to be merged.
 */
static struct spans
match(const struct bytes *old, struct bytes *now)
{
	struct blocks blocks = bytes_blocks(old);
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
	size_t off = bytes_draw(seed, (uint32_t)b->len),
	       len = bytes_draw(seed, 20000) + 1;
	struct bytes news = bytes_random(seed, len, 0), part;
	size_t left = b->len - off, made = len;

	*edits += 1;
	switch (bytes_draw(seed, 6)) {
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
		splice(b, bytes_draw(seed, (uint32_t)b->len + 1), 0, part.at,
		    len);
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
		size_t len = 60000 + bytes_draw(&seed, 500000), made = 0, most;
		struct bytes old = bytes_random(&seed, len, round % 3);
		struct bytes now = bytes_of(old.at, old.len);
		unsigned edits = 0, count = bytes_draw(&seed, 5) + 1;

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
	struct blocks before = bytes_blocks(old), after;
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
		struct bytes old = bytes_random(&seed,
		    1 + bytes_draw(&seed, 300000), round % 3);
		struct bytes now = bytes_of(old.at, old.len);
		struct blocks made, whole;
		unsigned edits = 0;

		while (edits < 3 && now.len > 1000)
			edit(&now, &seed, &edits);
		made = next_of(&old, &now);
		whole = bytes_blocks(&now);
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
	struct blocks blocks = bytes_blocks(&old);
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
