#include "signin/netlogon.h"

#include <string.h>

#include "base/reader.h"
#include "base/text.h"

#define SAM_LOGON_RESPONSE_EX 23
#define SAM_USER_UNKNOWN_EX   25 /* the same; the user is not our concern */
#define LABEL_MAX             63

/*
 * Labels are counted bytes up to one of length 0; two high bits set instead
 * point to where the name goes on. Only backwards, so that it ends.
 */
static bool
read_name(struct reader *r, const uint8_t *base, char out[NETLOGON_NAME_MAX])
{
	struct reader at = *r;
	size_t used = 0, back = (size_t)(r->at - base), to;
	const uint8_t *label;
	bool jumped = false;
	uint8_t n;

	while ((n = reader_u8(&at)) != 0) {
		if (n >= 0xc0) {
			to = (size_t)(n & 0x3f) << 8 | reader_u8(&at);
			if (!jumped)
				*r = at;
			if (at.bad || to >= back)
				return false;
			jumped = true;
			at = reader_of(base + to, back - to);
			back = to;
			continue;
		}
		label = reader_bytes(&at, n);
		if (n > LABEL_MAX || label == NULL ||
		    used + n + 2 > NETLOGON_NAME_MAX)
			return false;
		if (used > 0)
			out[used++] = '.';
		memcpy(out + used, label, n);
		used += n;
	}
	out[used] = '\0';
	if (!jumped)
		*r = at;
	return !at.bad && !r->bad;
}

static bool
is_name(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c <= 0x20 || *c == 0x7f)
			return false;
	return text_is_utf8(text, strlen(text));
}

int
netlogon_parse(struct netlogon *out, const void *bytes, size_t len,
    struct err *e)
{
	struct netlogon n = { 0 };
	char ignored[NETLOGON_NAME_MAX];
	char *const names[] = { n.forest, n.domain, n.host, n.netbios_domain,
		ignored, ignored, n.server_site, n.client_site };
	struct reader r = reader_of(bytes, len);
	uint16_t op = reader_u16(&r);

	reader_u16(&r);
	n.flags = reader_u32(&r);
	(void)reader_bytes(&r, 16); /* the domain's GUID */
	if (r.bad || (op != SAM_LOGON_RESPONSE_EX && op != SAM_USER_UNKNOWN_EX))
		return err_set(e, ERR_FORMAT, "netlogon: no answer to a ping");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!read_name(&r, bytes, names[i]) ||
		    (names[i] != ignored && strlen(names[i]) > 0 &&
			!is_name(names[i])))
			return err_set(e, ERR_FORMAT,
			    "netlogon: a name that is none");
	*out = n;
	return 0;
}
