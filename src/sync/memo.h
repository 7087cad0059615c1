#ifndef ROAM_SYNC_MEMO_H
#define ROAM_SYNC_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * memo - how the last run on this home went, for 'roam status': the file
 * "status" below the state directory, one JSON object.
 *
 * Its mtime is the time of the last run. So a run that had nothing to do, or
 * failed once more in the same way, writes nothing: it only touches the file.
 */
struct memo {
	int64_t last_attempt_ns;       /* 0: never */
	int64_t last_success_ns;       /* 0: never */
	char last_error[ERR_TEXT_MAX]; /* "": the last attempt went well */
	uint64_t pending;              /* ops that wait for another run */
	uint64_t skipped;
	uint64_t held_deletes, held_changes;
};

/* What is remembered; nothing where the file is absent or damaged, or where
 * statefd is -1. */
void memo_load(struct memo *out, int statefd);

/*
 * Remember the run that ended at now->last_attempt_ns. Where last_error says
 * that it failed only that and the time count: what was known of the last
 * success stays. changed: the run changed something somewhere.
 */
int memo_note(int statefd, const struct memo *now, bool changed,
    struct err *e) MUST_CHECK;

#endif
