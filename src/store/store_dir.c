#include "store/store_dir.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "store/dir_error.h"
#include "store/dir_last.h"
#include "store/file_url.h"

/* Written bytes are sent on their way to the disk in steps of this size, so
 * that the fsync at the end has little left to wait for. */
#define WRITE_BACK ((uint64_t)8 << 20)
/* openat2() asks for another try when a rename runs through the same path. */
#define TRIES_MAX 16
#define BELOW     (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

struct dir_store {
	struct store store;
	char *url;  /* owned */
	char *name; /* owned; the path of the directory, fit to be shown */
	int fd;
	/* The file read last, so that many ranges of a pack cost one open. */
	int cached_fd; /* -1: none */
	char cached[STORE_PATH_MAX + 1];
};

struct dir_file {
	struct store_file file;
	int fd;
	uint64_t len;
	uint64_t flushed; /* bytes whose write-back was started */
	char path[STORE_PATH_MAX + 1];
};

/* Fill e for the errno sys that path below d met; -1. */
static int
failed(const struct dir_store *d, const char *path, int sys, struct err *e)
{
	return dir_error(d->name, path, sys, e);
}

/* The same after a call of io.h, which says ERR_SYSTEM. */
static int
io_failed(const struct dir_store *d, const char *path, struct err *e)
{
	if (e->kind == ERR_SYSTEM && e->sys != 0)
		return failed(d, path, e->sys, e);
	return err_wrap(e, "%s/%s", d->name, path);
}

/* Open path below d; a descriptor, or -1 with errno. */
static int
open_below(const struct dir_store *d, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.mode = (flags & O_CREAT) != 0 ? 0600 : 0,
		.resolve = BELOW,
	};
	const char *name = path[0] != '\0' ? path : ".";
	int tries = 0;
	long fd;

	do
		fd = syscall(SYS_openat2, d->fd, name, &how, sizeof(how));
	while (fd == -1 && (errno == EAGAIN || errno == EINTR) &&
	    ++tries < TRIES_MAX);
	return (int)fd;
}

/* The directory that holds path, and path's last component in *name. */
static int
open_parent(const struct dir_store *d, const char *path, const char **name)
{
	char parent[STORE_PATH_MAX + 1];
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) : 0;

	memcpy(parent, path, len);
	parent[len] = '\0';
	*name = slash != NULL ? slash + 1 : path;
	return open_below(d, parent, O_RDONLY | O_DIRECTORY);
}

static void
forget_cached(struct dir_store *d)
{
	if (d->cached_fd != -1)
		close(d->cached_fd);
	d->cached_fd = -1;
}

static void
dir_close(struct store *s)
{
	struct dir_store *d = (struct dir_store *)s;

	forget_cached(d);
	if (d->fd != -1)
		close(d->fd);
	free(d->name);
	free(d->url);
	free(d);
}

/*
 * The store's directory is missing. Only it is made, never its parents: where
 * those are missing too a mount is missing, and a profile must not go to the
 * disk below a mount point.
 */
static int
make_root(const struct dir_store *d, const char *path, bool create,
    struct err *e)
{
	char parent[PATH_MAX];
	char *slash;
	int fd, rc = 0;

	memcpy(parent, path, strlen(path) + 1);
	slash = strrchr(parent, '/');
	slash[slash == parent ? 1 : 0] = '\0';
	if ((fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		if (errno == ENOENT)
			return err_set(e, ERR_OFFLINE,
			    "%s: the directory it lies in is missing too (not "
			    "mounted?)",
			    d->name);
		return failed(d, "", errno, e);
	}
	if (!create)
		rc = err_set(e, ERR_GONE, "%s: no such store", d->name);
	else if (mkdir(path, 0700) == -1 && errno != EEXIST)
		rc = failed(d, "", errno, e);
	else
		(void)fsync(fd); /* at worst it is made anew */
	close(fd);
	return rc;
}

static int
open_root(struct dir_store *d, const char *path, bool create, struct err *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

	d->fd = open(path, flags);
	if (d->fd == -1 && errno == ENOENT) {
		if (make_root(d, path, create, e) == -1)
			return -1;
		d->fd = open(path, flags);
	}
	if (d->fd != -1)
		return 0;
	if (errno == ENOTDIR)
		return err_set(e, ERR_STORE, "%s: not a directory", d->name);
	return failed(d, "", errno, e);
}

static int
dir_open(struct store **out, const char *url, const struct store_how *how,
    struct err *e)
{
	char path[PATH_MAX], shown[PATH_MAX];
	struct dir_store *d;
	int rc = -1;

