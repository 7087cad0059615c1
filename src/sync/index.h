#ifndef ROAM_SYNC_INDEX_H
#define ROAM_SYNC_INDEX_H

#include <stddef.h>

#include "base/err.h"
#include "model/profile.h"

/*
 * index - files of a tree by their content: what lies in the store already is
 * not sent again, what lies in the home is not fetched.
 */
struct index {
	const struct entry **slot; /* owned; NULL: free */
	size_t mask, count;
};

/* placed: leave out what has no place in the store. */
int index_new(struct index *out, const struct tree *t, bool placed,
    struct err *e) MUST_CHECK;
/* One more; what holds the same already stays. */
int index_add(struct index *x, const struct entry *t, struct err *e) MUST_CHECK;
/* What lost the conflicts that p lists. */
int index_add_losers(struct index *x, const struct profile *p, bool placed,
    struct err *e) MUST_CHECK;
/* A file with the content of like, or NULL. */
const struct entry *index_find(const struct index *x, const struct entry *like);
void index_free(struct index *x);

#endif
