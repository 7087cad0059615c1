#include "store/file_url.h"

#include <string.h>
#include <strings.h>

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One byte of a percent-encoded URL; -1 for an encoding that is none. */
static int
decode_byte(const char **at)
{
	int high, low;

	if (**at != '%')
		return (unsigned char)*(*at)++;
	if ((high = hex_digit((*at)[1])) == -1 ||
	    (low = hex_digit((*at)[2])) == -1)
		return -1;
	*at += 3;
	return high << 4 | low;
}

/* The path that the part of a URL behind its host stands for, to out[]. */
static int
decode_path(const char *url, const char *from, char out[PATH_MAX],
    struct err *e)
{
	size_t len = 0;
	int byte;

	while (*from != '\0') {
		if (*from == '?' || *from == '#')
			return err_set(e, ERR_USAGE,
			    "store %s: '%c' has to be written as %%%02X", url,
			    *from, (unsigned)*from);
		if ((byte = decode_byte(&from)) <= 0)
			return err_set(e, ERR_USAGE,
			    "store %s: %% has to be followed by two hex "
			    "digits, not 00; %% itself is %%25",
			    url);
		if (len == PATH_MAX - 1)
			return err_set(e, ERR_USAGE, "store %s: path too long",
			    url);
		out[len++] = (char)byte;
	}
	while (len > 0 && out[len - 1] == '/')
		len--;
	if (len == 0)
		return err_set(e, ERR_USAGE, "store %s: names no directory",
		    url);
	out[len] = '\0';
	return 0;
}

int
file_url_path(const char *url, char out[PATH_MAX], struct err *e)
{
	static const char local[] = "localhost";
	const char *at = url + strlen(FILE_URL_SCHEME);

	if (strncasecmp(url, FILE_URL_SCHEME, strlen(FILE_URL_SCHEME)) != 0 ||
	    strncmp(at, "//", 2) != 0)
		return err_set(e, ERR_USAGE,
		    "store %s: not of the form file:///directory", url);
	at += 2;
	if (strncasecmp(at, local, strlen(local)) == 0)
		at += strlen(local);
	if (*at != '/')
		return err_set(e, ERR_USAGE,
		    "store %s: a file: URL has no host and an absolute path: "
		    "file:///directory",
		    url);
	return decode_path(url, at, out, e);
}

int
file_url_check(const char *url, struct err *e)
{
	char path[PATH_MAX];

	return file_url_path(url, path, e);
}
