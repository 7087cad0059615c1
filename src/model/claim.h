#ifndef ROAM_MODEL_CLAIM_H
#define ROAM_MODEL_CLAIM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"

/*
 * claim - the record by which a generation bears its number where the server
 * cannot rename a directory (roam-store(5)): it says under which id the
 * generation lies in tmp/.
 */
#define CLAIM_LEN 52 /* bytes */

struct claim {
	uint64_t number;
	struct hash id;
};

void claim_encode(uint8_t out[CLAIM_LEN], const struct claim *c);

/* ERR_FORMAT where bytes are no claim, nothing for example; ERR_POLICY where a
 * newer Roam wrote them. */
int claim_decode(struct claim *out, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;

#endif
