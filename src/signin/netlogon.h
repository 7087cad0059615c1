#ifndef ROAM_SIGNIN_NETLOGON_H
#define ROAM_SIGNIN_NETLOGON_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * netlogon - what a domain controller says of itself when it is pinged over
 * connectionless LDAP: the value of the attribute Netlogon, [MS-ADTS] 6.3.1.9.
 */
#define NETLOGON_NAME_MAX 256 /* bytes, with the NUL */

#define NETLOGON_GC       0x00000004u
#define NETLOGON_LDAP     0x00000008u
#define NETLOGON_CLOSE    0x00000080u /* it is in the client's site */
#define NETLOGON_WRITABLE 0x00000100u

struct netlogon {
	uint32_t flags;
	char forest[NETLOGON_NAME_MAX];
	char domain[NETLOGON_NAME_MAX];
	char host[NETLOGON_NAME_MAX];
	char netbios_domain[NETLOGON_NAME_MAX];
	char server_site[NETLOGON_NAME_MAX];
	char client_site[NETLOGON_NAME_MAX]; /* "": it does not know */
};

/* ERR_FORMAT where bytes are no such value, or names in it no names. */
int netlogon_parse(struct netlogon *out, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;

#endif
