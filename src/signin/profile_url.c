#include "signin/profile_url.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define FORM "\\\\SERVER\\SHARE\\DIRECTORY"

/* A URL in the making. */
struct url {
	char *out;
	size_t used, cap;
};

static int
too_long(const struct url *u, struct err *e)
{
	return err_set(e, ERR_LIMIT, "longer than %zu bytes", u->cap - 1);
}

static int
put(struct url *u, const char *text, size_t len, struct err *e)
{
	if (len >= u->cap - u->used)
		return too_long(u, e);
	memcpy(u->out + u->used, text, len);
	u->used += len;
	u->out[u->used] = '\0';
	return 0;
}

/* One byte of a name, percent-encoded where it is not plain in any URL. */
static int
put_byte(struct url *u, char c, struct err *e)
{
	static const char plain[] = "-._~$";
	char coded[4];

	if (isalnum((unsigned char)c) ||
	    (c != '\0' && strchr(plain, c) != NULL))
		return put(u, &c, 1, e);
	snprintf(coded, sizeof(coded), "%%%02X", (unsigned)(unsigned char)c);
	return put(u, coded, 3, e);
}

static bool
is_separator(char c)
{
	return c == '\\' || c == '/';
}

/* Is this the directory of a profile of Windows: "name.V6"? */
static bool
is_windows(const char *name, size_t len)
{
	size_t digits = 0;

	while (digits < len && isdigit((unsigned char)name[len - 1 - digits]))
		digits++;
	return digits > 0 && len >= digits + 2 &&
	    (name[len - digits - 1] | 0x20) == 'v' &&
	    name[len - digits - 2] == '.';
}

/* A component whose variables have been replaced. */
static int
check_component(const char *name, size_t len, struct err *e)
{
	static const char never[] = "\"*:<>?|\\/";

	if (len == 0 || (len == 1 && name[0] == '.') ||
	    (len == 2 && name[0] == '.' && name[1] == '.'))
		return err_set(e, ERR_USAGE,
		    "an empty name, '.' or '..' in it");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f ||
		    strchr(never, name[i]) != NULL)
			return err_set(e, ERR_USAGE,
			    "a byte in it that no name on a server has");
	if (!text_is_utf8(name, len))
		return err_set(e, ERR_USAGE, "not UTF-8");
	if (is_windows(name, len))
		return err_set(e, ERR_USAGE,
		    "a profile of Windows: the path is written without its "
		    "version");
	return 0;
}

/* What the variable at text, behind its '%', stands for; *len bytes name it.
 * NULL with e. */
static const char *
variable(const char *text, size_t *len, const struct profile_names *names,
    struct err *e)
{
	const struct {
		const char *name, *value;
	} known[] = {
		{ "username%", names->account },
		{ "userdomain%", names->netbios },
		{ "domain%", names->netbios },
		{ "%", "%" },
		{ "u", names->user },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		*len = strlen(known[i].name);
		if (strncasecmp(text, known[i].name, *len) != 0)
			continue;
		if (known[i].value[0] != '\0')
			return known[i].value;
		err_set(e, ERR_USAGE, "%%%.*s: nothing is known to put there",
		    (int)*len, known[i].name);
		return NULL;
	}
	err_set(e, ERR_USAGE,
	    "a variable that is not %%username%%, %%userdomain%% or "
	    "%%domain%%");
	return NULL;
}

/* The component at text, of len bytes, with its variables replaced. */
static int
expand(struct url *name, const char *text, size_t len,
    const struct profile_names *names, struct err *e)
{
	const char *end = text + len, *value;
	size_t n;

	while (text < end) {
		if (*text != '%') {
			if (put(name, text++, 1, e) == -1)
				return -1;
			continue;
		}
		if ((value = variable(text + 1, &n, names, e)) == NULL)
			return -1;
		/* One user's profile is never in another's place. */
		if (check_component(value, strlen(value), e) == -1 ||
		    put(name, value, strlen(value), e) == -1)
			return -1;
		text += n + 1;
	}
	return 0;
}

