#ifndef ROAM_SYNC_LIST_H
#define ROAM_SYNC_LIST_H

#include "base/err.h"
#include "engine/plan.h"
#include "model/profile.h"
#include "sync/context.h"

/*
 * list - the list of open conflicts: the store's, plus what this home keeps on
 * its shelf for the next generation, less what was dropped here.
 */

/* The list as people see it here; entries of the home's own part have gen 0. */
int list_merged(struct context *c, struct profile *out,
    struct err *e) MUST_CHECK;

/*
 * The list of the next generation into out, whose tree is left alone: also
 * what the store's side of plan loses. *changed: it differs from the store's.
 */
int list_next(struct context *c, const struct plan *plan, int64_t now_ns,
    struct profile *out, bool *changed, struct err *e) MUST_CHECK;

/* From now on the conflict is settled; the store learns it with the next
 * generation. c has the lock. */
int list_drop(struct context *c, uint64_t id, struct err *e) MUST_CHECK;

/* After a run: the shelf keeps only what head lists or still waits for. */
int list_tidy(struct context *c, const struct profile *head,
    struct err *e) MUST_CHECK;

#endif
