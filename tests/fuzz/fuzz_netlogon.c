#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "signin/cldap.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct netlogon n;
	struct err e;

	if (len > 0 && bytes[0] == 0x30) {
		(void)!cldap_reply(&n, bytes, len, 1, &e);
		return 0;
	}
	if (netlogon_parse(&n, bytes, len, &e) == 0 &&
	    (!text_is_utf8(n.host, strlen(n.host)) ||
		strlen(n.client_site) >= NETLOGON_NAME_MAX))
		abort();
	return 0;
}
