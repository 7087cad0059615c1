#ifndef ROAM_MODEL_HOME_H
#define ROAM_MODEL_HOME_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/tree.h"

/*
 * home - what a scan found: the tree, a stamp for each entry that lets the
 * next scan skip reading it, and what was not looked into.
 */
struct stamp {
	uint64_t inode; /* 0: nothing vouches for the entry, read it again */
	int64_t ctime_ns;
};

/*
 * Why a path, and all below it, is not in the tree. Such a path is not absent:
 * merge leaves what base and store say of it as it is.
 */
enum why {
	WHY_NONE,
	WHY_RULE,    /* stays local by the rules; not worth a word */
	WHY_DENIED,  /* could not be read: permission */
	WHY_BROKEN,  /* could not be read: input/output error and the like */
	WHY_SPECIAL, /* socket, FIFO or device */
	WHY_OWNER,   /* belongs to somebody else */
	WHY_MOUNT,   /* another file system begins here */
	WHY_MOVING,  /* changed while it was read, twice */
	WHY_LONG,    /* path longer than PATH_LEN_MAX */
	WHY_LARGE,   /* more than CONTENT_MAX bytes */
	WHY_NOSPACE, /* no room for it in the home */
	WHY_CHANGED, /* was edited while the run was going on */
	WHY_DAMAGED, /* its content in the store is damaged or missing */
	WHY_BLOCKED, /* something that stays is in its way */
	WHY_IN_USE,  /* a program works with it */
	WHY_UNIT,    /* belongs to something that has to wait */
	WHY__COUNT
};

/* "permission denied", ... for messages and --json. */
const char *why_text(enum why why);

struct opaque {
	const char *path; /* borrowed, of an arena; NUL behind */
	uint16_t path_len;
	uint8_t why;
};

struct home {
	struct tree tree;
	struct stamp *stamp; /* owned; one for each entry of tree */
	size_t stamp_cap;
	struct opaque *opaque; /* owned; in path_order() */
	size_t opaque_count;
	size_t opaque_cap;
};

int home_add(struct home *h, const struct entry *entry,
    const struct stamp *stamp, struct err *e) MUST_CHECK;
/* path is not copied: it has to live as long as h, as entries do. */
int home_add_opaque(struct home *h, const char *path, size_t len, enum why why,
    struct err *e) MUST_CHECK;
/* Both lists into path_order(), stamps with their entries. */
int home_sort(struct home *h, struct err *e) MUST_CHECK;
void home_free(struct home *h);

/*
 * Cursor over the opaque list for a walk in path_order(): is path opaque or
 * below something opaque? *next starts at 0 and is moved forward.
 */
bool opaque_covers(const struct opaque *list, size_t count, size_t *next,
    const char *path, size_t len);

#endif
