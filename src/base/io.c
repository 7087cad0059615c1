#include <sys/file.h>
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/step.h"

#define CHUNK_MIN ((size_t)16 << 10)

/* How often a name may be exchanged under us before we believe in malice. */
#define TRIES_MAX 100

int
io_write(int fd, const void *bytes, size_t len, struct err *e)
{
	const char *at = bytes;
	ssize_t n;

	for (; len > 0; at += n, len -= (size_t)n)
		if ((n = write(fd, at, len)) == -1) {
			if (errno != EINTR)
				return err_sys(e, "write");
			n = 0;
		}
	return 0;
}

int
io_write_at(int fd, const void *bytes, size_t len, uint64_t off, struct err *e)
{
	const char *at = bytes;
	ssize_t n;

	for (; len > 0; at += n, len -= (size_t)n, off += (uint64_t)n)
		if ((n = pwrite(fd, at, len, (off_t)off)) == -1) {
			if (errno != EINTR)
				return err_sys(e, "write");
			n = 0;
		}
	return 0;
}

ssize_t
io_read(int fd, void *bytes, size_t len, struct err *e)
{
	char *to = bytes;
	size_t got = 0;
	ssize_t n;

	while (got < len && (n = read(fd, to + got, len - got)) != 0)
		if (n > 0)
			got += (size_t)n;
		else if (errno != EINTR)
			return err_sys(e, "read");
	return (ssize_t)got;
}

ssize_t
io_read_at(int fd, void *bytes, size_t len, uint64_t off, struct err *e)
{
	char *to = bytes;
	size_t got = 0;
	ssize_t n;

	while (got < len &&
	    (n = pread(fd, to + got, len - got, (off_t)(off + got))) != 0)
		if (n > 0)
			got += (size_t)n;
		else if (errno != EINTR)
			return err_sys(e, "read");
	return (ssize_t)got;
}

/* out is as full as it may be: that is fine if fd is at its end. */
static int
check_end(int fd, const struct buf *out, struct err *e)
{
	char more;
	ssize_t n = io_read(fd, &more, 1, e);

	if (n == 1)
		return err_set(e, ERR_LIMIT, "more than %zu bytes", out->max);
	return (int)n;
}

int
io_read_all(int fd, struct buf *out, struct err *e)
{
	size_t want;
	ssize_t n;

	do {
		/* As much again as there is: no more reads than doublings. */
		want = out->len < CHUNK_MIN ? CHUNK_MIN : out->len;
		if (out->max != 0 && want > out->max - out->len)
			want = out->max - out->len;
		if (want == 0)
			return check_end(fd, out, e);
		if (buf_room(out, want) == NULL)
			return buf_check(out, e);
		n = io_read(fd, out->bytes + out->len, want, e);
		if (n == -1)
			return -1;
		out->len += (size_t)n;
	} while ((size_t)n == want);
	return 0;
}

int
io_load(int dirfd, const char *name, struct buf *out, struct err *e)
{
	struct stat st;
	int fd, rc = -1;

	/* O_NONBLOCK: a FIFO in its place must not hold us. */
	fd = openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1) {
		err_sys(e, "%s", name);
		if (e->sys == ENOENT)
			e->kind = ERR_GONE;
		return -1;
	}
	if (fstat(fd, &st) == -1)
		err_sys(e, "%s", name);
	else if (!S_ISREG(st.st_mode))
		err_set(e, ERR_FORMAT, "%s: not a regular file", name);
	else if ((rc = io_read_all(fd, out, e)) == -1)
		err_wrap(e, "%s", name);
	close(fd);
	return rc;
}

/* 1: fd is locked, and what temp names; 0: someone renamed it meanwhile. */
static int
lock_temporary(int fd, int dirfd, const char *temp, struct err *e)
{
	struct stat held, named;

	while (flock(fd, LOCK_EX) == -1)
		if (errno != EINTR)
			return err_sys(e, "%s", temp);
	if (fstat(fd, &held) == -1)
		return err_sys(e, "%s", temp);
	return fstatat(dirfd, temp, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/*
 * The temporary file temp, ours alone. Its name is always the same, so a stop
 * leaves one stray at most, which the next call takes over. The lock keeps
 * apart those who replace one file at the same time.
 */
static int
open_temporary(int dirfd, const char *temp, struct err *e)
{
	int fd, rc;

	for (int tries = 0; tries < TRIES_MAX; tries++) {
		fd = openat(dirfd, temp,
		    O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		    0600);
		if (fd == -1)
			return err_sys(e, "%s", temp);
		rc = lock_temporary(fd, dirfd, temp, e);
		if (rc == 1 &&
		    (ftruncate(fd, 0) == -1 || fchmod(fd, 0600) == -1))
			rc = err_sys(e, "%s", temp);
		if (rc == 1)
			return fd;
		close(fd);
		if (rc == -1)
			return -1;
	}
	return err_set(e, ERR_RACE, "%s: exchanged all the time", temp);
}

int
io_replace(int dirfd, const char *name, const void *bytes, size_t len,
    struct err *e)
{
	char temp[NAME_MAX + 1];
	bool there = true;
	int fd, rc = -1;

	assert(strchr(name, '/') == NULL);
	if ((size_t)snprintf(temp, sizeof(temp), ".%s.new", name) >=
	    sizeof(temp))
		return err_set(e, ERR_LIMIT, "%s: name too long", name);
	if ((fd = open_temporary(dirfd, temp, e)) == -1)
		return -1;
	if (io_write(fd, bytes, len, e) == -1) {
		err_wrap(e, "%s", temp);
		goto out;
	}
	if (fsync(fd) == -1) {
		err_sys(e, "%s", temp);
		goto out;
	}
	step("temporary file");
	if (renameat(dirfd, temp, dirfd, name) == -1) {
		err_sys(e, "%s", name);
		goto out;
	}
	there = false;
	rc = io_sync_dir(dirfd, e);
	step("replaced file");
out:
	if (there)
		(void)unlinkat(dirfd, temp, 0);
	close(fd);
	return rc;
}

int
io_sync_dir(int dirfd, struct err *e)
{
	/* EINVAL: a file system that has nothing to sync here. */
	if (fsync(dirfd) == -1 && errno != EINVAL)
		return err_sys(e, "sync of the directory");
	return 0;
}
