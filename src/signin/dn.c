#include "signin/dn.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RDN_PARTS_MAX 8 /* "CN=a+OU=b+..." */

/* Bytes that are always escaped in a normal form. */
static const char special[] = ",+\"\\<>;=#";

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two digits at s, or -1. */
static int
hex_pair(const char *s)
{
	int high = hex_digit(s[0]), low = high == -1 ? -1 : hex_digit(s[1]);

	return low == -1 ? -1 : high << 4 | low;
}

/* --- GUIDs ----------------------------------------------------------------- */

/* The order of a GUID's bytes in its text: the first three numbers are
 * little-endian. */
static const uint8_t text_order[GUID_LEN] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10,
	11, 12, 13, 14, 15 };

const char *
guid_text(const struct guid *g, char out[GUID_TEXT_MAX])
{
	size_t used = 0;

	for (size_t i = 0; i < GUID_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[used++] = '-';
		snprintf(out + used, 3, "%02x", g->b[text_order[i]]);
		used += 2;
	}
	return out;
}

/* The 16 bytes as 32 digits, in their own order or with dashes in that of
 * guid_text(). */
static int
guid_parse(struct guid *out, const char *text, size_t len)
{
	bool dashes = len == GUID_TEXT_MAX - 1;
	int byte;

	if (!dashes && len != (size_t)GUID_LEN * 2)
		return -1;
	for (size_t i = 0; i < GUID_LEN; i++) {
		if (dashes && (i == 4 || i == 6 || i == 8 || i == 10) &&
		    *text++ != '-')
			return -1;
		if ((byte = hex_pair(text)) == -1)
			return -1;
		out->b[dashes ? text_order[i] : i] = (uint8_t)byte;
		text += 2;
	}
	return 0;
}

int
dn_ref_parse(struct dn_ref *out, const char *value, struct err *e)
{
	struct dn_ref ref = { .dn = value };
	const char *stop;

	while (ref.dn[0] == '<') {
		stop = strchr(ref.dn, '>');
		if (stop == NULL || stop[1] != ';')
			return err_set(e, ERR_FORMAT,
			    "a name of an object: '<' is not closed");
		if (strncasecmp(ref.dn, "<GUID=", 6) == 0) {
			if (guid_parse(&ref.guid, ref.dn + 6,
				(size_t)(stop - ref.dn - 6)) == -1)
				return err_set(e, ERR_FORMAT,
				    "a name of an object: not a GUID");
			ref.has_guid = true;
		}
		ref.dn = stop + 2;
	}
	*out = ref;
	return 0;
}

/* --- Normal forms ---------------------------------------------------------- */

/* A DN on its way into out. */
struct norm {
	const char *at;
	char *out;
	size_t used, cap;
};

static int
put(struct norm *n, char c, struct err *e)
{
	if (n->used + 1 >= n->cap)
		return err_set(e, ERR_LIMIT, "DN: longer than %zu bytes",
		    n->cap - 1);
	n->out[n->used++] = c;
	n->out[n->used] = '\0';
	return 0;
}

static void
skip_blanks(struct norm *n)
{
	while (*n->at == ' ')
		n->at++;
}

/* "cn", "2.5.4.3"; then the '='. */
static int
put_type(struct norm *n, struct err *e)
{
	const char *from;

	skip_blanks(n);
	from = n->at;
	for (; isalnum((unsigned char)*n->at) || *n->at == '-' || *n->at == '.';
	     n->at++)
		if (put(n, (char)tolower((unsigned char)*n->at), e) == -1)
			return -1;
	skip_blanks(n);
	if (n->at == from || *n->at != '=')
		return err_set(e, ERR_FORMAT, "DN: not of the form TYPE=VALUE");
	n->at++;
	return put(n, '=', e);
}

/* The next byte of a value; *plain tells one that ends or separates values if
 * it was not escaped. -1: a '\' in front of nothing, or a byte that cannot be. */
static int
next_byte(struct norm *n, bool *plain)
{
	int byte;

	*plain = *n->at != '\\';
	if (*plain)
		return (unsigned char)*n->at++;
	if ((byte = hex_pair(n->at + 1)) > 0) {
		n->at += 3;
		return byte;
	}
	if (byte == 0 || n->at[1] == '\0' ||
	    (strchr(special, n->at[1]) == NULL && n->at[1] != ' '))
		return -1;
	n->at += 2;
	return (unsigned char)n->at[-1];
}

static int
put_byte(struct norm *n, int byte, struct err *e)
{
	if ((byte < 0x20 || byte == 0x7f || strchr(special, byte) != NULL) &&
	    put(n, '\\', e) == -1)
		return -1;
	if (byte >= 0x20 && byte != 0x7f)
		return put(n, (char)tolower(byte), e);
	if (put(n, "0123456789abcdef"[byte >> 4], e) == -1)
		return -1;
	return put(n, "0123456789abcdef"[byte & 15], e);
}

