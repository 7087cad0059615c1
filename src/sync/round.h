#ifndef ROAM_SYNC_ROUND_H
#define ROAM_SYNC_ROUND_H

#include "base/err.h"
#include "engine/plan.h"
#include "local/scan.h"
#include "model/home.h"
#include "model/profile.h"
#include "sync/blend.h"
#include "sync/context.h"
#include "sync/limits.h"
#include "sync/sync.h"

/*
 * round - what a run of sync works with while it goes round: a plan, the
 * home's side of it (round.c), the store's side (send.h), and again where a
 * race was lost.
 */
struct round {
	struct context *c;
	const struct sync_how *how;
	struct sync_out *out;

	struct tree base;  /* of the merge; moves with what is applied */
	struct home local; /* tree and stamps, likewise; no opaque list */
	struct plan plan;
	struct blend blend;  /* contents that drivers made for it */
	struct stamp *stamp; /* owned: of what apply put in place, by op */
	int stagefd;
	struct scan_sums sums;
	struct limits limits;
	bool must_save;
	bool unsafe; /* the home may not be on disk: do not save a base */
	int64_t now_ns;

	struct profile next;  /* of the generation that was published */
	struct commit commit; /* its record; number 0: none */
};

/* A progress call-back of the lower layers for one stage. */
struct stage_arg {
	const struct round *run;
	enum sync_stage stage;
};

/* A call-back for progress whose arg is a struct stage_arg. */
void round_progress(uint64_t done, uint64_t of, void *arg);

/* Home and store, open and looked at: r->local, and what c has of both. */
int round_open(struct round *r, struct err *e) MUST_CHECK;

/* r->base: what both sides agreed on last. */
int round_find_base(struct round *r, struct err *e) MUST_CHECK;

/* Is there no time left to send anything? Then all of it waits. */
bool round_too_late(struct round *r);

/* The plan's ops join what earlier rounds did, all or those that are done. */
int round_report(struct round *r, bool only_done, struct err *e) MUST_CHECK;
bool round_failed(const struct round *r);

/* Bring in what the plan wants, then change the home; r->local moves along. */
int round_change_home(struct round *r, struct err *e) MUST_CHECK;

#endif
