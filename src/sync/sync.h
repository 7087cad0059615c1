#ifndef ROAM_SYNC_SYNC_H
#define ROAM_SYNC_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/plan.h"
#include "model/home.h"
#include "sync/context.h"

/*
 * sync - one run: fetch, scan, merge, apply, publish, remember.
 *
 * Data flows one way, and a dry run stops after the plan. A publication that
 * lost its race starts over with the new head; what was applied and packed so
 * far stays done.
 */
/* What a run is to put into the home, and what of it is to go where the home
 * has it still; trees of borrowed entries. */
struct wanted {
	struct tree want, gone;
	/* The generation that names the contents; 0: the head. */
	uint64_t from;
	struct hash from_id;
};

enum sync_stage { SYNC_SCAN, SYNC_RECEIVE, SYNC_APPLY, SYNC_SEND };

struct sync_how {
	unsigned sides; /* that may change: SIDE_HOME, SIDE_STORE */
	bool dry_run;
	bool allow_deletes, allow_changes;
	/*
	 * What the home holds counts as what both sides agreed on, so the store
	 * decides everything: changes made here are dropped. The first run on
	 * a home that has not met the store drops nothing.
	 */
	bool reset;
	unsigned wait_s; /* for another run to end */
	/*
	 * Where not NULL the run merges nothing: it puts into the home the
	 * entries that this call gives (parents included; c is open, the head
	 * loaded), and keeps what they replace. base and store stay as they
	 * are, so the next sync takes the change to the store.
	 */
	int (*choose)(struct context *c, struct wanted *out, void *choose_arg,
	    struct err *e);
	void *choose_arg;
	/* Called with done_arg when all that was chosen is in the home. */
	int (*done)(struct context *c, void *done_arg, struct err *e);
	void *done_arg;
	/*
	 * By the steady clock; 0: none. Past it the run ends with what is
	 * complete: each file and unit is old or new, the rest waits.
	 */
	double until_s;
	/* Called with consent_arg once the plan is made and before anything is
	 * changed; -1 ends the run. */
	int (*consent)(struct context *c, const struct plan *plan,
	    const struct tree *home, void *consent_arg, struct err *e);
	void *consent_arg;
	void (*progress)(enum sync_stage stage, uint64_t done, uint64_t of,
	    void *arg);
	void *arg;
};

struct sync_out {
	struct plan plan; /* what was done, or would be */
	struct home scan; /* for its list of skipped paths */
	uint64_t bytes_up, bytes_down;
	uint64_t base, head, published;
	uint64_t entries; /* in the home */
	size_t held;      /* deletions */
	size_t held_changes;
	bool late;        /* the time was up before all was done */
	size_t conflicts; /* open ones, afterwards */

	double seconds;
};

/*
 * c is context_init()ed and stays open for the caller to look at; *out is the
 * caller's to free, also on -1 (then it tells what was done so far).
 */
int sync_run(struct context *c, const struct sync_how *how,
    struct sync_out *out, struct err *e) MUST_CHECK;
void sync_out_free(struct sync_out *out);

#endif
