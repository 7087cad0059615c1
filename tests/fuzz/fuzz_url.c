#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/file_url.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

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
