#ifndef ROAM_STORE_COLLECT_H
#define ROAM_STORE_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/repo.h"
#include "store/usage.h"

/*
 * collect - takes out of a store what its history does not need any more.
 *
 * Kept is a row of generations that ends with the newest, and goes back to the
 * oldest that is young enough or belongs to the least number to keep, and on to
 * the checkpoint that its manifest begins with. Of the older ones every pack
 * stays that a kept one names. A generation that is left with nothing goes as
 * a whole, but among the newest numbers its commit stays, so
 * that a writer that was asleep never finds a number free again.
 *
 * A new generation names packs of its own, of the one before, and such as a
 * generation names that still has its manifest; who publishes one looks for
 * that manifest afterwards once more. So the manifests of all that has expired
 * go first. Then a look at what was published meanwhile tells what is needed
 * still, and what is not needed then never will be. So a run may be killed or
 * go on twice at once.
 */
#define COLLECT_RECORDS 64                        /* never fewer */
#define COLLECT_DRAFT_S ((uint64_t)7 * 24 * 3600) /* then a draft is dead */

struct keep_policy {
	uint64_t keep_s;   /* generations younger than this, and ... */
	uint64_t keep_min; /* ... so many in any case; 0 is 1, the head */
	int64_t now_ns;    /* 0: ask the server for the time */
	/* Newest numbers whose commit stays; at least COLLECT_RECORDS. */
	uint64_t records;
};

struct collected {
	uint64_t kept;      /* generations whose history stays */
	uint64_t expired;   /* older ones from which something was taken */
	uint64_t removed;   /* of those: gone as a whole */
	uint64_t packs;     /* removed */
	uint64_t leftovers; /* dead drafts, and what lay in trash/ */
	uint64_t bytes;     /* of all files removed */
	/* Files and directories that somebody has open: the next run finds
	 * them again. held_note tells of the first. */
	uint64_t held;
	struct err held_note;
	/* Generations to be kept that do not hold: then nothing expires, since
	 * nobody knows what they need. note tells of the newest. */
	uint64_t damaged;
	struct err note;
	/* Expired packs of which the head needs less than half. Who publishes a
	 * generation that has those contents anew lets them go. */
	struct sparse *sparse; /* owned */
	size_t sparse_count;
};

/* dry: change nothing, only count. An empty store is nothing to do. ERR_POLICY
 * where a newer Roam has written to the store. */
int repo_collect(struct repo *r, const struct keep_policy *keep, bool dry,
    struct collected *out, struct err *e) MUST_CHECK;
void collected_free(struct collected *c); /* what it owns, not c itself */

#endif
