#ifndef ROAM_PROG_LDAP_SERVER_H
#define ROAM_PROG_LDAP_SERVER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "prog/ldap_ticket.h"
#include "signin/facts.h"
#include "signin/question.h"
#include "sync/cred.h"

/*
 * ldap_server - one server is asked, in a process of its own, since nothing but
 * its end bounds what the libraries wait for.
 */
#define LDAP_OUTPUT_MAX ((size_t)8 << 20) /* bytes */

/* What is to be asked, and as whom. */
struct ldap_session {
	struct question q;
	struct ticket *ticket; /* owned; NULL: other credentials */
	struct cred cred;      /* of a simple bind */
	char domain[256];
	double until; /* all of it has to be done */
};

/* One server, by one of its ports. */
struct ldap_place {
	const char *uri;
	const char *address; /* of its host; "" */
	const char *domain;  /* that it is asked as a controller of; "" */
	unsigned ms;
};

/*
 * Ask the server within its time: what it says behind out, the facts of it in f,
 * which may hold some already. -1 where it said nothing in time: f has the error,
 * and out is empty.
 */
int ldap_server_ask(struct ldap_session *s, const struct ldap_place *at,
    struct buf *out, struct facts *f);

/* Facts as they are written out, and with e how it ended. */
void ldap_server_finish(struct facts *f, struct buf *out, const struct err *e);

#endif
