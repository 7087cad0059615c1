#include "engine/blocks.h"

#include <stdlib.h>
#include <string.h>

#define READ_LEN   ((size_t)1 << 20) /* bytes of a read */
#define PIECE_MIN  256u              /* bytes; shorter finds are not worth it */
#define PROBES_MAX 16u               /* blocks with the same weak sum */
#define CREDIT     16u /* blocks that a find lets the search go on for */
#define SPREAD     5u  /* the table has 2^SPREAD bits for each slot */
#define SPREAD_LEN ((1u << SPREAD) / 8)

/*
 * The blocks of the old version by their weak sum: open addressing, and before
 * it a map of bits that turns away nearly all sums that no block has, at the
 * price of a look at one byte.
 */
struct table {
	uint32_t *slot; /* owned; index of a block + 1, or 0 */
	uint8_t *bit;   /* owned; 2^SPREAD bits for each slot */
	unsigned shift; /* a sum's first slot is sum >> shift */
};

struct search {
	const struct blocks *old;
	uint64_t size; /* of the new version */
	blocks_read *read;
	void *arg;
	struct spans *out;
	struct table table;
	/* What was read last: len bytes of the new version from at on. */
	uint8_t *bytes; /* owned */
	size_t cap;
	size_t len;
	uint64_t at;
	uint32_t out_factor; /* base to the power of the length of a block */
	uint64_t credit;     /* bytes that may still be searched in vain */
	size_t expect;       /* the block that would go on where a find ended */
};

void
spans_free(struct spans *s)
{
	if (s == NULL)
		return;
	free(s->span);
	*s = (struct spans){ 0 };
}

/* Adds a run right behind those that s holds. */
static int
span_add(struct spans *s, struct span next, struct err *e)
{
	struct span *last = s->count > 0 ? &s->span[s->count - 1] : NULL, *more;
	size_t cap;

	if (next.len == 0)
		return 0;
	if (last != NULL &&
	    (last->from == SPAN_NEW) == (next.from == SPAN_NEW) &&
	    (next.from == SPAN_NEW || last->from + last->len == next.from)) {
		last->len += next.len;
		return 0;
	}
	if (s->count == s->cap) {
		cap = s->cap > 0 ? s->cap * 2 : 64;
		more = reallocarray(s->span, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, "spans");
		s->span = more;
		s->cap = cap;
	}
	s->span[s->count++] = next;
	return 0;
}

/* The end of what s holds, which is where the next run begins. */
static uint64_t
spans_end(const struct spans *s)
{
	if (s->count == 0)
		return 0;
	return s->span[s->count - 1].at + s->span[s->count - 1].len;
}

static size_t
block_len_of(const struct blocks *b, size_t i)
{
	uint64_t left = b->size - (uint64_t)i * b->block_len;

	return left < b->block_len ? (size_t)left : b->block_len;
}

static bool
is_block(const struct blocks *b, size_t i, const uint8_t *bytes)
{
	struct hash h = hash_of(bytes, block_len_of(b, i));

	return hash_same(&h, &b->block[i].strong);
}

/* Makes bytes hold [from, to) at least, and more up to end. */
static int
load(struct search *s, uint64_t from, uint64_t to, uint64_t end, struct err *e)
{
	size_t keep = 0, want;

	if (from >= s->at && to <= s->at + s->len)
		return 0;
	if (from >= s->at && from < s->at + s->len) {
		keep = (size_t)(s->at + s->len - from);
		memmove(s->bytes, s->bytes + (from - s->at), keep);
	}
	s->at = from;
	s->len = keep;
	want = end - from < s->cap ? (size_t)(end - from) : s->cap;
	if (s->read(s->arg, from + keep, s->bytes + keep, want - keep, e) == -1)
		return -1;
	s->len = want;
	return 0;
}

/* Pass 1: the blocks that are still where they were. */
static int
match_in_place(struct search *s, struct spans *out, struct err *e)
{
	const struct blocks *old = s->old;
	uint64_t at = 0, from;
	size_t i, len;

	for (i = 0; i < old->count && at < s->size; i++, at += len) {
		len = block_len_of(old, i);
		if (len > s->size - at)
			break;
		if (load(s, at, at + len, s->size, e) == -1)
			return -1;
		from =
		    is_block(old, i, s->bytes + (at - s->at)) ? at : SPAN_NEW;
		if (span_add(out, (struct span){ at, len, from }, e) == -1)
			return -1;
	}
	return span_add(out, (struct span){ at, s->size - at, SPAN_NEW }, e);
}

static int
table_init(struct table *t, size_t count, struct err *e)
{
	unsigned bits = 10;

	while ((size_t)1 << bits < 2 * count)
		bits++;
	t->shift = 32 - bits;
	t->slot = calloc((size_t)1 << bits, sizeof(*t->slot));
	t->bit = calloc((size_t)1 << bits, SPREAD_LEN);
	if (t->slot == NULL || t->bit == NULL)
		return err_sys(e, "table of blocks");
	return 0;
}

