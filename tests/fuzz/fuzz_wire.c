#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Whatever was understood is sent as the very same bytes. */
static void
send_again(const struct wire *m, const uint8_t *bytes, size_t len)
{
	struct buf b = { 0 };
	struct err e;

	if (wire_encode(&b, m, &e) == -1)
		abort();
	buf_bytes(&b, m->blob, m->blob_len);
	if (b.bad || b.len != WIRE_HEAD + len ||
	    memcmp(b.bytes + WIRE_HEAD, bytes, len) != 0)
		abort();
	buf_free(&b);
}

static void
read_items(const uint8_t *bytes, size_t len)
{
	struct wire_item item;
	struct err e;
	size_t before;
	int rc;

	do {
		before = len;
		rc = wire_get_item(&item, &bytes, &len, &e);
		if (rc == 1 && (strlen(item.name) > WIRE_TEXT || len >= before))
			abort();
	} while (rc == 1);
}

/* Both ends read with the same code: requests and answers are one format. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct wire m;
	struct err e;
	size_t says;

	if (len >= WIRE_HEAD && wire_length(bytes, &says, &e) == 0 &&
	    says > WIRE_LEN_MAX)
		abort();
	if (wire_decode(&m, bytes, len, &e) == 0)
		send_again(&m, bytes, len);
	read_items(bytes, len);
	return 0;
}
