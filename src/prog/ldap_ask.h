#ifndef ROAM_PROG_LDAP_ASK_H
#define ROAM_PROG_LDAP_ASK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "prog/ldap_link.h"
#include "signin/facts.h"
#include "signin/question.h"

/*
 * ldap_ask - what is asked of a directory, in which order, over a connection
 * that has logged in. With one answer each: the server, the schema, the user,
 * the computer; more only for values in pieces, groups, and names with a
 * domain.
 */

/* Which part of the forest a connection shows. */
struct ldap_part {
	bool catalog;   /* given: all domains, but not all of them */
	bool elsewhere; /* found: the user's domain is not the server's own */
};

/*
 * Facts of q's user and computer into f, which may hold some already. -1 with
 * what went wrong; facts that were found until then are in f, and the rest is
 * unknown. A user who is elsewhere can only be found by a catalog.
 */
int ldap_ask(struct facts *f, struct ldap_link *l, const struct question *q,
    struct ldap_part *part, struct err *e) MUST_CHECK;

/*
 * OP_LIST, OP_USERS: a line "item=DN" each into out. OP_ADD, OP_REMOVE: the
 * change; done before is ERR_RACE. ERR_GONE names who is not there. A catalog
 * takes no changes: what one finds for a change is who is meant, in f; with such
 * an f the change itself is made at once.
 */
int ldap_ask_admin(struct buf *out, struct facts *f, struct ldap_link *l,
    const struct question *q, struct ldap_part *part, struct err *e) MUST_CHECK;

#endif
