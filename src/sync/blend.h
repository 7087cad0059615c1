#ifndef ROAM_SYNC_BLEND_H
#define ROAM_SYNC_BLEND_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "engine/plan.h"
#include "sync/context.h"

/*
 * blend - lets the merge drivers try the conflicts for which a plan names one:
 * brings the three versions together in memory and makes of each op a merge, or
 * leaves it the conflict that it is.
 *
 * What both agreed on comes from the generation that held it; history keeps
 * that as long as the site's policy says. Where it is gone, the op stays a
 * conflict. A dry run does the same, so that it tells the truth.
 */
struct blended {
	struct hash hash;
	struct buf bytes; /* owned */
};

struct blend {
	struct blended *at; /* owned; contents that neither side has */
	size_t count;
	size_t cap;
};

/* -1 for what ends the run: the store is away, no memory. */
int blend_plan(struct blend *out, struct context *c, struct plan *p,
    struct err *e) MUST_CHECK;
/* The content that t has, or NULL. */
const struct blended *blend_find(const struct blend *b, const struct entry *t);
void blend_free(struct blend *b);

#endif