/* Up to the ',' or '+' or the end, which is left. Blanks, escaped or not, do
 * not count at both ends, and count once in between. */
static int
put_value(struct norm *n, struct err *e)
{
	bool blank = false, plain;
	size_t from = n->used;
	int byte;

	while (*n->at != '\0' && *n->at != ',' && *n->at != '+') {
		if ((byte = next_byte(n, &plain)) == -1 ||
		    (plain && strchr("\"<>;", byte) != NULL))
			return err_set(e, ERR_FORMAT,
			    "DN: a value with bytes that had to be escaped");
		if (byte == ' ') {
			blank = n->used > from;
			continue;
		}
		if (blank && put(n, ' ', e) == -1)
			return -1;
		blank = false;
		if (put_byte(n, byte, e) == -1)
			return -1;
	}
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "b=x+a=y", which starts at out + from, to "a=y+b=x". */
static int
sort_parts(struct norm *n, size_t from, const size_t *part, size_t count,
    struct err *e)
{
	char copy[DN_MAX], *at[RDN_PARTS_MAX];
	size_t len = n->used - from;

	if (count == 1)
		return 0;
	if (len >= sizeof(copy))
		return err_set(e, ERR_LIMIT, "DN: a part longer than %d bytes",
		    DN_MAX);
	memcpy(copy, n->out + from, len);
	copy[len] = '\0';
	for (size_t i = 0; i < count; i++) {
		at[i] = copy + (part[i] - from);
		if (i > 0)
			copy[part[i] - from - 1] = '\0'; /* the '+' */
	}
	qsort(at, count, sizeof(at[0]), by_text);
	n->used = from;
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			n->out[n->used++] = '+';
		memcpy(n->out + n->used, at[i], strlen(at[i]));
		n->used += strlen(at[i]);
	}
	return 0;
}

static int
put_rdn(struct norm *n, struct err *e)
{
	size_t part[RDN_PARTS_MAX], count = 0, from = n->used;

	for (;; n->at++) {
		if (count == RDN_PARTS_MAX)
			return err_set(e, ERR_LIMIT, "DN: more than %d '+'",
			    RDN_PARTS_MAX);
		if (count > 0 && put(n, '+', e) == -1)
			return -1;
		part[count++] = n->used;
		if (put_type(n, e) == -1 || put_value(n, e) == -1)
			return -1;
		if (*n->at != '+')
			return sort_parts(n, from, part, count, e);
	}
}

int
dn_normal(char *out, size_t cap, const char *dn, struct err *e)
{
	struct norm n = { .at = dn, .out = out, .cap = cap };

	out[0] = '\0';
	skip_blanks(&n);
	if (*n.at == '\0')
		return err_set(e, ERR_FORMAT, "DN: it is empty");
	for (;; n.at++) {
		if (n.used > 0 && put(&n, ',', e) == -1)
			return -1;
		if (put_rdn(&n, e) == -1)
			return -1;
		if (*n.at == '\0')
			return 0;
	}
}

int
dn_same(const struct dn_ref *a, const struct dn_ref *b, bool *same,
    struct err *e)
{
	char na[DN_MAX], nb[DN_MAX];

	if (a->has_guid && b->has_guid) {
		*same = memcmp(a->guid.b, b->guid.b, GUID_LEN) == 0;
		return 0;
	}
	if (dn_normal(na, sizeof(na), a->dn, e) == -1 ||
	    dn_normal(nb, sizeof(nb), b->dn, e) == -1)
		return -1;
	*same = strcmp(na, nb) == 0;
	return 0;
}

int
dn_domain(char *out, size_t cap, const char *dn, struct err *e)
{
	char normal[DN_MAX], *part, *rest;
	size_t used = 0, len;

	if (dn_normal(normal, sizeof(normal), dn, e) == -1)
		return -1;
	for (part = strtok_r(normal, ",", &rest); part != NULL;
	     part = strtok_r(NULL, ",", &rest)) {
		if (strncmp(part, "dc=", 3) != 0)
			continue;
		len = strlen(part + 3);
		if (len == 0 || used + len + 2 > cap ||
		    strspn(part + 3,
			"abcdefghijklmnopqrstuvwxyz0123456789-_") != len)
			return err_set(e, ERR_FORMAT,
			    "DN: a DC that is no name of DNS");
		if (used > 0)
			out[used++] = '.';
		memcpy(out + used, part + 3, len);
		used += len;
	}
	if (used == 0)
		return err_set(e, ERR_FORMAT, "DN: there is no DC in it");
	out[used] = '\0';
	return 0;
}
