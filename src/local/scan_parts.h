#ifndef ROAM_LOCAL_SCAN_PARTS_H
#define ROAM_LOCAL_SCAN_PARTS_H

#include <sys/stat.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/crew.h"
#include "base/err.h"
#include "local/scan.h"

/*
 * scan_parts - what the three parts of a scan share: the walk (scan.c) lists
 * and asks the stamps, the reading (scan_read.c) opens what no stamp vouches
 * for, the end (scan_end.c) puts right what only the whole can tell.
 */

/* A file on its way through a thread, which touches nothing else. */
struct reading {
	size_t fresh; /* index in the scan's list */
	const char *path;
	const struct root *root;
	const atomic_bool *stop; /* nobody wants it any more */
	/* What came of it: */
	enum why why; /* WHY_NONE: read */
	bool gone;
	bool racy; /* may have changed in the tick in which it was read */
	struct stat st;
	struct hash hash;
	const uint8_t *attrs; /* in arena */
	uint32_t attrs_len;
	struct arena arena;
};

/* An entry that no stamp vouched for. */
struct fresh {
	size_t index;              /* in the tree */
	struct entry *entry;       /* the new one; NULL: known lives on */
	const struct entry *known; /* of the same path, or NULL */
	struct stamp known_stamp;
	int64_t ctime_ns;
	uint64_t inode;
	bool racy;
	bool drop; /* not in the tree after all */
};

/* A name of a file that has several. */
struct linked {
	uint64_t inode;
	size_t index; /* in the tree */
};

#define READING_DEPTH 64

struct scan {
	const struct scan_in *in;
	struct home *out;
	struct arena *arena;
	struct scan_sums *sums;
	struct fresh *fresh; /* owned */
	size_t fresh_count, fresh_cap;
	struct linked *linked; /* owned */
	size_t linked_count, linked_cap;
	struct crew *crew; /* owned; NULL until there is something to read */
	struct reading reading[READING_DEPTH];
	size_t put; /* readings so far */
	atomic_bool stop;
};

/* Have the file of fresh[i] read, on a thread; sooner or later the result is
 * in its entry. */
int scan_read(struct scan *s, size_t i, struct err *e) MUST_CHECK;
/* Wait for all of them. */
int scan_read_all(struct scan *s, struct err *e) MUST_CHECK;
/* Wait for them and let the results go; the threads end. */
void scan_read_stop(struct scan *s);

/* Note that path (of the arena) is not looked into. */
int scan_opaque(struct scan *s, const char *path, size_t len, enum why why,
    struct err *e) MUST_CHECK;

/* Racy entries, hard-link groups, entries that turn out to be as known. */
int scan_end(struct scan *s, struct err *e) MUST_CHECK;

/* Tell who wants to know how far it came; -1: they want no more. */
int scan_progress(const struct scan *s, struct err *e) MUST_CHECK;

/* An extra for a new entry that has one of these; NULL stays NULL. */
int scan_set_attrs(struct scan *s, struct entry *t, const uint8_t *attrs,
    uint32_t len, struct err *e) MUST_CHECK;

#endif
