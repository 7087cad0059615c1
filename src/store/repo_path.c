#include <stdio.h>
#include <string.h>

#include "store/repo.h"

#define NUMBER_DIGITS 12

const char *
repo_path(char out[STORE_PATH_MAX + 1], uint64_t number, const char *file)
{
	snprintf(out, STORE_PATH_MAX + 1, "gen/%0*llu%s%s", NUMBER_DIGITS,
	    (unsigned long long)number, file[0] != '\0' ? "/" : "", file);
	return out;
}

uint64_t
repo_number(const char *name, const char **rest)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < NUMBER_DIGITS; i++) {
		if (name[i] < '0' || name[i] > '9')
			return 0;
		n = n * 10 + (uint64_t)(name[i] - '0');
	}
	*rest = name + NUMBER_DIGITS;
	return n;
}
