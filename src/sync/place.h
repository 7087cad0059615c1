#ifndef ROAM_SYNC_PLACE_H
#define ROAM_SYNC_PLACE_H

#include "base/err.h"
#include "store/press.h"
#include "sync/index.h"
#include "sync/send.h"

/* place - an entry as a new generation lists it: who wrote it, and where its
 * content lies. */

/* t itself, filled in, or a copy of it; NULL with e. stored: the store's files
 * by content; runs: of what s has packed. */
const struct entry *place_entry(struct sender *s, const struct index *stored,
    const struct entry *t, const struct run *runs, struct err *e) MUST_CHECK;

#endif
