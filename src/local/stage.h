#ifndef ROAM_LOCAL_STAGE_H
#define ROAM_LOCAL_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "engine/plan.h"
#include "local/root.h"
#include "model/home.h"

/*
 * stage - incoming content on its way into the home: files below
 * ROAM_STATE_DIR/staging, 0600 from birth, named "<content hash>-<op index>".
 *
 * What a stop leaves there is either content that we put there (its hash is its
 * name: nothing is lost) or something that apply had just swapped out of the
 * home. stage_recover() tells them apart and puts the second kind on the shelf.
 */
#define STAGE_NAME_MAX 64
const char *stage_name(char out[STAGE_NAME_MAX], const struct hash *hash,
    size_t index);

/* The directory, made where missing; a new descriptor. */
int stage_open(int statefd, struct err *e) MUST_CHECK;
/* A new file of size bytes (sparse until written) below stagefd. */
int stage_create(int stagefd, const char *name, uint64_t size,
    struct err *e) MUST_CHECK;
/* Before anything is swapped: which path each op index is about, so that
 * recovery can name what it finds. NUL-ended paths in one file "names". */
int stage_names(int stagefd, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;
/* The same of a plan's ops. */
int stage_plan_names(int stagefd, const struct plan *p,
    struct err *e) MUST_CHECK;
/* While contents are on their way into staging, all that is there is ours, and
 * much of it not whole: after a stop it goes. Before anything is swapped this
 * has to be over, and on disk. */
int stage_fetching(int stagefd, bool yes, struct err *e) MUST_CHECK;
/* When all ops have ended: nobody needs the names any more. */
int stage_drop_names(int stagefd, struct err *e) MUST_CHECK;
/* Everything below the home is on disk when this returns: syncfs(). */
int stage_sync(int stagefd, struct err *e) MUST_CHECK;
/*
 * A staged object that came out of the home and belongs to nobody's plan goes
 * to the shelf, as what self once had at path. What cannot be kept there (a
 * directory, a socket) goes to "lost" beside it. Staging no longer has it.
 */
int stage_rescue(int statefd, int stagefd, const char *name, const char *path,
    const struct machine *self, struct err *e) MUST_CHECK;
/*
 * Empty the directory. What is neither the content that its name says nor one
 * of known (a tree of the store: the base, the head) goes to the shelf as a
 * conflict of self; *rescued counts them.
 */
int stage_recover(struct root *r, int statefd, const struct tree *known,
    const struct machine *self, size_t *rescued, struct err *e) MUST_CHECK;

#endif
