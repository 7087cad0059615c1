#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/file_url.h"
#include "store/smb_url.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What is accepted as an smb: URL names plain parts. */
static void
try_smb(const char *url)
{
	static const char never[] = "\"*:<>?|\\";
	struct smb_url u;
	struct err e;

	memset(&u, 'x', sizeof(u));
	if (smb_url_parse(&u, url, &e) == -1)
		return;
	if (u.server[0] == '\0' || u.share[0] == '\0' || u.port == 0 ||
	    u.port > 65535 || strpbrk(u.share, never) != NULL ||
	    strchr(u.share, '/') != NULL || strpbrk(u.path, never) != NULL ||
	    u.path[0] == '/' || strstr(u.path, "//") != NULL ||
	    strncmp(u.path, "../", 3) == 0 || strstr(u.path, "/../") != NULL ||
	    store_check_url(url, &e) == -1)
		abort();
}

/* What is accepted as a file: URL is an absolute path below the root. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *url = strndup((const char *)bytes, len);
	char path[PATH_MAX];
	struct err e;
	int rc;

	if (url == NULL)
		abort();
	rc = store_check_url(url, &e);
	if (rc == -1 && e.kind != ERR_USAGE)
		abort();
	try_smb(url);
	memset(path, 'x', sizeof(path));
	rc = file_url_path(url, path, &e);
	if (rc == 0 &&
	    (path[0] != '/' || memchr(path, '\0', sizeof(path)) == NULL ||
		strlen(path) < 2 || path[strlen(path) - 1] == '/' ||
		store_check_url(url, &e) == -1))
		abort();
	free(url);
	return 0;
}
