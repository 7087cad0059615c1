#ifndef ROAM_LOCAL_APPLY_PARTS_H
#define ROAM_LOCAL_APPLY_PARTS_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "local/apply.h"
#include "local/hold.h"
#include "local/links.h"

/*
 * apply_parts - what the parts of apply share: the order of things (apply.c),
 * new objects put in place (apply_put.c), changes to what is there already
 * (apply_change.c), and what the next scan is to know (apply_stamp.c).
 */
struct apply {
	const struct apply_in *in;
	struct stamp *stamps; /* the caller's */
	uint8_t *done;        /* owned; of each op: enum done */
	struct links links;
	bool changed; /* anything at all */
};

enum done {
	DONE_NOT,
	DONE_ALL,
	DONE_OUT,  /* what was there has been taken out, no more */
	DONE_UNIT, /* with all of its unit; nothing is left to do */
};

/* What an op asks for in the home; tasks are done in this order. */
enum task {
	TASK_NONE,
	TASK_DIR, /* a directory where there is none */
	TASK_LOG, /* a log leaves before its database, file by file, changes */
	TASK_RENAME, /* a file gets another path */
	TASK_PUT,    /* a file or symlink is put in place */
	TASK_BESIDE, /* what has lost its place by now gets another one */
	TASK_ATTRS,  /* mode, attributes and times of what is there */
	TASK_REMOVE,
	TASK_TURN, /* a directory becomes a file or symlink */
	TASK__COUNT
};

/*
 * Each carries out op i. -1: it was not done, and the home is as the user has
 * it; why_of() says what to tell.
 */
int apply_put(struct apply *a, size_t i, struct err *e) MUST_CHECK;
int apply_beside(struct apply *a, size_t i, struct err *e) MUST_CHECK;
int apply_rename(struct apply *a, size_t i, struct err *e) MUST_CHECK;
int apply_attrs(struct apply *a, size_t i, struct err *e) MUST_CHECK;
int apply_remove(struct apply *a, size_t i, struct err *e) MUST_CHECK;
/* The result of op as a staged object, ready to be moved. */
int apply_prepare(struct apply *a, const struct op *op, const char *staged,
    struct err *e) MUST_CHECK;
/* A directory that is a unit, in one step. *whole false: it is none, or it has
 * to be done file by file, and nothing was changed. */
int apply_unit(struct apply *a, uint32_t unit, bool *whole,
    struct err *e) MUST_CHECK;
/* A database and its log, by steps that leave it old or new; *whole as above. */
int apply_database(struct apply *a, uint32_t unit, bool *whole,
    struct err *e) MUST_CHECK;
/* A unit: may all of it be done? Nothing is changed yet. */
int apply_check_unit(const struct apply *a, uint32_t unit,
    struct err *e) MUST_CHECK;
/* The home's version that loses by op i goes to the shelf. *kept: its id, where
 * it was not there yet; else 0. */
int apply_keep_loser(const struct apply *a, const struct op *op, uint64_t *kept,
    struct err *e) MUST_CHECK;
/* A directory's mode and times, when all else is done. */
int apply_finish_dir(struct apply *a, size_t i, struct err *e) MUST_CHECK;

/* The directory of path, borrowed; a missing one is something in the way. */
int apply_parent(const struct apply *a, const char *path, size_t len,
    const char **name, struct err *e) MUST_CHECK;
/* The object name of dirfd is op i's result, just put there: its stamp. */
int apply_placed(struct apply *a, size_t i, int dirfd, const char *name,
    struct err *e) MUST_CHECK;
/* The held file has lost or got a name. */
int apply_touched(struct apply *a, const struct hold *h,
    struct err *e) MUST_CHECK;
/* Stamps stand for what was put in place and not touched since. Waits until
 * the clock has ticked, so that they need not be doubted. */
void apply_check_stamps(struct apply *a);

#endif
