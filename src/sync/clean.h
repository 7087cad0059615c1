#ifndef ROAM_SYNC_CLEAN_H
#define ROAM_SYNC_CLEAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/collect.h"
#include "sync/context.h"

/*
 * clean - keeps a store small: collects what its history does not need by the
 * settings, then moves the little that is needed out of large old packs.
 * Needs a store, but no home.
 */
struct cleaned {
	struct collected collected;
	uint64_t sparse_bytes; /* to be freed by moving what lies beside them */
	uint64_t published;    /* the generation for that; 0: none */
};

int clean_store(struct context *c, bool dry_run, struct cleaned *out,
    struct err *e) MUST_CHECK;
void cleaned_free(struct cleaned *c); /* what it owns, not c itself */

/*
 * To be called after each publication, with what it holds: does the same now
 * and then, where there is enough to be collected, and moves contents only
 * where that is worth much. What fails is left for the next time.
 */
void clean_sometimes(struct context *c, uint64_t published,
    const struct profile *head);

#endif
