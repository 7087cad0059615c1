#ifndef ROAM_SYNC_OLDER_H
#define ROAM_SYNC_OLDER_H

#include <stdbool.h>

#include "engine/plan.h"
#include "sync/context.h"
#include "sync/extents.h"

/*
 * older - the home's present version of a large file, from which pieces of a
 * new one can be had: an open file, and where in it they lie.
 */
struct older {
	int fd; /* -1: there is none that helps */
	struct sources sources;
};

/* op brings the new version, or the loser of a conflict, which has no older
 * one. To be closed in any case. */
void older_open(struct older *out, const struct context *c, const struct op *op,
    bool is_loser);
void older_close(struct older *o);

#endif
