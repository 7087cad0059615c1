#ifndef ROAM_LOCAL_LINKS_H
#define ROAM_LOCAL_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/plan.h"
#include "model/home.h"

/*
 * links - which names of the home are one file, while a plan is carried out:
 * to make another name of it, and to know the new ctime that each name made or
 * removed by us gives to all others.
 */
struct member {
	const struct entry *entry; /* in place; its group is the wanted one */
	struct stamp stamp;
};

/* A name that the scan found to be one of several. */
struct kin {
	const struct entry *entry;
	const struct entry *after; /* NULL: gone, or with another content */
	bool has_op;               /* that changes it */
	bool goes;                 /* is removed */
};

struct links {
	const struct home *local;
	struct member *member; /* owned */
	size_t member_count, member_cap;
	struct kin *kin; /* owned; in path_order() */
	size_t kin_count, kin_cap;
	struct stamp *touched; /* owned; inodes whose ctime we have moved */
	size_t touched_count, touched_cap;
};

int links_open(struct links *out, const struct plan *p,
    const struct home *local, struct err *e) MUST_CHECK;
void links_close(struct links *l);

/* A file in place that holds t's content and belongs to t's group. */
const struct member *links_find(const struct links *l, const struct entry *t);
/* t is in place now. Nothing where it has no group. */
int links_add(struct links *l, const struct entry *t, const struct stamp *stamp,
    struct err *e) MUST_CHECK;
/* The inode has this ctime now, through us. */
int links_touch(struct links *l, const struct stamp *stamp,
    struct err *e) MUST_CHECK;
/* The stamp of an entry of the local tree, as we have left it. */
struct stamp links_stamp(const struct links *l, const struct entry *local);
/* Would op, left as it is, stay one file with names that are to be another, be
 * it in nothing but their mode? */
bool links_must_part(const struct links *l, const struct op *op);

#endif
