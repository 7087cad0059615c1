#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "model/claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A record has one form only: what is accepted is written the same again. */
static void
decode(const uint8_t *bytes, size_t len)
{
	uint8_t again[CLAIM_LEN];
	struct claim c;
	struct err e;

	if (claim_decode(&c, bytes, len, &e) == -1)
		return;
	claim_encode(again, &c);
	if (len != CLAIM_LEN || memcmp(again, bytes, len) != 0)
		abort();
}

/* The input is a record without its checksum, which no fuzzer would guess. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct hash sum = hash_of(bytes, len);
	struct buf record = { 0 };
	struct err e;

	decode(bytes, len);
	buf_bytes(&record, bytes, len);
	buf_bytes(&record, sum.b, HASH_LEN);
	if (buf_check(&record, &e) == -1)
		abort();
	decode(record.bytes, record.len);
	buf_free(&record);
	return 0;
}
