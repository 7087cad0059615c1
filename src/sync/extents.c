#include <stdlib.h>
#include <string.h>

#include "sync/extents.h"

struct source {
	struct place place;
	uint64_t len;
	uint64_t off; /* in the file */
};

static bool
follows(const struct extent *a, const struct place *b)
{
	if (a->place.gen != b->gen)
		return false;
	if (b->gen == GEN_HOLE)
		return true;
	return a->place.pack == b->pack && a->place.frame == b->frame &&
	    a->place.at + a->len == b->at;
}

int
extents_add(struct extents *x, const struct place *place, uint64_t len,
    struct err *e)
{
	size_t cap = x->cap > 0 ? x->cap * 2 : 16;
	struct extent *grown;

	if (len == 0)
		return 0;
	x->len += len;
	if (x->count > 0 && follows(&x->at[x->count - 1], place)) {
		x->at[x->count - 1].len += len;
		return 0;
	}
	if (x->count == x->cap) {
		if ((grown = realloc(x->at, cap * sizeof(*grown))) == NULL)
			return err_sys(e, "extents");
		x->at = grown;
		x->cap = cap;
	}
	x->at[x->count++] = (struct extent){ .len = len, .place = *place };
	return 0;
}

const struct extent *
extents_of(const struct entry *t, struct extent *one, size_t *count)
{
	if (entry_extent_count(t) > 0) {
		*count = t->extra->extent_count;
		return t->extra->extents;
	}
	*one = (struct extent){ .len = t->size, .place = t->place };
	*count = t->size > 0;
	return one;
}

int
extents_add_slice(struct extents *x, const struct entry *t, uint64_t from,
    uint64_t len, struct err *e)
{
	struct extent one;
	struct place place;
	const struct extent *at;
	uint64_t off = 0, skip, n;
	size_t count;

	at = extents_of(t, &one, &count);
	for (size_t i = 0; i < count && len > 0; off += at[i++].len) {
		if (off + at[i].len <= from)
			continue;
		skip = from - off;
		n = at[i].len - skip < len ? at[i].len - skip : len;
		place = at[i].place;
		if (place.gen != GEN_HOLE)
			place.at += (uint32_t)skip;
		if (extents_add(x, &place, n, e) == -1)
			return -1;
		from += n;
		len -= n;
	}
	if (len > 0)
		return err_set(e, ERR_FORMAT, "%s: shorter than its signature",
		    t->path);
	return 0;
}

int
extents_add_runs(struct extents *x, const struct run *runs, size_t count,
    uint64_t from, uint64_t len, struct err *e)
{
	struct place place;
	uint64_t n, off = 0;

	for (size_t i = 0; i < count && len > 0; i++) {
		const struct run *run = &runs[i];

		if (off + run->len <= from) {
			off += run->len;
			continue;
		}
		place = run->place;
		place.at += (uint32_t)(from - off);
		n = off + run->len - from < len ? off + run->len - from : len;
		if (extents_add(x, &place, n, e) == -1)
			return -1;
		from += n;
		len -= n;
		off += run->len;
	}
	return len == 0 ? 0 : err_set(e, ERR_FORMAT, "packed too little");
}

int
extents_set(const struct extents *x, struct entry *like, struct arena *a,
    struct err *e)
{
	struct extra *extra;
	struct extent *copy;

	if (x->count == 1 && like->size < LARGE_FILE &&
	    x->at[0].place.gen != GEN_HOLE) {
		like->place = x->at[0].place;
		return 0;
	}
	if ((extra = arena_alloc(a, sizeof(*extra), e)) == NULL ||
	    (copy = arena_alloc(a, x->count * sizeof(*copy), e)) == NULL)
		return -1;
	memcpy(copy, x->at, x->count * sizeof(*copy));
	*extra = like->extra != NULL ? *like->extra : (struct extra){ 0 };
	extra->extents = copy;
	extra->extent_count = (uint32_t)x->count;
	like->extra = extra;
	return 0;
}

void
extents_free(struct extents *x)
{
	free(x->at);
	*x = (struct extents){ 0 };
}

static int
by_place(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	return place_order(&x->place, &y->place);
}

int
sources_new(struct sources *out, const struct entry *old, struct err *e)
{
	struct sources s = { 0 };
	struct extent one;
	const struct extent *at;
	uint64_t off = 0;
	size_t count;

	at = extents_of(old, &one, &count);
	if ((s.source = calloc(count + 1, sizeof(*s.source))) == NULL)
		return err_sys(e, "extents");
	for (size_t i = 0; i < count; off += at[i++].len)
		if (place_is_stored(&at[i].place))
			s.source[s.count++] = (struct source){
				.place = at[i].place,
				.len = at[i].len,
				.off = off,
			};
	qsort(s.source, s.count, sizeof(*s.source), by_place);
	*out = s;
	return 0;
}

bool
sources_find(const struct sources *s, const struct place *place, uint64_t len,
    uint64_t *off)
{
	size_t low = 0, high = s->count, mid;
	const struct source *at;

	while (low < high) { /* the last one that is not behind place */
		mid = low + (high - low) / 2;
		if (place_order(&s->source[mid].place, place) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0)
		return false;
	at = &s->source[low - 1];
	if (!place_same_frame(&at->place, place) ||
	    place->at + len > at->place.at + at->len)
		return false;
	*off = at->off + (place->at - at->place.at);
	return true;
}

void
sources_free(struct sources *s)
{
	free(s->source);
	*s = (struct sources){ 0 };
}
