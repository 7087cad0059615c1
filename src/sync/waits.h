#ifndef ROAM_SYNC_WAITS_H
#define ROAM_SYNC_WAITS_H

#include "engine/plan.h"
#include "local/root.h"
#include "model/home.h"

/* waits - units that have to wait for a program: their ops fail, all of them,
 * and the next run tries again. */

/* While the plan is made: those that a program says it works with. */
void waits_used(struct root *r, struct plan *p);

/* When the contents for the store are packed: those that are no longer what
 * the scan saw, or of which a part could not be had. */
void waits_torn(struct root *r, struct plan *p, const struct home *local);

/* There is no time left for op i: it waits for another run, and so does what is
 * planned of its unit. */
void waits_late(struct plan *p, size_t i);

#endif
