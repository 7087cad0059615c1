#ifndef ROAM_LOCAL_ROOT_H
#define ROAM_LOCAL_ROOT_H

#include <sys/types.h>

#include "base/err.h"

/*
 * root - the home as a descriptor. All below it is reached by openat2() with
 * RESOLVE_BENEATH, NO_SYMLINKS, NO_MAGICLINKS and NO_XDEV: no path leads out.
 */
struct root {
	int fd;
	const char *name; /* borrowed; for messages */
	uid_t uid;        /* owner of the home */
	dev_t dev;
	/* The parent used last, kept open: entries come in order. */
	int dir_fd;
	char *dir; /* owned */
};

/* ERR_USAGE: a symlink, not a directory, not there; ERR_POLICY: of another
 * user (also for root, who never touches a home). */
int root_open(struct root *out, const char *home, struct err *e) MUST_CHECK;
void root_close(struct root *r);

/* Open rel (clean, or "." for the home itself). flags as for open(); files
 * that it creates are 0600. ERR_RACE: a symlink is in the way. */
int root_at(const struct root *r, const char *rel, int flags,
    struct err *e) MUST_CHECK;

/* The directory that holds rel, borrowed until the next call, and in *name the
 * last component of rel. */
int root_parent(struct root *r, const char *rel, size_t len, const char **name,
    struct err *e) MUST_CHECK;
/* Forget the kept parent: after directories were moved or removed. */
void root_forget(struct root *r);

/* ROAM_STATE_DIR below the home, made 0700 where missing (make), as a new
 * descriptor. ERR_GONE where it is not there and !make. */
#define ROAM_STATE_DIR ".local/state/roam"
int root_state_dir(const struct root *r, bool make, struct err *e) MUST_CHECK;

#endif
