#ifndef ROAM_SYNC_LEAN_H
#define ROAM_SYNC_LEAN_H

#include <stdbool.h>

#include "base/err.h"
#include "engine/plan.h"
#include "sync/context.h"
#include "sync/index.h"
#include "sync/left.h"

/*
 * lean - contents that left the head are not sent again when they come back.
 *
 * The new generation then leans on an older one that names them. Collection may
 * take that away meanwhile, but takes its manifest first, and then looks once
 * more at what was published (store/collect.h). So whoever publishes looks for
 * that manifest afterwards, once more: if it is gone, the contents are sent. A
 * file "leans" in the state says what there is still to be looked at, whoever
 * is killed.
 */

/* The state's head is to become next: remember what leaves. */
int lean_learn(struct context *c, const struct profile *next,
    struct err *e) MUST_CHECK;
/* Remember that generation (from, id) names the files of t. */
int lean_note(struct context *c, const struct tree *t, uint64_t from,
    const struct hash *id, struct err *e) MUST_CHECK;

/* Add to stored, and to leans, what p is to send and older generations that
 * are still there have. */
int lean_find(struct context *c, const struct plan *p, struct index *stored,
    struct left *leans, struct err *e) MUST_CHECK;
/* A generation is about to be published that leans on those. */
int lean_intend(struct context *c, const struct left *leans,
    struct err *e) MUST_CHECK;
/* It was published. *gone: something has to be sent again. */
int lean_check(struct context *c, bool *gone, struct err *e) MUST_CHECK;
/* The same for what an interrupted run has published, with each head: takes the
 * places in mend_tree() that lead nowhere. */
int lean_look(struct context *c, struct err *e) MUST_CHECK;

#endif
