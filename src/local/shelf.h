#ifndef ROAM_LOCAL_SHELF_H
#define ROAM_LOCAL_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "local/root.h"
#include "model/profile.h"

/*
 * shelf - the home's own part of the conflict list: losers kept whole below
 * ROAM_STATE_DIR/conflicts, one record "<id>" (a manifest of no entries and one
 * conflict) and, for files, one content "<id>.content".
 *
 * A record that no generation lists yet is pending: the next one published
 * takes it up. "dropped" holds the ids that people dropped here and that the
 * next generation will no longer list.
 */
/* id of the conflict that loser lost at its path: the same again for the same
 * version of the same path. */
uint64_t shelf_id(const struct entry *loser);

/* Keep the file at loser's path by a hard link (a copy where that is not
 * possible) and its record: on disk when this returns. */
int shelf_keep_local(struct root *r, int statefd, const struct conflict *c,
    struct err *e) MUST_CHECK;
/* Keep the staged file (see stage.h); staging no longer has it. */
int shelf_keep_staged(int statefd, int stagefd, const char *staged,
    const struct conflict *c, struct err *e) MUST_CHECK;
/* All records, appended to out as conflicts with gen 0. A damaged record is
 * passed over and told in *damaged. */
int shelf_load(int statefd, struct arena *a, struct machines *machines,
    struct profile *out, size_t *damaged, struct err *e) MUST_CHECK;
/* The content of a record, as a new descriptor; ERR_GONE. */
int shelf_open(int statefd, uint64_t id, struct err *e) MUST_CHECK;
int shelf_remove(int statefd, uint64_t id, struct err *e) MUST_CHECK;
/* Remove what runs that were cut off left behind; only under the run lock. */
int shelf_sweep(int statefd, struct err *e) MUST_CHECK;
/*
 * A run that was cut off between keeping a file and replacing it left one file
 * under both names, and who edits the one edits the other. Where the home still
 * has it at the loser's path nothing was lost there, and the record goes; else
 * what is kept becomes a file of its own. Only under the run lock.
 */
int shelf_mend(struct root *r, int statefd, struct arena *a,
    struct machines *machines, struct err *e) MUST_CHECK;
/* The content of a record becomes a copy of itself, with no other name. */
int shelf_part(int statefd, uint64_t id, struct err *e) MUST_CHECK;
/* What is kept is not what the record says: the record goes, the content into
 * the state's folder "lost". */
int shelf_set_aside(int statefd, uint64_t id, struct err *e) MUST_CHECK;
bool shelf_has(int statefd, uint64_t id);

/* The dropped ids, ascending; *out is malloc()ed. */
int shelf_dropped(int statefd, uint64_t **out, size_t *count,
    struct err *e) MUST_CHECK;
int shelf_set_dropped(int statefd, const uint64_t *id, size_t count,
    struct err *e) MUST_CHECK;

#endif
