#ifndef ROAM_STORE_DIR_LAST_H
#define ROAM_STORE_DIR_LAST_H

#include <stddef.h>

/*
 * dir_last - the two steps of publishing in a directory: all is on the disk,
 * then it gets its name. All return -1 with errno.
 */

/* The files of the open directory dirfd, then their names. */
int dir_sync(int dirfd);

/* A new file with its bytes in one step, on the disk. EEXIST. */
int dir_make_whole(int dirfd, const char *name, const void *bytes, size_t len);

/* Rename, never onto anything. */
int dir_rename_new(int from_fd, const char *from, int to_fd, const char *to);

#endif
