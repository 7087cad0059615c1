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

int
index_new(struct index *out, const struct tree *t, bool placed, struct err *e)
{
	struct index x = { 0 };
	size_t size = 64, at;

	while (size < t->count * 2)
		size *= 2;
	if ((x.slot = calloc(size, sizeof(*x.slot))) == NULL)
		return err_sys(e, "index of contents");
	x.mask = size - 1;
	for (size_t i = 0; i < t->count; i++) {
		if (t->entry[i]->type != ENTRY_FILE ||
		    (placed && !entry_has_place(t->entry[i])))
			continue;
		at = first_slot(&x, &t->entry[i]->hash);
		while (x.slot[at] != NULL &&
		    !entry_same_content(x.slot[at], t->entry[i]))
			at = (at + 1) & x.mask;
		if (x.slot[at] == NULL)
			x.slot[at] = t->entry[i];
	}
	*out = x;
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
