#ifndef ROAM_PROG_LDAP_LINK_H
#define ROAM_PROG_LDAP_LINK_H

#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"
#include "signin/question.h"

/*
 * ldap_link - one connection to one LDAP server; the only file that knows
 * libldap. Nothing is followed, nothing of ldap.conf(5) is read, certificates
 * are always checked. What a server sends is bounded, but not the time that
 * the library takes: the caller is in a process that can be killed.
 */
struct ldap_link;

struct ldap_way {
	const char *uri; /* ldap://HOST[:PORT], ldaps://, ldapi:// */
	bool starttls;
	const char *ca_file; /* "": the system's */
	unsigned timeout_ms; /* of a single answer */
};

/* Sets up; the first request connects. */
int ldap_link_open(struct ldap_link **out, const struct ldap_way *way,
    struct err *e) MUST_CHECK;

/* The ticket that KRB5CCNAME names; signed and sealed, or bound to TLS. */
int ldap_link_kerberos(struct ldap_link *l, struct err *e) MUST_CHECK;
/* A password never goes over a connection without TLS: ERR_POLICY. */
int ldap_link_simple(struct ldap_link *l, const char *dn,
    const struct secret *password, struct err *e) MUST_CHECK;
int ldap_link_anonymous(struct ldap_link *l, struct err *e) MUST_CHECK;

enum ldap_scope { SCOPE_BASE, SCOPE_ONE, SCOPE_TREE };

/* An attribute's value, or with attribute NULL the beginning of an entry whose
 * DN it is. value ends with a NUL behind its len bytes, and may hold others. */
typedef int ldap_take(void *arg, const char *attribute, const char *value,
    size_t len, struct err *e);

struct ldap_search {
	const char *base;
	enum ldap_scope scope;
	const char *filter;
	const char *const *attributes; /* up to NULL */
	bool extended;   /* DNs come with GUIDs, where the server knows how */
	unsigned max;    /* entries; more are ERR_LIMIT */
	ldap_take *take; /* -1 ends the search */
	void *arg;
};

/*
 * How many entries there were; they have been taken. ERR_GONE: no such base;
 * ERR_OFFLINE: no server, or no answer in time; ERR_AUTH: not allowed; ERR_STORE
 * anything else that it said; ERR_LIMIT: it said too much.
 */
int ldap_link_search(struct ldap_link *l, const struct ldap_search *s,
    struct err *e) MUST_CHECK;

/* Add value to attribute of dn, or remove it. ERR_RACE: it was there already,
 * or was not. Others as above. */
int ldap_link_change(struct ldap_link *l, const char *dn, const char *attribute,
    const char *value, bool add, struct err *e) MUST_CHECK;

/* Searches and changes so far. */
unsigned ldap_link_trips(const struct ldap_link *l);

/* text as part of a filter; ERR_LIMIT. */
int ldap_escape(char *out, size_t cap, const char *text,
    struct err *e) MUST_CHECK;

void ldap_link_close(struct ldap_link *l);

#endif
