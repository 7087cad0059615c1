#ifndef ROAM_MODEL_PROFILE_H
#define ROAM_MODEL_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/entry.h"
#include "model/machine.h"
#include "model/tree.h"

/*
 * profile - all that a generation holds: its tree and its open conflicts; and
 * the manifest, its form in bytes, described in roam-store(5).
 */
struct conflict {
	uint64_t id;                   /* shown as 16 hex digits; never 0 */
	const struct entry *loser;     /* path, content and attributes */
	const struct machine *machine; /* whose version lost */
	int64_t time_ns;               /* when the conflict was found */
	uint64_t gen; /* generation that first listed it; 0: none */
};

struct profile {
	struct tree tree;
	struct conflict *conflict; /* owned array, by id */
	size_t conflict_count;
	size_t conflict_cap; /* 0 where somebody else made the array */
};

#define CONFLICTS_MAX 65536

void profile_free(struct profile *p);
const struct conflict *profile_conflict(const struct profile *p, uint64_t id);
/* Insert in order of id; an id that is there already is left as it is. */
int profile_add_conflict(struct profile *p, const struct conflict *c,
    struct err *e) MUST_CHECK;

/* Where decoded entries go, and which generation the bytes belong to. */
struct decode {
	struct arena *arena;
	struct machines *machines;
	uint64_t gen; /* what GEN_SELF in the bytes stands for; 0: refuse it */
};

/*
 * The manifest of now: against parent where one is given (only what changed
 * and what is gone), else in full. Appended to out, compressed. Entries count
 * as changed when anything differs, mtime and place included.
 */
int manifest_encode(struct buf *out, const struct profile *parent,
    const struct profile *now, struct err *e) MUST_CHECK;

/*
 * The profile that bytes stand for. A manifest made against a parent needs
 * that same parent; its entries are then shared with out, so all arenas have
 * to live as long as out. Checks everything: order, clean paths, parents that
 * are directories, bounds, hash of the whole. ERR_FORMAT, ERR_LIMIT;
 * ERR_POLICY where a newer Roam wrote it. out is written on success only; what
 * was decoded before a failure stays in the arena.
 */
int manifest_decode(struct profile *out, const struct profile *parent,
    const void *bytes, size_t len, const struct decode *how,
    struct err *e) MUST_CHECK;

/* Was this manifest made against a parent? Looks at the header alone. */
int manifest_is_delta(const void *bytes, size_t len, bool *delta,
    struct err *e) MUST_CHECK;

#endif
