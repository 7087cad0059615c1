#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/lumps.h"

#define GENS     3u
#define PACKS    2u
#define FRAMES   6u
#define FRAME    ((uint32_t)1 << 20)
#define FILES    30u
#define EXTENTS  8u
#define PROFILES 60

/* Random numbers that are the same in each run. */
static uint64_t
next(uint64_t *x, uint64_t below)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x % below;
}

/* The byte at offset at of what a frame inflates to. */
static uint8_t
byte_at(const struct place *p, uint64_t at)
{
	uint64_t x = p->gen * 1000003 + p->pack * 10007 + p->frame * 101 + at;

	x ^= x >> 7;
	x *= 0x9e3779b97f4a7c15;
	return (uint8_t)(x >> 56);
}

static struct place
random_place(uint64_t *x, uint64_t len)
{
	return (struct place){
		.gen = 1 + next(x, GENS),
		.pack = (uint32_t)next(x, PACKS),
		.frame = next(x, FRAMES) * 5000,
		.frame_len = 4000,
		.at = (uint32_t)next(x, FRAME - len + 1) & ~511u,
	};
}

static void
set_name(struct arena *a, struct entry *t, unsigned number)
{
	char path[32];
	struct err e;

	snprintf(path, sizeof(path), "f%03u", number);
	t->path_len = 4;
	t->path = arena_copy(a, path, 4, &e);
}

static const struct entry *
renamed(struct arena *a, const struct entry *t, unsigned number)
{
	struct err e;
	struct entry *copy = entry_copy(a, t, &e);

	cr_assert_not_null(copy);
	set_name(a, copy, number);
	return copy;
}

/* Pieces here and there, some of them holes, some whole frames. */
static const struct entry *
random_file(struct arena *a, uint64_t *x, unsigned number)
{
	struct entry *t;
	struct extra *extra;
	struct extent *at;
	struct err e;

	t = arena_alloc(a, sizeof(*t), &e);
	extra = arena_alloc(a, sizeof(*extra), &e);
	at = arena_alloc(a, EXTENTS * sizeof(*at), &e);
	cr_assert(t != NULL && extra != NULL && at != NULL);
	*t = (struct entry){ .type = ENTRY_FILE, .extra = extra };
	*extra = (struct extra){ .extents = at };
	set_name(a, t, number);
	if (next(x, 3) == 0) { /* a small one, in its place */
		t->extra = NULL;
		t->size = 1 + next(x, 20000);
		t->place = random_place(x, t->size);
		return t;
	}
	extra->extent_count = (uint32_t)(1 + next(x, EXTENTS));
	for (uint32_t i = 0; i < extra->extent_count; i++) {
		at[i].len = next(x, 4) == 0 ? FRAME : 1 + next(x, 9000);
		at[i].place = random_place(x, at[i].len);
		if (next(x, 5) == 0)
			at[i].place = (struct place){ .gen = GEN_HOLE };
		t->size += at[i].len;
	}
	return t;
}

static uint8_t *
bytes_of(const struct entry *t)
{
	const struct extent *x;
	struct extent one;
	uint8_t *bytes = calloc(1, t->size + 1), *to = bytes;
	size_t count;

	cr_assert_not_null(bytes);
	x = extents_of(t, &one, &count);
	for (size_t i = 0; i < count; to += x[i++].len)
		for (uint64_t k = 0; k < x[i].len && x[i].place.gen != GEN_HOLE;
		     k++)
			to[k] = byte_at(&x[i].place, x[i].place.at + k);
	return bytes;
}

/* The packer's part: each parcel is cut into runs, with their bytes. */
struct packed {
	struct run run[4096];
	const uint8_t *bytes[4096]; /* of each run */
	uint8_t *block[4096];       /* owned, one a parcel */
	size_t count;
};

