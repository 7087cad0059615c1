#ifndef ROAM_LOCAL_FRESH_H
#define ROAM_LOCAL_FRESH_H

#include <stdbool.h>

#include "base/err.h"
#include "local/root.h"
#include "model/home.h"

/*
 * fresh - a home in which nobody has made anything yet: what of it would roam
 * has the skeleton that new homes are made from, and nothing else but empty
 * directories.
 */
#define FRESH_SKELETON "/etc/skel"

/* Is h, which a scan found, of such a home? What stays local does not count. */
bool fresh_is(const struct home *h, const char *skeleton);

/* It is one again: what h lists and the skeleton has not goes, what that has is
 * put in its place. What stays local stays. One entry that cannot be removed or
 * made does not stop the rest, and is -1 in the end. */
int fresh_make(struct root *r, const struct home *h, const char *skeleton,
    struct err *e) MUST_CHECK;

#endif
