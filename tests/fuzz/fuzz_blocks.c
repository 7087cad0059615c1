#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What decodes is what it encodes to: there is one form for a signature. */
static void
decode(const uint8_t *bytes, size_t len)
{
	struct blocks blocks;
	struct buf again = { 0 };
	struct err e;

	if (blocks_decode(&blocks, bytes, len, &e) == -1)
		return;
	if (blocks_encode(&again, &blocks, &e) == -1 || again.len != len ||
	    memcmp(again.bytes, bytes, len) != 0)
		abort();
	buf_free(&again);
	blocks_free(&blocks);
}

/* Once as it is, once with a good checksum, which no fuzzer would find. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct hash sum = hash_of(bytes, len);
	uint8_t *sealed = malloc(len + HASH_LEN);

	if (sealed == NULL)
		abort();
	memcpy(sealed, bytes, len);
	memcpy(sealed + len, sum.b, HASH_LEN);
	decode(bytes, len);
	decode(sealed, len + HASH_LEN);
	free(sealed);
	return 0;
}
