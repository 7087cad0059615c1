#ifndef ROAM_BASE_PRIV_H
#define ROAM_BASE_PRIV_H

#include <sys/types.h>

#include "base/err.h"

/* priv - root becomes a user, for good. */

/*
 * The user's ids and groups, and no way back: not by what is saved, not by a
 * program with set-uid. ERR_USAGE for root itself. After -1 the process must
 * end: it may have given up a part.
 */
int priv_become(const char *name, uid_t uid, gid_t gid,
    struct err *e) MUST_CHECK;

/* The same with no group but gid, and nobody asked for any: name is only
 * said. */
int priv_become_nobody(const char *name, uid_t uid, gid_t gid,
    struct err *e) MUST_CHECK;

/*
 * What a process of root's takes from whoever started it is set right: real
 * ids, limits of resources, umask, working directory, no core dump.
 */
int priv_be_root(struct err *e) MUST_CHECK;

#endif
