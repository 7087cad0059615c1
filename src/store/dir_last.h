#ifndef ROAM_STORE_DIR_LAST_H
#define ROAM_STORE_DIR_LAST_H

/*
 * dir_last - the two steps of publishing in a directory: all is on the disk,
 * then it gets its name. Both return -1 with errno.
 */

/* The files of the open directory dirfd, then their names. */
int dir_sync(int dirfd);

/* Rename, never onto anything. */
int dir_rename_new(int from_fd, const char *from, int to_fd, const char *to);

#endif
