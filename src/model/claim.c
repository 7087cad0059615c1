#include "model/claim.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/reader.h"
#include "model/entry.h"

/* Later formats keep the first 12 bytes and the hash at the end, so that damage
 * and a newer Roam can be told apart. */
static const char magic[8] = { 'R', 'O', 'A', 'M', 'C', 'L', 'A', 'M' };
#define FORMAT 1u

void
claim_encode(uint8_t out[CLAIM_LEN], const struct claim *c)
{
	struct hash sum;
	size_t at = 0;

	memcpy(out, magic, sizeof(magic));
	at += sizeof(magic);
	for (unsigned i = 0; i < 4; i++)
		out[at++] = (uint8_t)(FORMAT >> (8 * i));
	memcpy(out + at, c->id.b, HASH_LEN);
	at += HASH_LEN;
	for (unsigned i = 0; i < 8; i++)
		out[at++] = (uint8_t)(c->number >> (8 * i));
	sum = hash_of(out, at);
	memcpy(out + at, sum.b, HASH_LEN);
}

int
claim_decode(struct claim *out, const void *bytes, size_t len, struct err *e)
{
	struct reader r = reader_of(bytes, len);
	const uint8_t *start, *id, *sum;
	struct hash hash;
	struct claim c;
	uint32_t format;

	start = reader_bytes(&r, sizeof(magic));
	format = reader_u32(&r);
	if (start == NULL || r.bad || r.left < HASH_LEN ||
	    memcmp(start, magic, sizeof(magic)) != 0)
		return err_set(e, ERR_FORMAT, "claim: not one");
	sum = start + len - HASH_LEN;
	hash = hash_of(bytes, len - HASH_LEN);
	if (memcmp(hash.b, sum, HASH_LEN) != 0)
		return err_set(e, ERR_FORMAT, "claim: damaged");
	if (format > FORMAT)
		return err_set(e, ERR_POLICY,
		    "claim: written by a newer Roam (format %lu)",
		    (unsigned long)format);
	id = reader_bytes(&r, HASH_LEN);
	c.number = reader_u64(&r);
	if (id == NULL || r.bad || len != CLAIM_LEN || format != FORMAT ||
	    c.number == 0 || c.number > GEN_MAX)
		return err_set(e, ERR_FORMAT, "claim: out of bounds");
	memcpy(c.id.b, id, HASH_LEN);
	*out = c;
	return 0;
}
