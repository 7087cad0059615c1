#include "model/home.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

const char *
why_text(enum why why)
{
	static const char *const texts[] = {
		[WHY_NONE] = "nothing is wrong",
		[WHY_RULE] = "stays local by the rules",
		[WHY_DENIED] = "permission denied",
		[WHY_BROKEN] = "could not be read",
		[WHY_SPECIAL] = "socket, FIFO or device",
		[WHY_OWNER] = "belongs to another user",
		[WHY_MOUNT] = "another file system is mounted here",
		[WHY_MOVING] = "kept changing while it was read",
		[WHY_LONG] = "path is too long",
		[WHY_LARGE] = "is larger than 1 TiB",
		[WHY_NOSPACE] = "no space left in the home",
		[WHY_CHANGED] = "was edited during the run",
		[WHY_DAMAGED] = "content in the store is damaged or missing",
		[WHY_BLOCKED] = "something that stays is in its way",
		[WHY_IN_USE] = "a program is using it",
		[WHY_UNIT] = "belongs to what has to wait",
	};
	_Static_assert(sizeof(texts) / sizeof(texts[0]) == WHY__COUNT,
	    "every reason has a text");

	return texts[why < WHY__COUNT ? why : WHY_NONE];
}

int
home_add(struct home *h, const struct entry *entry, const struct stamp *stamp,
    struct err *e)
{
	size_t cap = h->stamp_cap;
	struct stamp *grown;

	/* Stamps first: a tree never has more entries than stamps. */
	if (h->tree.count >= cap) {
		cap += cap / 2 + 64;
		grown = reallocarray(h->stamp, cap, sizeof(*grown));
		if (grown == NULL)
			return err_sys(e, "home");
		h->stamp = grown;
		h->stamp_cap = cap;
	}
	if (tree_add(&h->tree, entry, e) == -1)
		return -1;
	h->stamp[h->tree.count - 1] = *stamp;
	return 0;
}

int
home_add_opaque(struct home *h, const char *path, size_t len, enum why why,
    struct err *e)
{
	size_t cap = h->opaque_cap;
	struct opaque *grown;

	if (len > UINT16_MAX)
		return err_set(e, ERR_LIMIT, "path of %zu bytes", len);
	if (h->opaque_count == cap) {
		cap += cap / 2 + 64;
		grown = reallocarray(h->opaque, cap, sizeof(*grown));
		if (grown == NULL)
			return err_sys(e, "home");
		h->opaque = grown;
		h->opaque_cap = cap;
	}
	h->opaque[h->opaque_count++] = (struct opaque){
		.path = path,
		.path_len = (uint16_t)len,
		.why = (uint8_t)why,
	};
	return 0;
}

struct pair {
	const struct entry *entry;
	struct stamp stamp;
};

static int
pair_order(const void *a, const void *b)
{
	const struct entry *x = ((const struct pair *)a)->entry;
	const struct entry *y = ((const struct pair *)b)->entry;

	return path_order(x->path, x->path_len, y->path, y->path_len);
}

static int
opaque_order(const void *a, const void *b)
{
	const struct opaque *x = a, *y = b;

	return path_order(x->path, x->path_len, y->path, y->path_len);
}

static bool
tree_is_sorted(const struct tree *t)
{
	const struct entry *a, *b;

	for (size_t i = 1; i < t->count; i++) {
		a = t->entry[i - 1];
		b = t->entry[i];
		if (path_order(a->path, a->path_len, b->path, b->path_len) > 0)
			return false;
	}
	return true;
}

int
home_sort(struct home *h, struct err *e)
{
	size_t count = h->tree.count;
	struct pair *pairs;

	if (h->opaque_count > 1)
		qsort(h->opaque, h->opaque_count, sizeof(h->opaque[0]),
		    opaque_order);
	if (tree_is_sorted(&h->tree))
		return 0;
	if ((pairs = reallocarray(NULL, count, sizeof(*pairs))) == NULL)
		return err_sys(e, "home");
	for (size_t i = 0; i < count; i++)
		pairs[i] = (struct pair){ h->tree.entry[i], h->stamp[i] };
	qsort(pairs, count, sizeof(*pairs), pair_order);
	for (size_t i = 0; i < count; i++) {
		h->tree.entry[i] = pairs[i].entry;
		h->stamp[i] = pairs[i].stamp;
	}
	free(pairs);
	return 0;
}

void
home_free(struct home *h)
{
	tree_free(&h->tree);
	free(h->stamp);
	free(h->opaque);
	*h = (struct home){ 0 };
}

/*
 * What lies below a path follows right behind it, so an item that sorts before
 * path and does not cover it covers nothing that comes later either.
 */
bool
opaque_covers(const struct opaque *list, size_t count, size_t *next,
    const char *path, size_t len)
{
	const struct opaque *at;

	for (; *next < count; ++*next) {
		at = &list[*next];
		if (path_is_within(path, len, at->path, at->path_len))
			return true;
		if (path_order(at->path, at->path_len, path, len) > 0)
			return false;
	}
	return false;
}
