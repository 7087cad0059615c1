#include "model/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"

/* Components of the longest clean path. */
#define DEPTH_MAX (PATH_LEN_MAX / 2 + 1)
#define SHOWN_MAX 256 /* bytes of a path in a message */

static int
entry_order(const struct entry *a, const struct entry *b)
{
	/* Trees that come from one another share their strings. */
	if (a->path == b->path)
		return 0;
	return path_order(a->path, a->path_len, b->path, b->path_len);
}

static bool
entry_is_within(const struct entry *t, const struct entry *dir)
{
	return path_is_within(t->path, t->path_len, dir->path, dir->path_len);
}

static int
tree_reserve(struct tree *t, size_t cap, struct err *e)
{
	const struct entry **entry;

	if (cap <= t->cap)
		return 0;
	entry = reallocarray(t->entry, cap, sizeof(const void *));
	if (entry == NULL)
		return err_sys(e, "tree");
	t->entry = entry;
	t->cap = cap;
	return 0;
}

int
tree_add(struct tree *t, const struct entry *entry, struct err *e)
{
	size_t cap = t->cap + t->cap / 2 + 64;

	if (t->count >= ENTRIES_MAX)
		return err_set(e, ERR_LIMIT, "tree: more than %zu entries",
		    ENTRIES_MAX);
	if (t->count == t->cap && tree_reserve(t, cap, e) == -1)
		return -1;
	t->entry[t->count++] = entry;
	return 0;
}

static int
order_for_qsort(const void *a, const void *b)
{
	return entry_order(*(const struct entry *const *)a,
	    *(const struct entry *const *)b);
}

void
tree_sort(struct tree *t)
{
	size_t i = 1;

	while (i < t->count && entry_order(t->entry[i - 1], t->entry[i]) <= 0)
		i++;
	if (i < t->count)
		qsort(t->entry, t->count, sizeof(const void *),
		    order_for_qsort);
}

size_t
tree_lower(const struct tree *t, const char *path, size_t len)
{
	size_t low = 0, high = t->count, middle;
	const struct entry *at;

	while (low < high) {
		middle = low + (high - low) / 2;
		at = t->entry[middle];
		if (path_order(at->path, at->path_len, path, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct entry *
tree_find(const struct tree *t, const char *path, size_t len)
{
	size_t i = tree_lower(t, path, len);
	const struct entry *at;

	if (i == t->count)
		return NULL;
	at = t->entry[i];
	return at->path_len == len && memcmp(at->path, path, len) == 0 ? at
								       : NULL;
}

/*
 * What a directory holds follows right behind it, so the directories that the
 * present entry lies in are a stack.
 */
static int
refuse(const struct entry *t, const char *what, struct err *e)
{
	char shown[SHOWN_MAX];

	return err_set(e, ERR_FORMAT, "%s: %s",
	    text_show(t->path, t->path_len, shown, sizeof(shown)), what);
}

int
tree_check(const struct tree *t, struct err *e)
{
	const struct entry *above[DEPTH_MAX], *at;
	size_t depth = 0, parent_len;

	for (size_t i = 0; i < t->count; i++) {
		at = t->entry[i];
		if (i > 0 && entry_order(t->entry[i - 1], at) >= 0)
			return refuse(at, "out of order or there twice", e);
		while (depth > 0 && !entry_is_within(at, above[depth - 1]))
			depth--;
		parent_len = path_parent_len(at->path, at->path_len);
		if (parent_len != (depth > 0 ? above[depth - 1]->path_len : 0))
			return refuse(at, "lies in no directory", e);
		if (at->type == ENTRY_DIR && depth < DEPTH_MAX)
			above[depth++] = at;
	}
	return 0;
}

int
tree_copy(struct tree *out, const struct tree *t, struct err *e)
{
	struct tree copy = { 0 };

	if (tree_reserve(&copy, t->count, e) == -1)
		return -1;
	if (copy.entry != NULL)
		memcpy(copy.entry, t->entry, t->count * sizeof(const void *));
	copy.count = t->count;
	*out = copy;
	return 0;
}

void
tree_free(struct tree *t)
{
	free(t->entry);
	*t = (struct tree){ 0 };
}

bool
tree_walk_next(struct tree_walk *w)
{
	const struct entry *least = NULL, *head;
	unsigned holders = 0; /* a bit for each tree that has the least path */
	int order;

	for (size_t i = 0; i < w->count; i++) {
		if (w->next[i] == w->tree[i]->count)
			continue;
		head = w->tree[i]->entry[w->next[i]];
		order = least != NULL ? entry_order(head, least) : -1;
		if (order < 0) {
			least = head;
			holders = 0;
		}
		if (order <= 0)
			holders |= 1u << i;
	}
	if (least == NULL)
		return false;
	w->path = least->path;
	w->path_len = least->path_len;
	for (size_t i = 0; i < w->count; i++)
		w->at[i] = (holders & 1u << i) != 0
		    ? w->tree[i]->entry[w->next[i]++]
		    : NULL;
	return true;
}
