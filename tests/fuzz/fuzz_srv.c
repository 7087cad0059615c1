#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "signin/srv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* An answer of DNS: whatever is taken from it can be connected to. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct srv list[SRV_MAX];
	struct err e;
	size_t count;

	if (srv_parse(list, &count, bytes, len, &e) == -1)
		return 0;
	if (count > SRV_MAX)
		abort();
	srv_order(list, count, len);
	for (size_t i = 0; i < count; i++)
		if (!srv_is_host(list[i].host) || list[i].port == 0 ||
		    (i > 0 && list[i - 1].priority > list[i].priority))
			abort();
	return 0;
}
