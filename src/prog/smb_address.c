#include "prog/smb_address.h"

#include <stdio.h>
#include <string.h>

void
address_append(char url[ADDRESS_SIZE], const char *text)
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
