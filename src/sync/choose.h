#ifndef ROAM_SYNC_CHOOSE_H
#define ROAM_SYNC_CHOOSE_H

#include "base/err.h"
#include "model/tree.h"

/* choose - parts of a tree, for restoring them. */

/* Add to out what t holds at path and below it, with the parents of path.
 * ERR_GONE where t has no such path. "" is all of it. */
int choose_path(struct tree *out, const struct tree *t, const char *path,
    struct err *e) MUST_CHECK;

/* Add the parent directories of path, as t has them, to out. */
int choose_parents(struct tree *out, const struct tree *t, const char *path,
    struct err *e) MUST_CHECK;

/* After the last one: in order, each once. */
void choose_end(struct tree *out);

#endif
