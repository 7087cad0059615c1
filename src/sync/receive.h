#ifndef ROAM_SYNC_RECEIVE_H
#define ROAM_SYNC_RECEIVE_H

#include <stdint.h>

#include "base/err.h"
#include "engine/plan.h"
#include "model/home.h"
#include "sync/blend.h"
#include "sync/context.h"

/*
 * receive - brings the contents that a plan wants in the home into staging,
 * verified: copied from elsewhere in the home where it holds them, pieces of
 * large files from the version that is there, the rest fetched in one pass over
 * the packs.
 */
struct receive_in {
	struct context *c;
	struct plan *plan;
	const struct home *local;
	int stagefd;
	bool taking;               /* the shelf may hold what is wanted */
	const struct blend *blend; /* what drivers made: is wanted, too */
	bool losers; /* also the store's versions that lost a conflict */
	bool *late;  /* set where the store's time was up before all was here */
	int64_t now_ns;
	void (*progress)(uint64_t done, uint64_t of, void *arg);
	void *arg;
};

/*
 * An op whose content cannot be had fails alone (WHY_DAMAGED, WHY_LARGE,
 * WHY_NOSPACE). Where the store's time is up ops whose content is not complete
 * become OP_PENDING. *bytes: of content that was fetched from the store.
 */
int receive(const struct receive_in *in, uint64_t *bytes,
    struct err *e) MUST_CHECK;

#endif
