#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signin/profile_url.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A path, then the user's name behind a newline. What is taken is the URL of a
 * store, and has the suffix. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = strndup((const char *)bytes, len), *user;
	struct profile_names names = { "alice", "alice", "LAB" };
	char url[PROFILE_URL_MAX];
	struct err e;

	if (text == NULL)
		abort();
	if ((user = strchr(text, '\n')) != NULL) {
		*user++ = '\0';
		names.account = names.user = user;
	}
	if (profile_url_from_unc(url, sizeof(url), text, &names, ".linux",
		&e) == 0 &&
	    (strncmp(url, "smb://", 6) != 0 || strstr(url, "/../") != NULL ||
		strcmp(url + strlen(url) - 6, ".linux") != 0))
		abort();
	free(text);
	return 0;
}
