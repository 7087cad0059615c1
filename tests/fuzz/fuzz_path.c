#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What path_from_user() accepts is the home itself, or a clean path. */
static void
from_user(const char *arg, size_t cap)
{
	char *out = malloc(cap);
	struct err e;

	if (out == NULL)
		abort();
	if (path_from_user(out, cap, "/home/alice", arg, &e) == 0 &&
	    *out != '\0' && !path_is_clean(out, strlen(out)))
		abort();
	free(out);
}

/* The first half of a clean path and all of it stand in one order only. */
static void
compare(const char *path, size_t len)
{
	size_t half = path_parent_len(path, len);

	if (path_order(path, len, path, len) != 0 ||
	    path_order(path, half, path, len) != -1 ||
	    path_order(path, len, path, half) != 1 ||
	    !path_is_within(path, len, path, half) ||
	    path_is_within(path, half, path, len))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *arg = strndup((const char *)bytes, len);

	if (arg == NULL)
		abort();
	from_user(arg, 1);
	from_user(arg, 16);
	from_user(arg, PATH_LEN_MAX + 1);
	free(arg);
	if (path_is_clean((const char *)bytes, len))
		compare((const char *)bytes, len);
	return 0;
}
