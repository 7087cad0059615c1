#ifndef ROAM_LOCAL_HOLD_H
#define ROAM_LOCAL_HOLD_H

#include <sys/stat.h>

#include <stdbool.h>

#include "base/err.h"
#include "model/entry.h"
#include "model/home.h"

/*
 * hold - a file or symlink of the home that is about to be replaced, removed
 * or moved: is it what the scan saw, and does it stay that?
 *
 * A stamp alone cannot tell: renaming changes the ctime, a program that has
 * the file open writes on unseen after it lost its name, and one that maps it
 * does not even change the mtime each time. So a hold takes a read lease,
 * which the kernel grants only while nobody has the file open for writing, and
 * which tells of anyone who wants to. Writers wait for its end, for
 * milliseconds. Where a file system has no leases, the times have to do.
 */
struct hold {
	int fd;      /* of a file; else -1 */
	bool leased; /* or a write may go unseen */
	struct stat st;
};

/* name of dirfd, which the scan saw as t with stamp (inode 0: t's content is
 * compared). ERR_RACE: it is something else now, or open for writing. */
int hold_take(struct hold *out, int dirfd, const char *name,
    const struct entry *t, const struct stamp *stamp, struct err *e) MUST_CHECK;
/* Is name of dirfd the object that is held, unchanged and with no writer? Its
 * name and its number of links may be others than before. */
bool hold_is(const struct hold *h, int dirfd, const char *name);
void hold_end(struct hold *h);

/* Has someone the file name of dirfd open for writing, as far as one can tell?
 */
bool hold_has_writer(int dirfd, const char *name);

#endif