	if (file_url_path(url, path, e) == -1)
		return -1;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return err_sys(e, "store");
	d->store.ops = &store_dir_ops;
	d->fd = d->cached_fd = -1;
	text_show(path, strlen(path), shown, sizeof(shown));
	if ((d->url = strdup(url)) == NULL ||
	    (d->name = strdup(shown)) == NULL) {
		err_sys(e, "store");
		goto out;
	}
	d->store.url = d->url;
	if (open_root(d, path, how->create, e) == -1)
		goto out;
	*out = (struct store *)d;
	d = NULL;
	rc = 0;
out:
	if (d != NULL)
		dir_close((struct store *)d);
	return rc;
}

/* What the names of a directory are given to. */
struct visitor {
	store_visit *visit;
	void *arg;
};

static int
visit_name(int dirfd, const char *name, const struct visitor *to, struct err *e)
{
	struct store_item item = { .name = name };
	struct stat st;

	/* Gone since it was listed; nothing else can fail here. */
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	item.is_dir = S_ISDIR(st.st_mode);
	item.size = item.is_dir ? 0 : (uint64_t)st.st_size;
	item.mtime_ns =
	    (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return to->visit(&item, to->arg, e);
}

static int
dir_list(struct store *s, const char *path, store_visit *visit, void *arg,
    struct err *e)
{
	const struct dir_store *d = (const struct dir_store *)s;
	const struct visitor to = { visit, arg };
	const struct dirent *name;
	int fd, rc = 0;
	DIR *dir;

	if ((fd = open_below(d, path, O_RDONLY | O_DIRECTORY)) == -1)
		return failed(d, path, errno, e);
	if ((dir = fdopendir(fd)) == NULL) {
		rc = failed(d, path, errno, e);
		close(fd);
		return rc;
	}
	while (rc == 0 && (errno = 0, name = readdir(dir)) != NULL)
		if (name->d_name[0] != '.')
			rc = visit_name(fd, name->d_name, &to, e);
	if (rc == 0 && errno != 0)
		rc = failed(d, path, errno, e);
	closedir(dir);
	return rc;
}

/* Open a file for reading; what is no regular file is damage. */
static int
open_file(const struct dir_store *d, const char *path, struct err *e)
{
	struct stat st;
	int fd;

	if ((fd = open_below(d, path, O_RDONLY)) == -1)
		return failed(d, path, errno, e);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return err_set(e, ERR_FORMAT, "%s/%s: not a file", d->name, path);
}

static int
dir_load(struct store *s, const char *path, struct buf *out, struct err *e)
{
	const struct dir_store *d = (const struct dir_store *)s;
	int fd, rc = 0;

	if ((fd = open_file(d, path, e)) == -1)
		return -1;
	if (io_read_all(fd, out, e) == -1)
		rc = io_failed(d, path, e);
	close(fd);
	return rc;
}

static int
dir_read(struct store *s, const char *path, uint64_t off, void *bytes,
    size_t len, struct err *e)
{
	struct dir_store *d = (struct dir_store *)s;
	ssize_t got;

	if (d->cached_fd == -1 || strcmp(d->cached, path) != 0) {
		forget_cached(d);
		if ((d->cached_fd = open_file(d, path, e)) == -1)
			return -1;
		memcpy(d->cached, path, strlen(path) + 1);
	}
	got = io_read_at(d->cached_fd, bytes, len, off, e);
	if (got == -1 && e->sys == EIO)
		return err_set(e, ERR_FORMAT, "%s/%s: cannot be read: %s",
		    d->name, path, strerror(EIO));
	if (got == -1)
		return io_failed(d, path, e);
	if ((size_t)got != len)
		return err_set(e, ERR_FORMAT,
		    "%s/%s: shorter than expected: no %zu bytes at %llu",
		    d->name, path, len, (unsigned long long)off);
	return 0;
}

static int
dir_create(struct store *s, const char *path, struct store_file **out,
    struct err *e)
{
	const struct dir_store *d = (const struct dir_store *)s;
	struct dir_file *f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return err_sys(e, "store");
	f->fd = open_below(d, path, O_WRONLY | O_CREAT | O_EXCL);
	if (f->fd == -1) {
		failed(d, path, errno, e);
		free(f);
		return -1;
	}
	f->file.store = s;
	memcpy(f->path, path, strlen(path) + 1);
	*out = (struct store_file *)f;
	return 0;
}

static int
dir_write(struct store_file *file, const void *bytes, size_t len, struct err *e)
{
	const struct dir_store *d = (const struct dir_store *)file->store;
	struct dir_file *f = (struct dir_file *)file;

	if (io_write(f->fd, bytes, len, e) == -1)
		return io_failed(d, f->path, e);
	f->len += len;
	if (f->len - f->flushed < WRITE_BACK)
		return 0;
	/* Only to be early: the fsync of publish() is what has to succeed. */
	(void)sync_file_range(f->fd, (off_t)f->flushed,
	    (off_t)(f->len - f->flushed), SYNC_FILE_RANGE_WRITE);
	f->flushed = f->len;
	return 0;
}

/* Unlink path below d; absent is fine. -1 with errno. */
static int
unlink_below(const struct dir_store *d, const char *path, int flags)
{
	const char *name;
	int fd, rc, sys;

	if ((fd = open_parent(d, path, &name)) == -1)
		return errno == ENOENT ? 0 : -1;
	rc = unlinkat(fd, name, flags);
	sys = errno;
	close(fd);
	if (rc == -1 && sys == ENOENT)
		rc = 0;
	errno = sys;
	return rc;
}

static int
dir_finish(struct store_file *file, bool keep, struct err *e)
{
	const struct dir_store *d = (const struct dir_store *)file->store;
	struct dir_file *f = (struct dir_file *)file;
	int rc = 0;

	/* Network file systems keep an error of writing for close(). */
	if (close(f->fd) == -1 && keep && rc == 0 && errno != EINTR)
		rc = failed(d, f->path, errno, e);
	if ((!keep || rc == -1) && unlink_below(d, f->path, 0) == -1 && rc == 0)
		rc = failed(d, f->path, errno, e);
	free(f);
	return rc;
}

static int
dir_mkdir(struct store *s, const char *path, struct err *e)
{
	const struct dir_store *d = (const struct dir_store *)s;
	const char *name;
	int fd, rc = 0;

	if ((fd = open_parent(d, path, &name)) == -1)
		return failed(d, path, errno, e);
	/* gen/ has to last as well as what publish() puts there; what is made
	 * below it or tmp/ is made to last by publish(). */
	if (mkdirat(fd, name, 0700) == -1 || (name == path && fsync(fd) == -1))
		rc = failed(d, path, errno, e);
	close(fd);
	return rc;
}

static int
sync_tree(const struct dir_store *d, const char *path, struct err *e)
{
	int fd, rc = 0;

	if ((fd = open_below(d, path, O_RDONLY | O_DIRECTORY)) == -1)
		return failed(d, path, errno, e);
	if (dir_sync(fd) == -1)
		rc = failed(d, path, errno, e);
	close(fd);
	return rc;
}

static int
dir_publish(struct store *s, const char *from, const char *to, struct err *e)
{
	struct dir_store *d = (struct dir_store *)s;
	const char *from_name, *to_name;
	int from_fd = -1, to_fd = -1, rc = -1;

	if (sync_tree(d, from, e) == -1)
		return -1;
	if ((from_fd = open_parent(d, from, &from_name)) == -1) {
		failed(d, from, errno, e);
		goto out;
	}
	if ((to_fd = open_parent(d, to, &to_name)) == -1) {
		failed(d, to, errno, e);
		goto out;
	}
	forget_cached(d);
	if (dir_rename_new(from_fd, from_name, to_fd, to_name) == -1) {
		failed(d, to, errno, e);
		goto out;
	}
	if (fsync(to_fd) == -1 || fsync(from_fd) == -1) {
		failed(d, to, errno, e);
		/* It is there, but may not last: not known, that is. */
		e->kind = ERR_OFFLINE;
		goto out;
	}
	rc = 0;
out:
	if (from_fd != -1)
		close(from_fd);
	if (to_fd != -1)
		close(to_fd);
	return rc;
}

static int
dir_claim(struct store *s, const char *from, const char *path,
    const void *bytes, size_t len, struct err *e)
{
	struct dir_store *d = (struct dir_store *)s;
	const char *name;
	int fd, rc = 0;

	if (from != NULL && sync_tree(d, from, e) == -1)
		return -1;
	if ((fd = open_parent(d, path, &name)) == -1)
		return failed(d, path, errno, e);
	if (dir_make_whole(fd, name, bytes, len) == -1)
		rc = failed(d, path, errno, e);
	close(fd);
	return rc;
}

static int
dir_remove(struct store *s, const char *path, bool is_dir, struct err *e)
{
	struct dir_store *d = (struct dir_store *)s;

	if (d->cached_fd != -1 && strcmp(d->cached, path) == 0)
		forget_cached(d);
	if (unlink_below(d, path, is_dir ? AT_REMOVEDIR : 0) == -1)
		return failed(d, path, errno, e);
	return 0;
}

static bool
dir_owner(const struct store *s, uid_t *out)
{
	struct stat st = { .st_uid = 0 };
	int rc = fstat(((const struct dir_store *)s)->fd, &st);

	*out = st.st_uid;
	return rc == 0;
}

const struct store_ops store_dir_ops = {
	.scheme = FILE_URL_SCHEME,
	.near = true,
	.open = dir_open,
	.list = dir_list,
	.load = dir_load,
	.read = dir_read,
	.create = dir_create,
	.write = dir_write,
	.finish = dir_finish,
	.mkdir = dir_mkdir,
	.publish = dir_publish,
	.claim = dir_claim,
	.remove = dir_remove,
	.owner = dir_owner,
	.close = dir_close,
};
