#ifndef ROAM_LOCAL_UNIT_TREE_H
#define ROAM_LOCAL_UNIT_TREE_H

#include "base/err.h"
#include "base/path.h"
#include "local/apply_parts.h"

/*
 * unit_tree - whole directories for apply_unit.c: a second one made of hard
 * links to what stays, the comparison of the two, and their removal.
 *
 * path is that of the directory in the home, len its length; it is lengthened
 * and restored in place, and has room for PATH_LEN_MAX bytes and a NUL.
 */
struct unit_tree {
	const struct apply *a;
	char path[PATH_LEN_MAX + 1];
	size_t len;
	unsigned depth;
};

/* Does an op of this run give path another object, or none? */
const struct op *unit_tree_op(const struct unit_tree *t);

/* All of oldfd that no op changes gets a second name below newfd. */
int unit_tree_clone(struct unit_tree *t, int oldfd, int newfd,
    struct err *e) MUST_CHECK;
/* Mode, attributes and times of newfd and what lies below: those that an op
 * says, else those that oldfd (-1: none) has. */
int unit_tree_finish(struct unit_tree *t, int oldfd, int newfd,
    struct err *e) MUST_CHECK;
/* Is all of oldfd in newfd (-1: removed), or else what an op was about and
 * still what the scan saw? ERR_RACE if not. */
int unit_tree_compare(struct unit_tree *t, int oldfd, int newfd,
    struct err *e) MUST_CHECK;
/* Called for each file at or below a directory, which lies in dirfd. */
typedef int unit_tree_visit(int dirfd, const char *name, const char *path,
    void *arg, struct err *e);
/* Visit the files of the directory fd; path: how it is called. */
int unit_tree_walk(int fd, const char *path, unit_tree_visit *what, void *arg,
    struct err *e) MUST_CHECK;
/* The directory name of dirfd and all in it. */
int unit_tree_remove(int dirfd, const char *name, struct err *e) MUST_CHECK;

#endif
