#ifndef ROAM_STORE_USAGE_H
#define ROAM_STORE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/profile.h"
#include "store/store.h"

/*
 * usage - which packs profiles need, and how much of a pack is still needed.
 */
/* len bytes of content that a profile has at a place in a pack. */
typedef int usage_visit(const struct place *place, uint64_t len, void *arg,
    struct err *e);

/* Visit all that p has in packs; -1 ends it. */
int usage_each(const struct profile *p, usage_visit *visit, void *arg,
    struct err *e) MUST_CHECK;

struct pack_name {
	uint64_t gen;
	uint32_t pack;
};

/* A set of packs. A struct of zeros is empty. */
struct usage {
	struct pack_name *pack; /* owned; sorted and unique up to sorted */
	size_t count, cap, sorted;
};

/* Add the packs that the tree and the conflict list of p name. */
int usage_add(struct usage *u, const struct profile *p,
    struct err *e) MUST_CHECK;
bool usage_has(struct usage *u, uint64_t gen, uint32_t pack);
void usage_free(struct usage *u);

/* A pack of which little is needed. */
struct sparse {
	struct pack_name name;
	uint64_t size;   /* of the pack, bytes */
	uint64_t live;   /* its share in those, compressed: a good guess */
	uint64_t frames; /* that hold something live */
};

/* A pack, and whether it is sparse for p. */
struct pack_size {
	struct pack_name name;
	uint64_t size;
};

/*
 * Which of the packs in list (sorted) are needed by p for less than half of
 * their bytes, but for some. Where the places alone do not tell it reads the
 * heads of frames. out->at is the caller's to free().
 */
struct sparse_list {
	struct sparse *at; /* owned */
	size_t count;
};
int usage_sparse(struct store *s, const struct profile *p,
    const struct pack_size *list, size_t count, struct sparse_list *out,
    struct err *e) MUST_CHECK;

#endif
