#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/fetch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What is accepted fits, says its size at its beginning, and is accepted again
 * in a place of just that size, but in none that is smaller. */
static void
inflate(const uint8_t *bytes, size_t len, size_t cap)
{
	uint8_t *out = malloc(cap + 1), *again;
	size_t out_len, size, same;
	struct err e;

	if (out == NULL)
		abort();
	if (fetch_inflate(bytes, len, out, cap, &out_len, &e) == 0) {
		if (out_len > cap || frame_size(bytes, len, &size, &e) == -1 ||
		    size != out_len)
			abort();
		again = malloc(out_len + 1);
		if (again == NULL ||
		    fetch_inflate(bytes, len, again, out_len, &same, &e) ==
			-1 ||
		    same != out_len || memcmp(out, again, same) != 0)
			abort();
		if (out_len > 0 &&
		    fetch_inflate(bytes, len, again, out_len - 1, &same, &e) ==
			0)
			abort();
		free(again);
	}
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	inflate(bytes, len, 64);
	inflate(bytes, len, 1 << 16);
	return 0;
}
