#include "sync/place.h"

/*
 * The entry that the new generation lists for t. What the scan made is filled
 * in as it is, hundreds of thousands of them at a first push; what other trees
 * share is copied.
 */
static struct entry *
own_entry(struct context *c, const struct entry *t, struct err *e)
{
	struct entry *copy;

	if (t->place.gen == GEN_NONE && entry_extent_count(t) == 0 &&
	    t->machine == c->self && !t->hollow)
		return entry_own(t);
	copy = entry_copy(&c->arena, t, e);
	if (copy == NULL)
		return NULL;
	copy->hollow = 0;
	if (copy->machine == NULL)
		copy->machine = c->self;
	return copy;
}

/* Give t the place of what holds the same. */
static int
share_place(struct context *c, struct entry *t, const struct entry *twin,
    struct err *e)
{
	struct extra *extra;

	t->place = twin->place;
	if (entry_extent_count(twin) == 0)
		return 0;
	extra = arena_alloc(&c->arena, sizeof(*extra), e);
	if (extra == NULL)
		return -1;
	*extra = t->extra != NULL ? *t->extra : (struct extra){ 0 };
	extra->extents = twin->extra->extents;
	extra->extent_count = twin->extra->extent_count;
	t->extra = extra;
	return 0;
}

const struct entry *
place_entry(struct sender *s, const struct index *stored, const struct entry *t,
    const struct run *runs, struct err *e)
{
	const struct entry *twin = index_find(stored, t);
	struct entry *own = own_entry(s->c, t, e);
	int rc = 0;

	if (own == NULL)
		return NULL;
	if (own->type == ENTRY_FILE && own->size > 0)
		rc = twin != NULL
		    ? share_place(s->c, own, twin, e)
		    : contents_place(&s->contents, own, runs, &s->c->arena, e);
	return rc == 0 ? own : NULL;
}
