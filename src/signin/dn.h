#ifndef ROAM_SIGNIN_DN_H
#define ROAM_SIGNIN_DN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * dn - names of objects in a directory, and whether two name the same object.
 *
 * An object keeps its GUID when it is renamed or moved, so that is what is
 * compared wherever both sides have one. Else names are, in a normal form.
 */
#define DN_MAX        4096 /* bytes of a normal form, with the NUL */
#define GUID_LEN      16
#define GUID_TEXT_MAX 37 /* with the NUL */

struct guid {
	uint8_t b[GUID_LEN]; /* as objectGUID has them */
};

/* "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"; returns out. */
const char *guid_text(const struct guid *g, char out[GUID_TEXT_MAX]);

/* An object as a value of an attribute names it. */
struct dn_ref {
	bool has_guid;
	struct guid guid;
	const char *dn; /* borrowed from the value; ends with a NUL */
};

/*
 * A value: a DN, or "<GUID=...>;<SID=...>;DN" as the control 1.2.840.113556.
 * 1.4.529 makes them, in either form of the GUID. ERR_FORMAT. value ends with
 * a NUL and lives as long as out is used.
 */
int dn_ref_parse(struct dn_ref *out, const char *value,
    struct err *e) MUST_CHECK;

/*
 * The normal form of a DN (RFC 4514): ASCII letters small, no blanks round
 * types, values and separators, one blank for many, escapes written one way,
 * the parts of a multi-valued RDN in order. ERR_FORMAT, ERR_LIMIT beyond cap.
 * Letters outside of ASCII are compared as they are.
 */
int dn_normal(char *out, size_t cap, const char *dn, struct err *e) MUST_CHECK;

/* Do a and b name one object? By their GUIDs where both have one. ERR_FORMAT
 * where a DN that would decide is none. */
int dn_same(const struct dn_ref *a, const struct dn_ref *b, bool *same,
    struct err *e) MUST_CHECK;

/* "lab.example" of "CN=x,DC=lab,DC=example"; ERR_FORMAT where there is no DC
 * or one that is no name of DNS. */
int dn_domain(char *out, size_t cap, const char *dn, struct err *e) MUST_CHECK;

#endif
