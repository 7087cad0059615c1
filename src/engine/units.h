#ifndef ROAM_ENGINE_UNITS_H
#define ROAM_ENGINE_UNITS_H

#include "base/err.h"
#include "engine/plan.h"

/*
 * units - ops that belong together: never one machine's half with another's.
 *
 * Where only one side wrote into a unit since both agreed, its ops go one way
 * anyhow. Where both did, one side's version takes all of it: the side whose
 * newest change is newer by the total order; a side that only removed gives
 * way. The other one's version loses whole: each of its files that differs is
 * kept.
 */

/* Only find out which of p's ops belong to a unit. */
int plan_group_units(struct plan *p, const struct plan_in *in,
    struct err *e) MUST_CHECK;

/* Find the units of p's ops and settle their conflicts, before directories are
 * settled. A unit of which something could not be read waits. */
int plan_find_units(struct plan *p, const struct plan_in *in,
    struct err *e) MUST_CHECK;

/* After directories were settled: where a part of a unit failed the rest of it
 * does. */
void plan_settle_units(struct plan *p);

/* Where a part of a unit is held back the rest of it waits. */
void plan_hold_units(struct plan *p);

#endif
