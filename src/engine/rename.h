#ifndef ROAM_ENGINE_RENAME_H
#define ROAM_ENGINE_RENAME_H

#include "base/err.h"
#include "engine/plan.h"

/*
 * rename - pairs of a removal and an arrival on the same side that hold the
 * same content become one rename: no transfer, and no deletion to a guard.
 *
 * Where several would do, the one with the same inode is taken, then one with
 * the same name in another directory, then the first in order.
 */
int plan_find_renames(struct plan *p, const struct plan_in *in,
    struct err *e) MUST_CHECK;

#endif
