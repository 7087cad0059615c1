#ifndef ROAM_LOCAL_WIPE_H
#define ROAM_LOCAL_WIPE_H

#include "base/err.h"

/*
 * wipe - all of a home is removed from this machine, after the store has it.
 *
 * Roam's own state goes first: a home without it is one that never met the
 * store, so what is left after a stop at any moment is only ever added to, and
 * nothing of what is gone already counts as deleted.
 */

/* The home itself stays, empty. As its owner; what cannot be removed does not
 * stop the rest, and is -1 in the end. */
int wipe_home(const char *home, struct err *e) MUST_CHECK;

#endif
