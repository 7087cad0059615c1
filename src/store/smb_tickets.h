#ifndef ROAM_STORE_SMB_TICKETS_H
#define ROAM_STORE_SMB_TICKETS_H

#include <stdbool.h>

#include "base/err.h"

/*
 * smb_tickets - the caller's Kerberos tickets, for a worker.
 *
 * KRB5CCNAME, or what krb5.conf(5) says instead, names a cache of any kind;
 * roam-ccache, a program of its own since libkrb5 may wait for a daemon, copies
 * it into a file that the worker's library can read.
 */

/* To the file path, 0600. *have is false where there are none that are valid,
 * and note then says why. Takes at most ms. */
int smb_tickets_copy(const char *path, unsigned ms, bool *have,
    struct err *note, struct err *e) MUST_CHECK;

/* The exit statuses of roam-ccache; others are failures. */
#define CCACHE_COPIED  0
#define CCACHE_NONE    10 /* there is no cache, or no ticket in it */
#define CCACHE_EXPIRED 11

#endif
