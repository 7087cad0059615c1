#ifndef ROAM_STORE_FETCH_H
#define ROAM_STORE_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/entry.h"
#include "store/frame.h"
#include "store/store.h"

/*
 * fetch - contents out of packs: sorts what is wanted by where it lies, reads
 * neighbouring frames in one call of at most 4 MiB, inflates on a few threads,
 * and hands out the bytes in that order.
 */
struct want {
	struct place place; /* neither hole nor GEN_NONE */
	uint64_t len;       /* at most FRAME_MAX */
	uint64_t tag;       /* the caller's */
	uint64_t off;       /* the caller's */
};

/*
 * bytes are borrowed for the call and not yet checked against any hash. NULL:
 * that frame is damaged or gone, why says how; the rest goes on. -1 ends all.
 */
typedef int fetch_deliver(const struct want *w, const void *bytes,
    const struct err *why, void *arg, struct err *e);

/* Sorts wants in place. Path of a pack: "gen/%012u/pack%u". */
int fetch_run(struct store *s, struct want *wants, size_t count,
    fetch_deliver *deliver, void *arg, struct err *e) MUST_CHECK;

/* One frame's bytes inflated, bounded by FRAME_MAX; for tests and verify. */
int fetch_inflate(const void *bytes, size_t len, void *out, size_t cap,
    size_t *out_len, struct err *e) MUST_CHECK;

#endif
