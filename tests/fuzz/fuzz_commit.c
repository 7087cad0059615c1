#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/commit.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A record has one form only: what is accepted is written the same again. */
static void
decode(const uint8_t *bytes, size_t len)
{
	struct buf again = { 0 };
	struct commit c;
	struct err e;

	if (commit_decode(&c, bytes, len, &e) == -1)
		return;
	if (commit_encode(&again, &c, &e) == -1 || again.len != len ||
	    memcmp(again.bytes, bytes, len) != 0)
		abort();
	commit_free(&c);
	buf_free(&again);
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
