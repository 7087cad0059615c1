#ifndef ROAM_PROG_LDAP_FIND_H
#define ROAM_PROG_LDAP_FIND_H

#include <stddef.h>

#include "base/err.h"
#include "signin/question.h"

/*
 * ldap_find - which servers are asked, in which order: those of the settings,
 * else those that DNS names, the computer's own site first. Which site that is
 * a controller says when it is pinged.
 */
#define SERVERS_MAX    16
#define SERVER_URI_MAX 300

struct servers {
	size_t count;
	char uri[SERVERS_MAX][SERVER_URI_MAX];
	char site[65]; /* that was found or given; "" */
};

/* ERR_USAGE where a server of the settings is no name; ERR_OFFLINE where DNS
 * names none. Waits for DNS, and a second for the ping. */
int ldap_find_servers(struct servers *out, const struct question *q,
    const char *domain, struct err *e) MUST_CHECK;

/* The same server's global catalog: "ldap://dc1:3268" of "ldap://dc1:389".
 * False for a URL that has none. */
bool ldap_find_catalog(char out[SERVER_URI_MAX], const char *uri);

#endif