static int
put_component(struct url *u, const char *text, size_t len,
    const struct profile_names *names, struct err *e)
{
	char bytes[512] = "";
	struct url name = { .out = bytes, .cap = sizeof(bytes) };

	if (expand(&name, text, len, names, e) == -1 ||
	    check_component(bytes, name.used, e) == -1 ||
	    put(u, "/", 1, e) == -1)
		return -1;
	for (size_t i = 0; i < name.used; i++)
		if (put_byte(u, bytes[i], e) == -1)
			return -1;
	return 0;
}

static size_t
component_len(const char *text)
{
	size_t len = 0;

	while (text[len] != '\0' && !is_separator(text[len]))
		len++;
	return len;
}

/* "server\share\..." to "smb://server/share...". */
static int
put_components(struct url *u, const char *at, const struct profile_names *names,
    struct err *e)
{
	unsigned count = 0;
	size_t len;

	if (put(u, "smb:/", 5, e) == -1)
		return -1;
	for (;; at += len + 1, count++) {
		len = component_len(at);
		if (count >= 2 && at[len] == '\0' && len == 0)
			break; /* a separator at the end */
		if (put_component(u, at, len, names, e) == -1)
			return -1;
		if (at[len] == '\0') {
			count++;
			break;
		}
	}
	if (count < 3)
		return err_set(e, ERR_USAGE,
		    "no directory in a share: it has to be " FORM);
	return 0;
}

int
profile_url_from_unc(char *out, size_t cap, const char *unc,
    const struct profile_names *names, const char *suffix, struct err *e)
{
	struct url u = { .out = out, .cap = cap };
	int rc = -1;

	out[0] = '\0';
	if (!is_separator(unc[0]) || !is_separator(unc[1]))
		err_set(e, ERR_USAGE, "not of the form " FORM);
	else if (profile_url_check_suffix(suffix, e) == 0 &&
	    put_components(&u, unc + 2, names, e) == 0)
		rc = put(&u, suffix, strlen(suffix), e);
	if (rc == -1)
		return err_wrap(e, "profile path %s", unc);
	return 0;
}

int
profile_url_check_suffix(const char *text, struct err *e)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.%";
	size_t len = strlen(text);

	if (text[0] != '.' || len < 2 || len > 64 ||
	    strspn(text, plain) != len || text[len - 1] == '.')
		return err_set(e, ERR_USAGE,
		    "'%s': a suffix is '.' and letters, digits, '-', '_'",
		    text);
	if (is_windows(text, len))
		return err_set(e, ERR_USAGE,
		    "'%s': profiles of Windows have that suffix", text);
	return 0;
}

/* Of a name or number of a system only what is plain. */
static int
put_plain(struct url *u, const char *text, struct err *e)
{
	for (; *text != '\0'; text++)
		if ((isalnum((unsigned char)*text) || *text == '.' ||
			*text == '-') &&
		    put(u, text, 1, e) == -1)
			return -1;
	return 0;
}

int
profile_url_suffix(char *out, size_t cap, const char *text, const char *os,
    const char *version, struct err *e)
{
	struct url u = { .out = out, .cap = cap };
	int rc;

	out[0] = '\0';
	for (; *text != '\0'; text++) {
		if (*text != '%')
			rc = put(&u, text, 1, e);
		else if (*++text == 'o' || *text == 'v')
			rc = put_plain(&u, *text == 'o' ? os : version, e);
		else
			rc = err_set(e, ERR_USAGE,
			    "suffix: a '%%' is %%o or %%v");
		if (rc == -1)
			return -1;
	}
	return profile_url_check_suffix(out, e);
}

const char *
profile_url_pick(const struct facts *f, bool terminal)
{
	return terminal && f->ts_profile_path[0] != '\0' ? f->ts_profile_path
							 : f->profile_path;
}