static void
table_free(struct table *t)
{
	free(t->slot);
	free(t->bit);
}

static bool
table_may_have(const struct table *t, uint32_t weak)
{
	uint32_t i = weak >> (t->shift - SPREAD);

	return (t->bit[i >> 3] >> (i & 7) & 1) != 0;
}

/* The same block is kept once, and few that differ in nothing but the strong
 * hash: files can be made so that there would be many. */
static void
table_add(struct table *t, const struct blocks *b, size_t n)
{
	uint32_t mask = ((uint32_t)1 << (32 - t->shift)) - 1;
	uint32_t weak = b->block[n].weak, i = weak >> t->shift;
	const struct block *other;
	unsigned probes = 0;

	for (; t->slot[i] != 0; i = (i + 1) & mask) {
		other = &b->block[t->slot[i] - 1];
		if (other->weak != weak)
			continue;
		if (++probes == PROBES_MAX ||
		    hash_same(&other->strong, &b->block[n].strong))
			return;
	}
	t->slot[i] = (uint32_t)n + 1;
	i = weak >> (t->shift - SPREAD);
	t->bit[i >> 3] |= (uint8_t)(1u << (i & 7));
}

/* The block whose bytes these are, or count. */
static size_t
table_find(const struct table *t, const struct blocks *b, uint32_t weak,
    const uint8_t *bytes)
{
	uint32_t mask = ((uint32_t)1 << (32 - t->shift)) - 1;
	uint32_t i = weak >> t->shift;
	struct hash strong;
	bool hashed = false;
	size_t n;

	for (; t->slot[i] != 0; i = (i + 1) & mask) {
		n = t->slot[i] - 1;
		if (b->block[n].weak != weak)
			continue;
		if (!hashed)
			strong = hash_of(bytes, b->block_len);
		hashed = true;
		if (hash_same(&strong, &b->block[n].strong))
			return n;
	}
	return b->count;
}

/*
 * Rolls the sum of the window at bytes on by up to n bytes, until it is one
 * that a block may have; returns how far. This is the loop that counts.
 */
static size_t
roll(const struct search *s, const uint8_t *bytes, size_t n, uint32_t *weak)
{
	const uint8_t *in = bytes + s->old->block_len;
	uint32_t sum = *weak, factor = s->out_factor;
	size_t i;

	for (i = 0; i < n && !table_may_have(&s->table, sum); i++)
		sum = sum * WEAK_BASE + (in[i] - bytes[i] * factor);
	*weak = sum;
	return i;
}

/* Block n is at at of the new version: adds as much of it as lies in the gap,
 * and what is before it as new. */
static int
add_block(struct search *s, const struct span *gap, uint64_t at, size_t n,
    struct err *e)
{
	uint64_t end = at + block_len_of(s->old, n), gap_end, done, from;

	gap_end = gap->at + gap->len;
	done = spans_end(s->out);
	from = (uint64_t)n * s->old->block_len;
	if (at > done &&
	    span_add(s->out, (struct span){ done, at - done, SPAN_NEW }, e) ==
		-1)
		return -1;
	if (at < done) {
		from += done - at;
		at = done;
	}
	if (end > gap_end)
		end = gap_end;
	return span_add(s->out, (struct span){ at, end - at, from }, e);
}

/*
 * The same for a find. The block before it may well stand before it here too,
 * partly under what was found earlier: so the search did not see it.
 */
static int
found(struct search *s, const struct span *gap, uint64_t at, size_t n,
    struct err *e)
{
	size_t len = s->old->block_len;

	s->expect = n + 1;
	s->credit += CREDIT * len;
	if (n > 0 && at >= len && at > spans_end(s->out)) {
		if (load(s, at - len, at, s->size, e) == -1)
			return -1;
		if (is_block(s->old, n - 1, s->bytes + (at - len - s->at)) &&
		    add_block(s, gap, at - len, n - 1, e) == -1)
			return -1;
	}
	return add_block(s, gap, at, n, e);
}

/*
 * Looks for a block from at on, in what is loaded, with windows that begin
 * before stop. Moves *at to it and gives its number; or gives count, and *at
 * is the first window that was not looked at.
 */
