#include "store/smb_url.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define FORM "smb://[user@]server[:port]/share/path"

/* A part of a URL that is being taken apart: where it lies, what it is called
 * when it is wrong. */
struct part {
	const char *from, *to;
	const char *what;
};

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

/* One byte of p; -1: a '%' that is not followed by two digits. */
static int
next_byte(struct part *p)
{
	int high, low;

	if (*p->from != '%')
		return (unsigned char)*p->from++;
	if (p->to - p->from < 3 || (high = hex_digit(p->from[1])) == -1 ||
	    (low = hex_digit(p->from[2])) == -1)
		return -1;
	p->from += 3;
	return high << 4 | low;
}

/* The bytes of p to out[cap]. None is a control byte, and all are UTF-8, since
 * that is all that a name on an SMB server can be. */
static int
decode(struct part p, char *out, size_t cap, struct err *e)
{
	size_t len = 0;
	int byte;

	while (p.from < p.to) {
		if (*p.from == '?')
			return err_set(e, ERR_USAGE,
			    "%s: '?' is no part of a name on an SMB server",
			    p.what);
		if (*p.from == '#')
			return err_set(e, ERR_USAGE,
			    "%s: '#' would have to be written as %%23", p.what);
		if ((byte = next_byte(&p)) == -1)
			return err_set(e, ERR_USAGE,
			    "%s: %% has to be followed by two hex digits; %% "
			    "itself is %%25",
			    p.what);
		if (byte < 0x20 || byte == 0x7f)
			return err_set(e, ERR_USAGE,
			    "%s: a control byte (%02x) is no part of a name",
			    p.what, (unsigned)byte);
		if (len == cap - 1)
			return err_set(e, ERR_USAGE,
			    "%s: longer than %zu bytes", p.what, cap - 1);
		out[len++] = (char)byte;
	}
	out[len] = '\0';
	if (!text_is_utf8(out, len))
		return err_set(e, ERR_USAGE, "%s: not UTF-8", p.what);
	return 0;
}

/* A server's name or address: nothing that its resolver or a URL could
 * misread. */
static int
check_server(const char *server, struct err *e)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._";

	if (server[0] == '\0')
		return err_set(e, ERR_USAGE, "no server is named; write " FORM);
	if (server[0] == '-' || server[strspn(server, plain)] != '\0')
		return err_set(e, ERR_USAGE,
		    "server: not a name or an IPv4 address");
	return 0;
}

/* A share, or one component of a path. */
static int
check_name(const char *what, const char *name, size_t len, struct err *e)
{
	static const char never[] = "\"*:<>?|\\";
	size_t plain = strcspn(name, never);

	if (len == 0 || (len == 1 && name[0] == '.') ||
	    (len == 2 && name[0] == '.' && name[1] == '.'))
		return err_set(e, ERR_USAGE,
		    "%s: an empty name, '.' or '..' in it", what);
	if (plain < len)
		return err_set(e, ERR_USAGE,
		    "%s: '%c' is no part of a name on an SMB server", what,
		    name[plain]);
	if (len > SMB_NAME_MAX)
		return err_set(e, ERR_USAGE, "%s: a name longer than %d bytes",
		    what, SMB_NAME_MAX);
	return 0;
}

static int
parse_user(struct smb_url *u, struct part p, struct err *e)
{
	const char *colon = memchr(p.from, ':', (size_t)(p.to - p.from));
	char whole[2 * SMB_NAME_MAX + 2], *semicolon;

	if (colon != NULL)
		return err_set(e, ERR_USAGE,
		    "a password has no place in a URL; see roam(1)");
	if (decode(p, whole, sizeof(whole), e) == -1)
		return -1;
	semicolon = strchr(whole, ';');
	if (semicolon != NULL)
		*semicolon++ = '\0';
	else
		semicolon = whole;
	if (semicolon[0] == '\0' || strlen(semicolon) > SMB_NAME_MAX ||
	    strlen(whole) > SMB_NAME_MAX)
		return err_set(e, ERR_USAGE, "user: empty or too long");
	if (semicolon != whole)
		memcpy(u->domain, whole, strlen(whole) + 1);
	memcpy(u->user, semicolon, strlen(semicolon) + 1);
	return 0;
}

