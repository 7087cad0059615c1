#ifndef ROAM_PROG_LDAP_FIND_H
#define ROAM_PROG_LDAP_FIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "signin/question.h"
#include "signin/srv.h"

/*
 * ldap_find - which servers are asked, in which order: those of the settings,
 * else those that DNS names, the computer's own site first, and before all one
 * that answers. Which site that is a controller says when it is pinged.
 */
#define SERVERS_MAX    16
#define SERVER_URI_MAX 300

struct server {
	char uri[SERVER_URI_MAX];
	char address[64]; /* of its host, once it was pinged; "" */
};

struct servers {
	size_t count;
	struct server list[SERVERS_MAX];
	bool alive;    /* the first one has just answered */
	char site[65]; /* that was found or given; "" */
};

/*
 * For a change only those that take it: of a domain's controllers some may be
 * read-only. ERR_USAGE where a server of the settings is no name; ERR_OFFLINE
 * where DNS names none, or none that takes changes. Waits for DNS, and for the
 * first answer to a ping.
 */
int ldap_find_servers(struct servers *out, const struct question *q,
    const char *domain, struct err *e) MUST_CHECK;

/* Behind the others, unless it is among them or there is no room. */
void ldap_find_add(struct servers *s, const struct server *one);

/* The host of a URL; false for one that has none. */
bool ldap_find_host(char out[SRV_HOST_MAX], const char *uri);

/* The same server's global catalog: "ldap://dc1:3268" of "ldap://dc1:389".
 * False for a URL that has none. */
bool ldap_find_catalog(char out[SERVER_URI_MAX], const char *uri);

#endif
