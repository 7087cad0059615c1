#ifndef ROAM_SYNC_MEND_H
#define ROAM_SYNC_MEND_H

#include "base/err.h"
#include "engine/plan.h"
#include "sync/context.h"

/*
 * mend - contents that the store has lost: packs that are gone or cut off, and
 * what could not be read.
 *
 * A generation says of them that they are not in the store, by entries without
 * a place. So each machine learns of it with the head, and the next one whose
 * home has such a content sends it again.
 */

/*
 * Look for the packs that the head names, where that costs nothing or is due.
 * What lies in those that are not there has no place in mend_tree(). Anew with
 * each head.
 */
int mend_look(struct context *c, struct err *e) MUST_CHECK;

/* The same for the ops whose content could not be had (op->lost). */
int mend_failed(struct context *c, const struct plan *p,
    struct err *e) MUST_CHECK;

/* The entry at i of mend_tree() loses its place. */
int mend_unplace(struct context *c, size_t i, struct err *e) MUST_CHECK;

/* What the head holds as it is to be told: without the places of what is
 * lost. */
const struct profile *mend_profile(const struct context *c);
const struct tree *mend_tree(const struct context *c);

/* Does the store have the content of that loser, which it lists? */
bool mend_has_loser(const struct context *c, uint64_t id);

/* Uploads of what has no place in the store, of files that are otherwise the
 * same here and there. */
int mend_plan(struct plan *p, const struct tree *base, const struct tree *local,
    const struct tree *remote, struct err *e) MUST_CHECK;

#endif
