#ifndef ROAM_SYNC_KIN_H
#define ROAM_SYNC_KIN_H

#include <stddef.h>

#include "base/err.h"
#include "model/profile.h"
#include "model/rules.h"

/*
 * kin - conflicts that are one: what a unit lost at one time lies in the list
 * file by file, and is taken back, or dropped, together.
 */
struct kin {
	uint64_t *id; /* owned */
	size_t count;
};

/* Those of list that are one with of, which is among them. */
int kin_find(struct kin *out, const struct rules *rules,
    const struct profile *list, const struct conflict *of,
    struct err *e) MUST_CHECK;
void kin_free(struct kin *k);

#endif
