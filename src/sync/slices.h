#ifndef ROAM_SYNC_SLICES_H
#define ROAM_SYNC_SLICES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/entry.h"
#include "store/store.h"

/*
 * slices - bytes of the store in an order of the caller's: read a window of
 * some MiB at a time, in as few calls as there are where the order is near to
 * that of the packs, and handed out one by one.
 */
struct slice {
	struct place place; /* may be a hole */
	uint64_t len;       /* at most FRAME_MAX, but for a hole */
	void *of;           /* the caller's */
};

struct slices {
	struct slice *at; /* owned */
	size_t count, cap;
};

int slices_add(struct slices *s, const struct slice *slice,
    struct err *e) MUST_CHECK;
void slices_free(struct slices *s);

/*
 * bytes are borrowed for the call: len of them. NULL for a hole, and for what
 * is damaged or gone; then why says how, and is not NULL. -1 ends all.
 */
typedef int slices_deliver(const struct slice *slice, const void *bytes,
    const struct err *why, void *arg, struct err *e);

int slices_read(struct store *store, const struct slices *s,
    slices_deliver *deliver, void *arg, struct err *e) MUST_CHECK;

#endif
