#ifndef ROAM_LOCAL_STAGE_H
#define ROAM_LOCAL_STAGE_H

#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
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
/* Everything below the home is on disk when this returns: syncfs(). */
int stage_sync(int stagefd, struct err *e) MUST_CHECK;
/*
 * Empty the directory. Files that are neither what their name says nor known
 * contents of tree go to the shelf as conflicts of self; *rescued counts them.
 */
int stage_recover(struct root *r, int statefd, const struct tree *known,
    const struct machine *self, size_t *rescued, struct err *e) MUST_CHECK;

#endif
