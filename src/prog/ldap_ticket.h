#ifndef ROAM_PROG_LDAP_TICKET_H
#define ROAM_PROG_LDAP_TICKET_H

#include "base/err.h"

/*
 * ldap_ticket - the computer's own Kerberos ticket, in memory only.
 *
 * The keytab is read while we may still read it; what goes to the network and
 * what comes from there is handled after privileges are gone.
 */
#define TICKET_NAME_MAX 256

struct ticket;

/*
 * Take the keys of this computer's account out of keytab ("": the system's).
 * account is it without its '$', or "": the first entry that ends in '$' names
 * it. ERR_GONE where there is no keytab; ERR_AUTH where it has no such keys.
 */
int ticket_open(struct ticket **out, const char *keytab, const char *account,
    struct err *e) MUST_CHECK;

/*
 * Take the tickets that the caller has (KRB5CCNAME). ERR_GONE where there are
 * none. ticket_account() is "" then.
 */
int ticket_open_own(struct ticket **out, struct err *e) MUST_CHECK;

/* "WS1$", and "LAB.EXAMPLE"; borrowed. */
const char *ticket_account(const struct ticket *t);
const char *ticket_realm(const struct ticket *t);

/*
 * Who is asked for tickets of domain: the controller that is asked for facts,
 * since every controller gives tickets and this one is there. host is a name or,
 * better, an address; where nobody answers there, it is whom the library finds.
 */
void ticket_ask_at(struct ticket *t, const char *domain, const char *host);

/*
 * Ask for a ticket where there is none yet, and make it the one that libraries
 * find: KRB5CCNAME. One for LDAP at server is with it, if that can be had here.
 * ERR_AUTH, ERR_OFFLINE. Waits as long as the library likes.
 */
int ticket_get(struct ticket *t, const char *server, struct err *e) MUST_CHECK;

void ticket_close(struct ticket *t);

#endif
