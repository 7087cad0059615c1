#include "sync/lumps.h"

#include <stdlib.h>

static int
pack_order(const struct place *p, const struct pack_name *q)
{
	if (p->gen != q->gen)
		return p->gen < q->gen ? -1 : 1;
	return p->pack < q->pack ? -1 : p->pack > q->pack;
}

static bool
is_in_packs(const struct lumps *l, const struct place *p)
{
	size_t low = 0, high = l->pack_count, mid;
	int order;

	while (low < high) {
		mid = low + (high - low) / 2;
		order = pack_order(p, &l->pack[mid].name);
		if (order == 0)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

/* A usage_visit(). */
static int
add_lump(const struct place *place, uint64_t len, void *arg, struct err *e)
{
	struct lumps *l = arg;
	size_t cap = l->cap > 0 ? l->cap * 2 : 256;
	struct lump *grown;

	if (len == 0 || !is_in_packs(l, place))
		return 0;
	if (l->count == l->cap) {
		grown = reallocarray(l->at, cap, sizeof(*grown));
		if (grown == NULL)
			return err_sys(e, "contents");
		l->at = grown;
		l->cap = cap;
	}
	l->at[l->count++] = (struct lump){ .place = *place, .len = len };
	return 0;
}

static int
frame_order(const struct place *p, const struct place *q)
{
	const struct pack_name name = { q->gen, q->pack };
	int order = pack_order(p, &name);

	if (order != 0)
		return order;
	return p->frame < q->frame ? -1 : p->frame > q->frame;
}

static int
by_place(const void *a, const void *b)
{
	const struct lump *x = a, *y = b;
	int order = frame_order(&x->place, &y->place);

	if (order != 0)
		return order;
	return x->place.at < y->place.at ? -1 : x->place.at > y->place.at;
}

/* Those that overlap become one. */
static void
join(struct lumps *l)
{
	struct lump *last = NULL, *at;
	uint64_t end, last_end;
	size_t n = 0;

	if (l->count > 1)
		qsort(l->at, l->count, sizeof(*l->at), by_place);
	for (size_t i = 0; i < l->count; i++) {
		at = &l->at[i];
		if (last == NULL ||
		    frame_order(&last->place, &at->place) != 0 ||
		    at->place.at > last->place.at + last->len) {
			l->at[n] = *at;
			last = &l->at[n++];
			continue;
		}
		end = at->place.at + at->len;
		last_end = last->place.at + last->len;
		if (end > last_end)
			last->len += end - last_end;
	}
	l->count = n;
}

/* The lump in which p lies; NULL: none does. */
static struct lump *
find_lump(const struct lumps *l, const struct place *p)
{
	size_t low = 0, high = l->count, mid;
	const struct lump like = { .place = *p };
	struct lump *at;

	while (low < high) { /* the last one that is not behind p */
		mid = low + (high - low) / 2;
		if (by_place(&l->at[mid], &like) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0)
		return NULL;
	at = &l->at[low - 1];
	if (frame_order(&at->place, p) != 0 || p->at - at->place.at >= at->len)
		return NULL;
	return at;
}

static int
add_parcel(struct lumps *l, const struct entry *file, struct err *e)
{
	size_t cap = l->parcel_cap > 0 ? l->parcel_cap * 2 : 64;
	struct parcel *grown;

	if (l->parcel_count == l->parcel_cap) {
		grown = reallocarray(l->parcel, cap, sizeof(*grown));
		if (grown == NULL)
			return err_sys(e, "contents");
		l->parcel = grown;
		l->parcel_cap = cap;
	}
	l->parcel[l->parcel_count++] = (struct parcel){ .file = file };
	return 0;
}

/* A lump joins the newest parcel. */
static int
put(struct lumps *l, struct lump *lump, struct err *e)
{
	struct parcel *p = &l->parcel[l->parcel_count - 1];
	size_t cap = p->cap > 0 ? p->cap * 2 : 1;
	size_t *grown;

	if (p->count == p->cap) {
		grown = reallocarray(p->lump, cap, sizeof(*grown));
		if (grown == NULL)
			return err_sys(e, "contents");
		p->lump = grown;
		p->cap = cap;
	}
	lump->parcel = l->parcel_count;
	lump->off = p->size;
	p->lump[p->count++] = (size_t)(lump - l->at);
	p->size += lump->len;
	return 0;
}

/* Is all of t in the packs, in lumps of its own that no other parcel has? */
static bool
is_whole(const struct lumps *l, const struct entry *t)
{
	const struct extent *x;
	struct extent one;
	size_t count;

	if (t->type != ENTRY_FILE)
		return false;
	x = extents_of(t, &one, &count);
	for (size_t i = 0; i < count; i++) {
		const struct lump *at = x[i].place.gen == GEN_HOLE
		    ? NULL
		    : find_lump(l, &x[i].place);

		if (at == NULL || at->parcel != 0 ||
		    at->place.at != x[i].place.at || at->len != x[i].len)
			return false;
	}
	return count > 0;
}

static int
parcel_file(struct lumps *l, const struct entry *t, struct err *e)
{
	const struct extent *x;
	struct extent one;
	struct lump *lump;
	size_t count;

	if (!is_whole(l, t))
		return 0;
	if (add_parcel(l, t, e) == -1)
		return -1;
	x = extents_of(t, &one, &count);
	for (size_t i = 0; i < count; i++)
		/* is_whole() has found each of them. */
		if ((lump = find_lump(l, &x[i].place)) != NULL &&
		    put(l, lump, e) == -1)
			return -1;
	return 0;
}

/* What no whole file has taken: as many pieces together as fit a frame. */
static int
parcel_pieces(struct lumps *l, struct err *e)
{
	const struct parcel *open = NULL;

	for (size_t i = 0; i < l->count; i++) {
		struct lump *at = &l->at[i];

		if (at->parcel != 0)
			continue;
		if (open == NULL || open->size + at->len >= LARGE_FILE) {
			if (add_parcel(l, NULL, e) == -1)
				return -1;
			open = &l->parcel[l->parcel_count - 1];
		}
		if (put(l, at, e) == -1)
			return -1;
	}
	return 0;
}

static int
by_first(const void *a, const void *b, void *arg)
{
	const struct parcel *x = a, *y = b;
	const struct lumps *l = arg;

	return by_place(&l->at[x->lump[0]], &l->at[y->lump[0]]);
}

/* They will be read in this order. */
static void
sort_parcels(struct lumps *l)
{
	if (l->parcel_count > 1)
		qsort_r(l->parcel, l->parcel_count, sizeof(*l->parcel),
		    by_first, l);
	for (size_t i = 0; i < l->parcel_count; i++)
		for (size_t k = 0; k < l->parcel[i].count; k++)
			l->at[l->parcel[i].lump[k]].parcel = i + 1;
}

int
lumps_find(struct lumps *out, const struct profile *p,
    const struct sparse *packs, size_t pack_count, struct err *e)
{
	struct lumps l = { .pack = packs, .pack_count = pack_count };

	if (usage_each(p, add_lump, &l, e) == -1)
		goto fail;
	join(&l);
	for (size_t i = 0; i < p->tree.count; i++)
		if (parcel_file(&l, p->tree.entry[i], e) == -1)
			goto fail;
	if (parcel_pieces(&l, e) == -1)
		goto fail;
	sort_parcels(&l);
	*out = l;
	return 0;
fail:
	lumps_free(&l);
	return -1;
}

void
lumps_free(struct lumps *l)
{
	for (size_t i = 0; i < l->parcel_count; i++)
		free(l->parcel[i].lump);
	free(l->parcel);
	free(l->at);
	*l = (struct lumps){ 0 };
}

bool
lumps_touch(const struct lumps *l, const struct entry *t)
{
	const struct extent *x;
	struct extent one;
	size_t count;

	if (t->type != ENTRY_FILE)
		return false;
	x = extents_of(t, &one, &count);
	for (size_t i = 0; i < count; i++)
		if (is_in_packs(l, &x[i].place))
			return true;
	return false;
}

int
lumps_moved(const struct lumps *l, const struct entry *t,
    const struct run *runs, struct extents *out, struct err *e)
{
	const struct extent *x;
	const struct parcel *p;
	const struct lump *at;
	struct extent one;
	size_t count;
	int rc = 0;

	x = extents_of(t, &one, &count);
	for (size_t i = 0; i < count && rc == 0; i++) {
		if (!is_in_packs(l, &x[i].place)) {
			rc = extents_add(out, &x[i].place, x[i].len, e);
			continue;
		}
		at = find_lump(l, &x[i].place);
		if (at == NULL)
			return err_set(e, ERR_FORMAT, "%s: was not packed",
			    t->path);
		p = &l->parcel[at->parcel - 1];
		rc = extents_add_runs(out, runs + p->run_first, p->run_count,
		    at->off + (x[i].place.at - at->place.at), x[i].len, e);
	}
	return rc;
}
