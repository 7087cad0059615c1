#ifndef ROAM_STORE_VERIFY_H
#define ROAM_STORE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/repo.h"

/*
 * verify - looks at all that a store holds, and tells what does not hold.
 *
 * Without data: every record, the chain of ids and hashes, every manifest,
 * and that each place lies inside a pack that is there. With data also the
 * hash of every pack, and the hash of every content of every generation, each
 * looked at once.
 */

/* What was found: in which generation (0: the store), at which file or path
 * ("" : the generation as a whole), and what it is. Borrowed for the call. */
typedef void verify_tell(uint64_t gen, const char *path, const char *text,
    void *arg);

struct verify {
	bool data;
	verify_tell *tell;
	void *arg; /* of tell */
};

struct verified {
	uint64_t findings;
	uint64_t generations; /* with a manifest */
	uint64_t records;     /* expired: only the record is left */
	uint64_t entries;     /* looked at; shared ones once */
	uint64_t bytes;       /* of packs that were read */
};

/* 0 also where something was found; -1 only where looking failed. */
int repo_verify(struct repo *r, const struct verify *how, struct verified *out,
    struct err *e) MUST_CHECK;

#endif