static size_t
look(struct search *s, uint64_t *at, uint64_t stop, bool fresh)
{
	const struct blocks *old = s->old;
	const uint8_t *bytes = s->bytes + (*at - s->at);
	size_t len = old->block_len, n, i;
	size_t most = (size_t)(s->at + s->len - *at) - len;
	uint32_t weak;

	/* Blocks that followed each other mostly still do. */
	if (fresh && s->expect < old->count &&
	    block_len_of(old, s->expect) == len &&
	    is_block(old, s->expect, bytes))
		return s->expect;
	if (most >= stop - *at)
		most = (size_t)(stop - *at) - 1;
	weak = blocks_weak(0, bytes, len);
	for (i = 0;; i++) {
		i += roll(s, bytes + i, most - i, &weak);
		n = table_find(&s->table, old, weak, bytes + i);
		if (n < old->count || i >= most)
			break;
		weak = weak * WEAK_BASE +
		    (bytes[i + len] - bytes[i] * s->out_factor);
	}
	s->credit -= i < s->credit ? i : s->credit;
	*at += n < old->count ? i : i + 1;
	return n;
}

/*
 * Pass 2, in one gap. Windows reach over its borders by nearly a block: next
 * to what happens to be equal in place, such as zeros, what moved would
 * otherwise show too little of itself.
 */
static int
search_gap(struct search *s, const struct span *gap, struct err *e)
{
	uint64_t len = s->old->block_len, end = gap->at + gap->len;
	uint64_t reach = len - PIECE_MIN, at, stop, last;
	bool fresh = false;
	size_t n;

	at = gap->at > reach ? gap->at - reach : 0;
	last = s->size - end > reach ? end + reach : s->size;
	if (gap->len < PIECE_MIN || last - at < len)
		return 0;
	stop = last - len + 1; /* windows begin before it */
	while (at < stop && s->credit > 0) {
		if (load(s, at, at + len, last, e) == -1)
			return -1;
		n = look(s, &at, stop, fresh);
		fresh = n < s->old->count;
		if (!fresh)
			continue;
		if (found(s, gap, at, n, e) == -1)
			return -1;
		at += len;
	}
	return 0;
}

/* The short block that the old version ended with may end the new one. */
static int
match_end(struct search *s, const struct span *gap, struct err *e)
{
	size_t n = s->old->count - 1, len = block_len_of(s->old, n);
	uint64_t at = s->size - len;

	if (len == s->old->block_len || s->size < len ||
	    gap->at + gap->len != s->size || spans_end(s->out) == s->size)
		return 0;
	if (load(s, at, s->size, s->size, e) == -1)
		return -1;
	if (!is_block(s->old, n, s->bytes + (at - s->at)))
		return 0;
	return found(s, gap, at, n, e);
}

static int
fill_gap(struct search *s, const struct span *gap, struct err *e)
{
	uint64_t end = gap->at + gap->len, done;

	if (search_gap(s, gap, e) == -1 || match_end(s, gap, e) == -1)
		return -1;
	done = spans_end(s->out);
	return span_add(s->out, (struct span){ done, end - done, SPAN_NEW }, e);
}

/* Pass 2: fills what pass 1 left open. */
static int
match_moved(struct search *s, const struct spans *placed, struct err *e)
{
	uint32_t i;
	size_t n;
	int rc;

	if (table_init(&s->table, s->old->count, e) == -1)
		return -1;
	for (n = 0; n < s->old->count; n++)
		if (block_len_of(s->old, n) == s->old->block_len)
			table_add(&s->table, s->old, n);
	s->out_factor = WEAK_BASE;
	for (i = 1; i < s->old->block_len; i *= 2)
		s->out_factor *= s->out_factor;

	for (n = 0; n < placed->count; n++) {
		if (placed->span[n].from == SPAN_NEW)
			rc = fill_gap(s, &placed->span[n], e);
		else
			rc = span_add(s->out, placed->span[n], e);
		if (rc == -1)
			return -1;
	}
	return 0;
}

static bool
has_gaps(const struct spans *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->span[i].from == SPAN_NEW)
			return true;
	return false;
}

int
blocks_match(struct spans *out, const struct blocks *old, uint64_t size,
    blocks_read *read, void *arg, struct err *e)
{
	struct spans placed = { 0 }, spans = { 0 };
	struct search s = { .old = old,
		.size = size,
		.read = read,
		.arg = arg,
		.out = &spans,
		.credit = SEARCH_IN_VAIN,
		.expect = old->count };
	int rc = -1;

	s.cap = 2 * (size_t)old->block_len;
	s.cap = s.cap > READ_LEN ? s.cap : READ_LEN;
	s.bytes = malloc(s.cap);
	if (s.bytes == NULL) {
		err_sys(e, "buffer of a large file");
		goto out;
	}
	if (match_in_place(&s, &placed, e) == -1)
		goto out;
	if (old->count == 0 || !has_gaps(&placed)) {
		*out = placed;
		placed = (struct spans){ 0 };
		rc = 0;
		goto out;
	}
	if (match_moved(&s, &placed, e) == -1)
		goto out;
	*out = spans;
	spans = (struct spans){ 0 };
	rc = 0;
out:
	table_free(&s.table);
	free(s.bytes);
	spans_free(&placed);
	spans_free(&spans);
	return rc;
}
