#ifndef ROAM_SYNC_EXTRACT_H
#define ROAM_SYNC_EXTRACT_H

#include "base/err.h"
#include "model/tree.h"
#include "sync/context.h"

/*
 * extract - contents of the store to where no home is: a descriptor, or a
 * directory of the user's choice.
 */

/* The content of the file or symlink t (its target) to fd. Checked against
 * its hash; ERR_FORMAT comes after bytes were written. */
int extract_content(struct context *c, const struct entry *t, int fd,
    struct err *e) MUST_CHECK;

/*
 * Put the entries of t, which lie at or below top, into dir: the last name of
 * top is the name there. Nothing that exists is overwritten: ERR_USAGE.
 */
int extract_tree(struct context *c, const struct tree *t, const char *top,
    const char *dir, struct err *e) MUST_CHECK;

#endif
