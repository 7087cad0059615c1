#ifndef ROAM_SYNC_PROBE_H
#define ROAM_SYNC_PROBE_H

#include "engine/plan.h"
#include "sync/context.h"

/*
 * probe - how fast the store answers, measured with bytes of it: those that are
 * about to be fetched, where there are any. Writes nothing.
 */
#define PROBE_SIZE ((size_t)64 << 10) /* bytes */

struct probe {
	double delay_s; /* of the shortest answer; below 0: not measured */
	double rate; /* bytes a second; 0: not measured, too little to move */
};

/* Does the plan move anything between home and store? */
bool probe_is_due(const struct plan *plan);

/* c is open, its head loaded. An answer that takes longer than slow_s says it
 * all: the rate is not measured then. -1 where the store cannot be read. */
int probe_store(struct context *c, const struct plan *plan, double slow_s,
    struct probe *out, struct err *e) MUST_CHECK;

#endif
