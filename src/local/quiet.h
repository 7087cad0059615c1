#ifndef ROAM_LOCAL_QUIET_H
#define ROAM_LOCAL_QUIET_H

#include <stdbool.h>

#include "engine/plan.h"
#include "local/root.h"
#include "model/home.h"

/*
 * quiet - does a program work with a unit right now, and did one since the
 * scan?
 *
 * All of a unit is read by the scan before any of it is read again for the
 * store. So if then all of it is still what the scan saw, there was a moment
 * in between at which all of it was just that: what a power cut at that moment
 * would have left, from which databases recover by design.
 */

/* Is every file at or below u what home says of it, and none new? */
bool quiet_since(struct root *r, const struct home *home, const struct unit *u);

/*
 * Does a program say that it works with u? By the lock of a Mozilla or Chromium
 * profile; with writers also by a database that is open for writing or locked.
 */
bool quiet_is_used(struct root *r, const struct unit *u, bool writers);

#endif
