#ifndef ROAM_LOCAL_APPLY_H
#define ROAM_LOCAL_APPLY_H

#include <stdint.h>

#include "base/err.h"
#include "engine/plan.h"
#include "local/root.h"
#include "model/home.h"

/*
 * apply - carry out the home's side of a plan.
 *
 * Contents lie in staging already (stage_name() of the result's hash and the
 * op's index), verified and synced; empty files need not. Order: units,
 * directories from the top, renames, files and symlinks, attributes, deletions
 * from the bottom, directories' modes and times. Of a unit all or nothing is
 * done: a directory changes in one step (apply_unit.c), a database and its log
 * as database.h says. Each target is compared with what the scan saw right
 * before it is replaced, by swapping (RENAME_EXCHANGE), looking at what came out, and
 * swapping back on a difference: an edit made meanwhile is kept and the op
 * fails with WHY_CHANGED, as it does while a program has the file open for
 * writing (hold.h). A step() follows each change.
 */
struct apply_in {
	struct root *root;
	int statefd;
	int stagefd;
	struct plan *plan;        /* ops become OP_DONE or OP_FAILED */
	const struct home *local; /* what the scan saw */
	const struct machine *self;
	struct arena *arena; /* for entries of the home as it is afterwards */
	int64_t now_ns;      /* stands in conflict records */
	void (*progress)(uint64_t done, uint64_t of, void *arg);
	void *arg;
};

/*
 * Runs all ops that are OP_PLANNED and have SIDE_HOME; leaves OP_DONE of ops
 * that have SIDE_STORE too to the publisher (they stay OP_PLANNED, applied).
 * stamps[i] is set for op i where a file, directory or link was put in place.
 * -1 only for what ends the run; one op that does not work fails alone.
 */
int apply_plan(const struct apply_in *in, struct stamp *stamps,
    struct err *e) MUST_CHECK;

/*
 * The home as it is after apply_plan(in, stamps): what in->local has, with the
 * results of the ops and their stamps. Stamps that the run moved without an op
 * of their own are taken anew: of directories in which names came and went, of
 * files that lost or got a hard link. A name of a file whose other names came
 * with another mtime bears theirs. So the next scan finds nothing to do.
 */
int apply_new_home(struct home *out, const struct apply_in *in,
    const struct stamp *stamps, struct err *e) MUST_CHECK;

#endif
