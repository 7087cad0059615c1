#ifndef ROAM_SIGNIN_QUOTA_H
#define ROAM_SIGNIN_QUOTA_H

#include <stddef.h>
#include <stdint.h>

#include "model/tree.h"

/*
 * quota - how large a profile is, and what makes it so. Pure.
 */
#define QUOTA_PARTS 3

struct quota_part {
	const char *path; /* borrowed from the tree; not ended by a NUL */
	size_t len;
	uint64_t bytes;
};

struct quota {
	uint64_t bytes;                      /* of all files */
	struct quota_part part[QUOTA_PARTS]; /* directories, largest first */
	size_t count;
};

/* A directory is one of the home itself; below one that begins with a dot, as
 * .local, one of the next level, as .local/share. */
struct quota quota_measure(const struct tree *home);

/* "1.2 GB, of 500 MB that are allowed; largest: Videos 1.1 GB, ..."; returns
 * out. */
const char *quota_text(const struct quota *q, uint64_t max, char *out,
    size_t cap);

#endif
