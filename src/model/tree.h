#ifndef ROAM_MODEL_TREE_H
#define ROAM_MODEL_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/entry.h"

/*
 * tree - entries in path_order(), none twice. The array is the tree's, the
 * entries are an arena's. A struct of zeros is an empty tree.
 */
#define ENTRIES_MAX ((size_t)16 << 20)

struct tree {
	const struct entry **entry; /* owned array of borrowed pointers */
	size_t count;
	size_t cap;
};

/* Append; the caller keeps the order, or calls tree_sort() at the end. */
int tree_add(struct tree *t, const struct entry *entry,
    struct err *e) MUST_CHECK;
void tree_sort(struct tree *t);
const struct entry *tree_find(const struct tree *t, const char *path,
    size_t len);
/* Index of path, or of the first entry behind it. */
size_t tree_lower(const struct tree *t, const char *path, size_t len);
/* In order, none twice, every parent a directory of the tree? ERR_FORMAT. */
int tree_check(const struct tree *t, struct err *e) MUST_CHECK;
int tree_copy(struct tree *out, const struct tree *t, struct err *e) MUST_CHECK;
void tree_free(struct tree *t);

/*
 * Walk several trees at once: each call gives the next path in order and, in
 * at[], each tree's entry for it or NULL. False at the end.
 */
#define TREE_WALK_MAX 4
struct tree_walk {
	const struct tree *tree[TREE_WALK_MAX];
	size_t next[TREE_WALK_MAX];
	size_t count;
	const struct entry *at[TREE_WALK_MAX];
	const char *path; /* of the present step; borrowed from an entry */
	size_t path_len;
};
bool tree_walk_next(struct tree_walk *w);

#endif
