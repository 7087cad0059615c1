#include <stdlib.h>
#include <string.h>

#include "sync/index.h"

static size_t
first_slot(const struct index *x, const struct hash *h)
{
	uint64_t k;

	memcpy(&k, h->b, sizeof(k));
	return (size_t)k & x->mask;
}

static void
put(struct index *x, const struct entry *t)
{
	size_t at = first_slot(x, &t->hash);

	while (x->slot[at] != NULL && !entry_same_content(x->slot[at], t))
		at = (at + 1) & x->mask;
	x->count += x->slot[at] == NULL;
	if (x->slot[at] == NULL)
		x->slot[at] = t;
}

/* Empty, with room for so many. */
static int
make(struct index *out, size_t count, struct err *e)
{
	struct index x = { 0 };
	size_t size = 64;

	while (size < count * 2)
		size *= 2;
	if ((x.slot = calloc(size, sizeof(*x.slot))) == NULL)
		return err_sys(e, "index of contents");
	x.mask = size - 1;
	*out = x;
	return 0;
}

int
index_new(struct index *out, const struct tree *t, bool placed, struct err *e)
{
	struct index x;

	if (make(&x, t->count, e) == -1)
		return -1;
	for (size_t i = 0; i < t->count; i++)
		if (t->entry[i]->type == ENTRY_FILE &&
		    (!placed || entry_has_place(t->entry[i])))
			put(&x, t->entry[i]);
	*out = x;
	return 0;
}

int
index_add(struct index *x, const struct entry *t, struct err *e)
{
	struct index grown;

	if (t->type != ENTRY_FILE)
		return 0;
	if (x->slot == NULL || x->count * 2 > x->mask) {
		if (make(&grown, x->count + 1, e) == -1)
			return -1;
		for (size_t i = 0; x->slot != NULL && i <= x->mask; i++)
			if (x->slot[i] != NULL)
				put(&grown, x->slot[i]);
		index_free(x);
		*x = grown;
	}
	put(x, t);
	return 0;
}

int
index_add_losers(struct index *x, const struct profile *p, bool placed,
    struct err *e)
{
	const struct entry *t;

	for (size_t i = 0; i < p->conflict_count; i++) {
		t = p->conflict[i].loser;
		if ((!placed || entry_has_place(t)) && index_add(x, t, e) == -1)
			return -1;
	}
	return 0;
}

const struct entry *
index_find(const struct index *x, const struct entry *like)
{
	size_t at;

	if (x->slot == NULL || like->type != ENTRY_FILE)
		return NULL;
	at = first_slot(x, &like->hash);
	while (x->slot[at] != NULL && !entry_same_content(x->slot[at], like))
		at = (at + 1) & x->mask;
	return x->slot[at];
}

void
index_free(struct index *x)
{
	free(x->slot);
	*x = (struct index){ 0 };
}