static int
parse_port(struct smb_url *u, const char *from, const char *to, struct err *e)
{
	char digits[8];
	uint64_t port;
	struct err why; /* shows the digits, which may be half a password */

	if (to - from >= (ptrdiff_t)sizeof(digits))
		return err_set(e, ERR_USAGE, "port: not within 1 to 65535");
	memcpy(digits, from, (size_t)(to - from));
	digits[to - from] = '\0';
	if (text_number(digits, 1, 65535, &port, &why) == -1)
		return err_set(e, ERR_USAGE, "port: not within 1 to 65535");
	u->port = (unsigned)port;
	return 0;
}

/* "[[DOMAIN;]user@]server[:port]" */
static int
parse_authority(struct smb_url *u, const char *from, const char *to,
    struct err *e)
{
	const char *at = memrchr(from, '@', (size_t)(to - from)), *colon;

	if (at != NULL) {
		if (parse_user(u, (struct part){ from, at, "user" }, e) == -1)
			return -1;
		from = at + 1;
	}
	if (from < to && *from == '[')
		return err_set(e, ERR_USAGE,
		    "server: an IPv6 address is not understood; write the "
		    "server's name");
	u->port = SMB_PORT;
	colon = memchr(from, ':', (size_t)(to - from));
	if (colon != NULL) {
		if (parse_port(u, colon + 1, to, e) == -1)
			return -1;
		to = colon;
	}
	if (decode((struct part){ from, to, "server" }, u->server,
		sizeof(u->server), e) == -1)
		return -1;
	return check_server(u->server, e);
}

/* "share[/path]", with slashes at its end left out. A slash that is encoded is
 * none between components, and can be no part of one either. */
static int
parse_path(struct smb_url *u, const char *from, struct err *e)
{
	const char *end = from + strlen(from), *slash, *at;
	size_t len;

	while (end > from && end[-1] == '/')
		end--;
	if (memmem(from, (size_t)(end - from), "%2f", 3) != NULL ||
	    memmem(from, (size_t)(end - from), "%2F", 3) != NULL)
		return err_set(e, ERR_USAGE, "path: '/' is no part of a name");
	slash = memchr(from, '/', (size_t)(end - from));
	if (slash == NULL)
		slash = end;
	if (slash == from)
		return err_set(e, ERR_USAGE, "no share is named; write " FORM);
	if (decode((struct part){ from, slash, "share" }, u->share,
		sizeof(u->share), e) == -1 ||
	    check_name("share", u->share, strlen(u->share), e) == -1)
		return -1;
	if (slash == end)
		return 0;
	if (decode((struct part){ slash + 1, end, "path" }, u->path,
		sizeof(u->path), e) == -1)
		return -1;
	for (at = u->path;; at += len + 1) {
		len = strcspn(at, "/");
		if (check_name("path", at, len, e) == -1)
			return -1;
		if (at[len] == '\0')
			return 0;
	}
}

/* The error's text is about url; one with a password is not shown. */
static int
blame(const char *url, struct err *e)
{
	const char *at = strrchr(url, '@');

	if (at != NULL)
		return err_wrap(e, "store smb://...%s", at);
	return err_wrap(e, "store %s", url);
}

int
smb_url_parse(struct smb_url *out, const char *url, struct err *e)
{
	const char *at = url + strlen(SMB_URL_SCHEME), *slash;

	memset(out, 0, sizeof(*out));
	if (strncasecmp(url, SMB_URL_SCHEME, strlen(SMB_URL_SCHEME)) != 0 ||
	    strncmp(at, "//", 2) != 0)
		return err_set(e, ERR_USAGE, "store %s: not of the form " FORM,
		    url);
	at += 2;
	if ((slash = strchr(at, '/')) == NULL) {
		err_set(e, ERR_USAGE, "no share is named; write " FORM);
		return blame(url, e);
	}
	if (parse_authority(out, at, slash, e) == -1 ||
	    parse_path(out, slash + 1, e) == -1)
		return blame(url, e);
	return 0;
}

int
smb_url_check(const char *url, struct err *e)
{
	struct smb_url u;

	return smb_url_parse(&u, url, e);
}
