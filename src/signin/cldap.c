#include "signin/cldap.h"

#include <string.h>

#include "base/reader.h"

/* Tags of BER that a ping and its reply are made of. */
enum tag {
	TAG_BOOLEAN = 0x01,
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_ENUM = 0x0a,
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
	TAG_SEARCH = 0x63,
	TAG_ENTRY = 0x64,
	TAG_AND = 0xa0,
	TAG_EQUAL = 0xa3,
};

#define PING_MAX 1024 /* bytes */

/* Version of the reply that is wanted: 5 and "ex", no address. */
static const char version[4] = { 0x06, 0, 0, 0 };

/* tag, length, bytes; all lengths here fit two bytes. */
static void
put(struct buf *out, enum tag tag, const void *bytes, size_t len)
{
	buf_u8(out, (uint8_t)tag);
	buf_u8(out, 0x82);
	buf_u8(out, (uint8_t)(len >> 8));
	buf_u8(out, (uint8_t)len);
	buf_bytes(out, bytes, len);
}

static void
put_equal(struct buf *out, const char *name, const void *value, size_t len)
{
	struct buf inner = { .max = PING_MAX };

	put(&inner, TAG_OCTETS, name, strlen(name));
	put(&inner, TAG_OCTETS, value, len);
	put(out, TAG_EQUAL, inner.bytes, inner.len);
	buf_free(&inner);
}

void
cldap_ping(struct buf *out, const char *domain, unsigned char id)
{
	static const uint8_t none[1] = { 0 };
	struct buf filter = { .max = PING_MAX }, search = { .max = PING_MAX },
		   message = { .max = PING_MAX };

	put_equal(&filter, "DnsDomain", domain, strlen(domain));
	put_equal(&filter, "NtVer", version, sizeof(version));

	put(&search, TAG_OCTETS, "", 0);    /* base: the root DSE */
	put(&search, TAG_ENUM, none, 1);    /* scope: the base */
	put(&search, TAG_ENUM, none, 1);    /* no aliases */
	put(&search, TAG_INTEGER, none, 1); /* no limit of entries */
	put(&search, TAG_INTEGER, none, 1); /* nor of time */
	put(&search, TAG_BOOLEAN, none, 1); /* values, too */
	put(&search, TAG_AND, filter.bytes, filter.len);
	buf_clear(&filter);
	put(&filter, TAG_OCTETS, "Netlogon", 8);
	put(&search, TAG_SEQUENCE, filter.bytes, filter.len);

	put(&message, TAG_INTEGER, &id, 1);
	put(&message, TAG_SEARCH, search.bytes, search.len);
	put(out, TAG_SEQUENCE, message.bytes, message.len);
	buf_free(&filter);
	buf_free(&search);
	buf_free(&message);
}

/* What is inside of the next element of r, which has to bear that tag. */
static struct reader
enter(struct reader *r, enum tag tag)
{
	struct reader bad = { .bad = true };
	const uint8_t *at;
	size_t len;
	uint8_t n;

	if (reader_u8(r) != tag)
		r->bad = true;
	len = n = reader_u8(r);
	if (n > 0x84 || n == 0x80)
		r->bad = true;
	if (n > 0x80 && !r->bad)
		for (len = 0; n > 0x80; n--)
			len = len << 8 | reader_u8(r);
	if ((at = reader_bytes(r, len)) == NULL)
		return bad;
	return reader_of(at, len);
}

static bool
is_text(const struct reader *r, const char *text)
{
	if (r->bad || r->left != strlen(text))
		return false;
	for (size_t i = 0; i < r->left; i++)
		if ((r->at[i] | 0x20) != (text[i] | 0x20))
			return false;
	return true;
}

int
cldap_reply(struct netlogon *out, const void *bytes, size_t len,
    unsigned char id, struct err *e)
{
	struct reader all = reader_of(bytes, len), message, entry, attributes,
		      attribute, name, values, value, number;

	message = enter(&all, TAG_SEQUENCE);
	number = enter(&message, TAG_INTEGER);
	/* Padded with zeros where it likes. */
	while (number.left > 1 && reader_u8(&number) == 0)
		;
	if (number.bad || number.left != 1 || reader_u8(&number) != id)
		return err_set(e, ERR_FORMAT, "netlogon: not the ping's reply");
	entry = enter(&message, TAG_ENTRY);
	(void)enter(&entry, TAG_OCTETS);
	attributes = enter(&entry, TAG_SEQUENCE);
	while (!attributes.bad && attributes.left > 0) {
		attribute = enter(&attributes, TAG_SEQUENCE);
		name = enter(&attribute, TAG_OCTETS);
		values = enter(&attribute, TAG_SET);
		value = enter(&values, TAG_OCTETS);
		if (is_text(&name, "netlogon") && !value.bad)
			return netlogon_parse(out, value.at, value.left, e);
	}
	return err_set(e, ERR_FORMAT, "netlogon: no answer to a ping");
}
