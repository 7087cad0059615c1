#ifndef ROAM_PROG_LDAP_PING_H
#define ROAM_PROG_LDAP_PING_H

#include <stdbool.h>

#include "prog/ldap_find.h"
#include "signin/netlogon.h"

/*
 * ldap_ping - which of several domain controllers answers at all. They are
 * pinged in their order, a moment apart, and the first answer that will do ends
 * it: a controller that is there is the only one that has the work, and one
 * that is not holds nobody up for longer than that moment.
 */

/*
 * True, with what it said, where one of s answered; it is the first of s from
 * then on. With writable only one that takes changes will do, and those that
 * say that they take none are no longer in s.
 */
bool ldap_ping(struct netlogon *out, struct servers *s, const char *domain,
    bool writable);

#endif
