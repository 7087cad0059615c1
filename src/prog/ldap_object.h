#ifndef ROAM_PROG_LDAP_OBJECT_H
#define ROAM_PROG_LDAP_OBJECT_H

#include "base/buf.h"
#include "base/err.h"
#include "prog/ldap_link.h"
#include "signin/dn.h"

/*
 * ldap_object - single things of a directory: what a server says of itself, a
 * domain of the forest, one object with the values that were asked for.
 */
#define LDAP_DN_MAX   2048 /* bytes, with the NUL */
#define LDAP_TEXTS    4
#define LDAP_TEXT_MAX 512
#define LDAP_VALUES_MAX                                                        \
	((size_t)8 << 20) /* bytes of all values of one object */

struct ldap_root {
	char base[LDAP_DN_MAX];          /* where to look; may be changed */
	char home[LDAP_DN_MAX];          /* of the server's own domain */
	char schema[LDAP_DN_MAX];        /* "": no Active Directory */
	char configuration[LDAP_DN_MAX]; /* the same */
	char subschema[LDAP_DN_MAX];     /* where others keep theirs */
	char host[256];                  /* "": it does not say */
};
int ldap_root_read(struct ldap_root *out, struct ldap_link *l,
    struct err *e) MUST_CHECK;

/* Does the schema know that attribute? An answer that is no answer is -1. */
int ldap_schema_has(struct ldap_link *l, const struct ldap_root *root,
    const char *attribute, bool *known, struct err *e) MUST_CHECK;

struct ldap_domain {
	char base[LDAP_DN_MAX]; /* "": not of this forest */
	char netbios[17];
	char dns[65];
};
/* By its name in NetBIOS or DNS, or its base. */
int ldap_domain_find(struct ldap_domain *out, struct ldap_link *l,
    const struct ldap_root *root, const char *name, struct err *e) MUST_CHECK;

struct ldap_want {
	const char *base, *filter;
	/* Texts first, in the order of ldap_object.text; up to NULL. */
	const char *const *attributes;
	const char *values; /* the one of many values; NULL: none */
	bool exact;         /* base itself, and nothing below it */
};

struct ldap_object {
	char dn[LDAP_DN_MAX];
	struct dn_ref self; /* into dn; with objectGUID where there is one */
	char text[LDAP_TEXTS][LDAP_TEXT_MAX]; /* "" where it has none */
	uint8_t sid[68];
	size_t sid_len;
	struct buf values; /* owned; each ends with a NUL */
	uint64_t value_count;
};

/* 1 found, 0 there is none; ERR_STORE where there are several. All values, in
 * as many pieces as they come. */
int ldap_object_find(struct ldap_object *out, struct ldap_link *l,
    const struct ldap_want *want, struct err *e) MUST_CHECK;
/* The same, but any of several will do. */
int ldap_object_find_any(struct ldap_object *out, struct ldap_link *l,
    const struct ldap_want *want, struct err *e) MUST_CHECK;
void ldap_object_free(struct ldap_object *o);

/* A filter for the group that all of the user's domain are in without being
 * among its members: "(objectSid=...)"; "" where there is no SID. */
void ldap_domain_users(const struct ldap_object *user, char out[256]);

#endif
