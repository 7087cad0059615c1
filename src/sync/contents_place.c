#include <string.h>

#include "sync/contents.h"

/* len bytes from byte from of a member, over its runs. */
static int
add_runs(struct extents *x, const struct content *t, const struct run *runs,
    uint64_t from, uint64_t len, struct err *e)
{
	struct place place;
	uint64_t n, off = 0;

	for (size_t i = 0; i < t->run_count && len > 0; i++) {
		const struct run *run = &runs[t->run_first + i];

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

static int
resolve(struct extents *x, const struct content *t, const struct run *runs,
    struct err *e)
{
	int rc = 0;

	if (t->part == NULL)
		return add_runs(x, t, runs, 0, t->size, e);
	for (size_t i = 0; i < t->part_count && rc == 0; i++) {
		const struct part *part = &t->part[i];

		rc = part->from == PART_PLACED
		    ? extents_add(x, &part->place, part->len, e)
		    : add_runs(x, t, runs, part->from, part->len, e);
	}
	return rc;
}

/* Give like the extents x: in place where a single one is enough. */
static int
set_extents(struct entry *like, const struct extents *x, struct arena *a,
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

int
contents_place(const struct contents *c, struct entry *like,
    const struct run *runs, struct arena *a, struct err *e)
{
	size_t slot = *contents_slot(c, &like->hash, like->size);
	struct extents x = { 0 };
	int rc;

	if (slot == 0)
		return err_set(e, ERR_FORMAT, "%s: was not packed", like->path);
	rc = resolve(&x, &c->at[slot - 1], runs, e);
	if (rc == 0)
		rc = set_extents(like, &x, a, e);
	extents_free(&x);
	return rc;
}
