#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "local/root.h"

/* openat2() asks for another try when a rename runs through the same path. */
#define TRIES_MAX 64

#define BELOW                                                                  \
	(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |       \
	    RESOLVE_NO_XDEV)

static int
open_below(int dirfd, const char *rel, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.mode = (flags & O_CREAT) != 0 ? 0600 : 0,
		.resolve = BELOW,
	};
	long fd;
	int tries = 0;

	/* Not to be held up by a FIFO, nor to get a terminal. */
	if ((flags & O_PATH) == 0)
		how.flags |= O_NOCTTY | O_NONBLOCK;
	do
		fd = syscall(SYS_openat2, dirfd, rel, &how, sizeof(how));
	while (fd == -1 && (errno == EAGAIN || errno == EINTR) &&
	    ++tries < TRIES_MAX);
	return (int)fd;
}

/* A path of PATH_LEN_MAX bytes is one too long for the kernel: in two steps. */
static int
open_long(int dirfd, const char *rel, int flags)
{
	char half[PATH_LEN_MAX + 1];
	const char *slash = strchr(rel + strlen(rel) / 2, '/');
	size_t len;
	int fd, mid, saved;

	if (slash == NULL || (len = (size_t)(slash - rel)) > PATH_LEN_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(half, rel, len);
	half[len] = '\0';
	mid = open_below(dirfd, half, O_PATH | O_DIRECTORY);
	if (mid == -1)
		return -1;
	fd = open_below(mid, slash + 1, flags);
	saved = errno;
	close(mid);
	errno = saved;
	return fd;
}

int
root_at(const struct root *r, const char *rel, int flags, struct err *e)
{
	int fd, why;

	if (strlen(rel) < PATH_MAX)
		fd = open_below(r->fd, rel, flags);
	else
		fd = open_long(r->fd, rel, flags);
	if (fd != -1)
		return fd;
	if ((why = errno) == ELOOP || why == EAGAIN)
		err_set(e, ERR_RACE, "%s/%s: not a plain path below it",
		    r->name, rel);
	else if (why == ENOENT)
		err_set(e, ERR_GONE, "%s/%s: not there", r->name, rel);
	else
		err_sys(e, "%s/%s", r->name, rel);
	e->sys = why;
	return -1;
}

/* "/home/alice/" would follow a symlink "/home/alice". */
static int
open_home(const char *home)
{
	size_t len = strlen(home);
	char *plain;
	int fd;

	if (len == 0) {
		errno = ENOENT;
		return -1;
	}
	while (len > 1 && home[len - 1] == '/')
		len--;
	if ((plain = strndup(home, len)) == NULL)
		return -1;
	fd = open(plain, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	free(plain);
	return fd;
}

int
root_open(struct root *out, const char *home, struct err *e)
{
	struct stat st;
	int fd;

	if ((fd = open_home(home)) == -1) {
		if (errno == ELOOP || errno == ENOTDIR)
			return err_set(e, ERR_USAGE,
			    "%s: not a directory, or a symlink; a home is "
			    "named by its own path",
			    home);
		if (errno == ENOENT)
			return err_set(e, ERR_USAGE,
			    "%s: no such directory; make it first", home);
		return err_sys(e, "%s", home);
	}
	if (fstat(fd, &st) == -1) {
		err_sys(e, "%s", home);
		close(fd);
		return -1;
	}
	if (st.st_uid != geteuid()) {
		close(fd);
		return err_set(e, ERR_POLICY,
		    "%s: belongs to user %ju; run as that user", home,
		    (uintmax_t)st.st_uid);
	}
	*out = (struct root){
		.fd = fd,
		.name = home,
		.uid = st.st_uid,
		.dev = st.st_dev,
		.dir_fd = -1,
	};
	return 0;
}

void
root_close(struct root *r)
{
	root_forget(r);
	close(r->fd);
	r->fd = -1;
}

void
root_forget(struct root *r)
{
	if (r->dir_fd != -1)
		close(r->dir_fd);
	r->dir_fd = -1;
	free(r->dir);
	r->dir = NULL;
}

int
root_parent(struct root *r, const char *rel, size_t len, const char **name,
    struct err *e)
{
	size_t parent = path_parent_len(rel, len);

	*name = path_name(rel, len);
	if (parent == 0)
		return r->fd;
	if (r->dir != NULL && strncmp(r->dir, rel, parent) == 0 &&
	    r->dir[parent] == '\0')
		return r->dir_fd;

	root_forget(r);
	if ((r->dir = strndup(rel, parent)) == NULL)
		return err_sys(e, "%s", r->name);
	r->dir_fd = root_at(r, r->dir, O_PATH | O_DIRECTORY, e);
	if (r->dir_fd == -1)
		root_forget(r);
	return r->dir_fd;
}

/* The last component is the state directory itself. */
static const struct {
	const char *dir;
	const char *name;
} state_parents[] = {
	{ ".", ".local" },
	{ ".local", "state" },
	{ ".local/state", "roam" },
};
#define N_PARENTS (sizeof(state_parents) / sizeof(state_parents[0]))

/* mkdirat() would follow a symlink on the way: one name at a time, below a
 * directory that root_at() found to be one. */
static int
make_dir(const struct root *r, const char *dir, const char *name, struct err *e)
{
	const char *above = strcmp(dir, ".") == 0 ? "" : dir;
	int fd, rc = 0;

	if ((fd = root_at(r, dir, O_PATH | O_DIRECTORY, e)) == -1)
		return -1;
	if (mkdirat(fd, name, 0700) == -1 && errno != EEXIST)
		rc = err_sys(e, "%s/%s%s%s", r->name, above,
		    above[0] != '\0' ? "/" : "", name);
	close(fd);
	return rc;
}

int
root_state_dir(const struct root *r, bool make, struct err *e)
{
	int fd;

	fd = root_at(r, ROAM_STATE_DIR, O_RDONLY | O_DIRECTORY, e);
	if (fd != -1 || e->kind != ERR_GONE || !make)
		return fd;
	for (size_t i = 0; i < N_PARENTS; i++)
		if (make_dir(r, state_parents[i].dir, state_parents[i].name,
			e) == -1)
			return -1;
	return root_at(r, ROAM_STATE_DIR, O_RDONLY | O_DIRECTORY, e);
}
