#ifndef ROAM_SIGNIN_PROCS_H
#define ROAM_SIGNIN_PROCS_H

#include <sys/types.h>

#include <stdbool.h>

/* procs - which processes run. */

/* Does a process of that user run? Where that cannot be seen, one may. */
bool procs_has_user(uid_t uid);

#endif
