#ifndef ROAM_SIGNIN_CLDAP_H
#define ROAM_SIGNIN_CLDAP_H

#include "base/buf.h"
#include "base/err.h"
#include "signin/netlogon.h"

/*
 * cldap - the ping of a domain controller: one LDAP search as a datagram, and
 * what comes back. [MS-ADTS] 6.3.3.
 */
#define CLDAP_PORT      389
#define CLDAP_REPLY_MAX 4096 /* bytes; larger is not read */

/* The ping of a controller of domain, with id (1..255), behind out. */
void cldap_ping(struct buf *out, const char *domain, unsigned char id);

/* The reply to the ping with id. ERR_FORMAT where bytes are none. */
int cldap_reply(struct netlogon *out, const void *bytes, size_t len,
    unsigned char id, struct err *e) MUST_CHECK;

#endif
