#ifndef ROAM_LOCAL_SCAN_H
#define ROAM_LOCAL_SCAN_H

#include "base/arena.h"
#include "base/err.h"
#include "local/root.h"
#include "model/home.h"
#include "model/machine.h"
#include "model/rules.h"

/*
 * scan - the home as a sorted tree.
 *
 * What the stamps of the last scan vouch for (same type, size, mtime, ctime,
 * inode) is not read: the known entry itself goes into the new tree. All else
 * is hashed, large files on several threads. ROAM_STATE_DIR never roams. A
 * file whose ctime is not older than its own reading is "racy": it is read
 * once more after the clock has ticked, or left without a stamp where the
 * clock does not help. Unreadable is not absent: see struct opaque.
 */
struct scan_in {
	struct root *root;
	const struct home *known;   /* of the last run; NULL: none */
	bool same_rules;            /* known was made by these rules */
	const struct rules *rules;  /* NULL: everything roams */
	const struct machine *self; /* stands in new entries */
	/* Now and then; -1 ends the scan. NULL: nobody wants to know. */
	int (*progress)(uint64_t entries, uint64_t bytes, void *arg,
	    struct err *e);
	void *arg;
};

struct scan_sums {
	uint64_t hashed_files;
	uint64_t hashed_bytes;
	bool stamps_changed; /* state is worth saving even without a plan */
};

/* Entries are made in arena, or shared with in->known. */
int scan_home(struct home *out, struct arena *arena, const struct scan_in *in,
    struct scan_sums *sums, struct err *e) MUST_CHECK;

/*
 * Hash the open regular file fd of st's size as the scan does; ERR_RACE where
 * it changed meanwhile.
 */
struct stat;
int scan_hash(int fd, const struct stat *st, struct hash *out,
    struct err *e) MUST_CHECK;

#endif
