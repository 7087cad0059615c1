#include "prog/smb_address.h"

#include <stdio.h>
#include <string.h>

/* Append text, its bytes encoded; '/' stays. What does not fit is left out. */
static void
append(char url[ADDRESS_SIZE], const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._/";
	size_t len = strlen(url);

	for (; *text != '\0' && len + 4 < ADDRESS_SIZE; text++)
		if (strchr(plain, *text) != NULL)
			url[len++] = *text;
		else
			len += (size_t)snprintf(url + len, 4, "%%%02X",
			    (unsigned)(unsigned char)*text);
	url[len] = '\0';
}

char *
address_base(const char *server, const char *share, const char *path)
{
	char url[ADDRESS_SIZE];

	snprintf(url, sizeof(url), "smb://%s/", server);
	append(url, share);
	append(url, "/");
	append(url, path);
	return strdup(url);
}

const char *
address_of(const char *base, const char *path, char url[ADDRESS_SIZE])
{
	snprintf(url, ADDRESS_SIZE, "%s%s", base, path[0] != '\0' ? "/" : "");
	append(url, path);
	return url;
}
