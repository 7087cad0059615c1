#ifndef ROAM_SYNC_EXPORT_H
#define ROAM_SYNC_EXPORT_H

#include <stddef.h>

#include "base/err.h"
#include "model/tree.h"
#include "store/store.h"

/*
 * export - a tree as a tar archive on a descriptor: directories and symlinks
 * first, then files in the order in which they lie in the store, then the
 * further names of hard links. Memory does not grow with the contents.
 */
struct export_how {
	int fd;
	/* Told of each file that is not, or not as a whole, in the archive. */
	void (*lost)(const struct entry *t, const char *why, void *arg);
	void *arg;
};

/*
 * A small file that cannot be read, or not as its hash says, is left out; a
 * large one has zeros in the places that cannot be read. -1 where the store
 * cannot be read or the archive not be written.
 */
int export_tree(struct store *store, const struct tree *t,
    const struct export_how *how, struct err *e) MUST_CHECK;

#endif