static void
pack(struct lumps *l, struct packed *out)
{
	for (size_t i = 0; i < l->parcel_count; i++) {
		struct parcel *p = &l->parcel[i];
		uint8_t *to = out->block[i] = malloc(p->size);

		cr_assert_not_null(to);
		for (size_t k = 0; k < p->count; k++) {
			const struct lump *at = &l->at[p->lump[k]];

			for (uint64_t b = 0; b < at->len; b++)
				*to++ = byte_at(&at->place, at->place.at + b);
		}
		p->run_first = out->count;
		for (uint64_t off = 0; off < p->size; off += FRAME) {
			struct run *run = &out->run[out->count];

			run->len =
			    p->size - off < FRAME ? p->size - off : FRAME;
			run->place = (struct place){ .gen = GEN_SELF,
				.frame = out->count };
			out->bytes[out->count++] = out->block[i] + off;
		}
		p->run_count = out->count - p->run_first;
	}
}

/* What t's content would be in its new places. */
static void
check_moved(const struct lumps *l, const struct entry *t,
    const struct packed *packed)
{
	uint8_t *was = bytes_of(t);
	const uint8_t *at = was, *now;
	struct extents x = { 0 };
	struct err e;

	cr_assert_eq(lumps_moved(l, t, packed->run, &x, &e), 0, "%s", e.text);
	cr_assert_eq(x.len, t->size);
	for (size_t i = 0; i < x.count; at += x.at[i++].len) {
		const struct place *p = &x.at[i].place;

		cr_assert(p->gen == GEN_SELF || p->gen == GEN_HOLE ||
		    p->gen > 2 || p->pack > 0);
		if (p->gen != GEN_SELF)
			continue;
		cr_assert_leq(p->at + x.at[i].len, packed->run[p->frame].len);
		now = packed->bytes[p->frame] + p->at;
		cr_assert_arr_eq(now, at, x.at[i].len, "%s", t->path);
	}
	extents_free(&x);
	free(was);
}

static void
check_parcels(const struct lumps *l)
{
	size_t used = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct lump *a = &l->at[i], *b = a + 1;

		cr_assert_neq(a->parcel, 0);
		cr_assert(i + 1 == l->count || a->place.gen != b->place.gen ||
		    a->place.pack != b->place.pack ||
		    a->place.frame != b->place.frame ||
		    a->place.at + a->len < b->place.at);
	}
	for (size_t i = 0; i < l->parcel_count; i++) {
		used += l->parcel[i].count;
		cr_assert(l->parcel[i].file != NULL ||
		    l->parcel[i].count == 1 || l->parcel[i].size < LARGE_FILE);
	}
	cr_assert_eq(used, l->count);
}

Test(lumps, all_bytes_are_found_again_and_none_is_packed_twice)
{
	static const struct sparse packs[] = { { .name = { 1, 0 } },
		{ .name = { 2, 0 } } };
	static struct packed packed;
	uint64_t seed = 88172645463325252;
	struct profile p = { 0 };
	struct arena a = { 0 };
	const struct entry *t;
	struct lumps l;
	struct err e;

	for (int i = 0; i < PROFILES; i++) {
		/* The second half is the first one under other names. */
		for (unsigned f = 0; f < FILES; f++) {
			t = f < FILES / 2
			    ? random_file(&a, &seed, f)
			    : renamed(&a, p.tree.entry[f - FILES / 2], f);
			cr_assert_eq(tree_add(&p.tree, t, &e), 0);
		}
		memset(&packed, 0, sizeof(packed));
		cr_assert_eq(lumps_find(&l, &p, packs, 2, &e), 0);
		cr_assert_gt(l.count, 0);
		check_parcels(&l);
		pack(&l, &packed);
		for (unsigned f = 0; f < FILES; f++)
			check_moved(&l, p.tree.entry[f], &packed);
		for (size_t k = 0; k < l.parcel_count; k++)
			free(packed.block[k]);
		lumps_free(&l);
		profile_free(&p);
	}
	arena_free(&a);
}
