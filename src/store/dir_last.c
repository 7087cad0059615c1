#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "store/dir_last.h"

static int
sync_file(int dirfd, const char *name)
{
	int fd, rc, sys;

	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return -1;
	rc = fsync(fd);
	sys = errno;
	close(fd);
	errno = sys;
	return rc;
}

/*
 * Each file was on its way to the disk since it was written, so that waiting
 * here once costs less than at the end of each; and an error of writing that
 * nobody saw yet is seen here.
 */
int
dir_sync(int dirfd)
{
	const struct dirent *at;
	DIR *dir;
	int fd, sys;

	if ((fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	for (errno = 0; (at = readdir(dir)) != NULL; errno = 0)
		if (at->d_name[0] != '.' && sync_file(fd, at->d_name) == -1)
			break;
	if (errno == 0 && fsync(fd) == 0)
		errno = 0;
	sys = errno;
	closedir(dir);
	errno = sys;
	return sys == 0 ? 0 : -1;
}

int
dir_make_whole(int dirfd, const char *name, const void *bytes, size_t len)
{
	char link[32];
	struct err e;
	int fd, rc = -1, sys;

	fd = openat(dirfd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (io_write(fd, bytes, len, &e) == -1)
		errno = e.sys;
	else if (fsync(fd) == 0 &&
	    linkat(AT_FDCWD, link, dirfd, name, AT_SYMLINK_FOLLOW) == 0)
		rc = fsync(dirfd);
	sys = errno;
	close(fd);
	errno = sys;
	return rc;
}

/*
 * Where the file system cannot promise to fail on a name that exists,
 * rename(2) still refuses a directory that is not empty, and all that is ever
 * published is such a directory.
 */
int
dir_rename_new(int from_fd, const char *from, int to_fd, const char *to)
{
	struct stat st;

	if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
		return -1;
	if (fstatat(to_fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(from_fd, from, to_fd, to);
}
