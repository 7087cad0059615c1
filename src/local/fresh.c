#include "local/fresh.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "local/copy.h"
#include "local/scan.h"

#define DEPTH_MAX 64 /* of a skeleton */

static bool
has_file(int fd, const struct entry *t)
{
	struct stat st;
	struct hash hash;
	struct err ignored;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == t->size &&
	    scan_hash(fd, &st, &hash, &ignored) == 0 &&
	    hash_same(&hash, &t->hash);
}

/* Has the skeleton the same at that path? Of directories any is as good. */
static bool
has(int skeleton, const struct entry *t)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;
	bool same;
	int fd;

	switch (t->type) {
	case ENTRY_DIR:
		return fstatat(skeleton, t->path, &st, AT_SYMLINK_NOFOLLOW) ==
		    0 &&
		    S_ISDIR(st.st_mode);
	case ENTRY_LINK:
		n = readlinkat(skeleton, t->path, target, sizeof(target));
		return n != -1 && (uint64_t)n == t->size &&
		    memcmp(target, t->extra->target, (size_t)n) == 0;
	default:
		fd = openat(skeleton, t->path,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd == -1)
			return false;
		same = has_file(fd, t);
		close(fd);
		return same;
	}
}

/* -1: there is none, and nothing is in it. */
static int
open_skeleton(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool
fresh_is(const struct home *h, const char *skeleton)
{
	int fd = open_skeleton(skeleton);
	bool fresh = true;

	for (size_t i = 0; i < h->opaque_count && fresh; i++)
		fresh = h->opaque[i].why == WHY_RULE;
	for (size_t i = 0; i < h->tree.count && fresh; i++)
		fresh = h->tree.entry[i]->type == ENTRY_DIR ||
		    has(fd, h->tree.entry[i]);
	if (fd != -1)
		close(fd);
	return fresh;
}

struct making {
	struct root *root;
	size_t failed;
	struct err first;
};

static void
failed(struct making *m, const struct err *why)
{
	if (m->failed++ == 0)
		m->first = *why;
}

/* A directory that holds what stays local stays as well. */
static void
take_away(struct making *m, const struct entry *t)
{
	const char *name;
	struct err e;
	int dir = root_parent(m->root, t->path, t->path_len, &name, &e);

	if (dir == -1) {
		failed(m, &e);
		return;
	}
	if (unlinkat(dir, name, t->type == ENTRY_DIR ? AT_REMOVEDIR : 0) == 0 ||
	    errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST)
		return;
	err_sys(&e, "%s", t->path);
	failed(m, &e);
}

static int
lay_file(int from, int to, const char *name, const struct stat *st,
    struct err *e)
{
	int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int out = openat(to, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    st->st_mode & 0777);
	int rc = -1;

	if (out == -1 && errno == EEXIST)
		rc = 0;
	else if (in == -1 || out == -1)
		err_sys(e, "%s", name);
	else
		rc = copy_content(in, out, (uint64_t)st->st_size, e);
	if (in != -1)
		close(in);
	if (out != -1)
		close(out);
	return rc;
}

static int
lay_link(int from, int to, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n == -1)
		return err_sys(e, "%s", name);
	target[n] = '\0';
	if (symlinkat(target, to, name) == -1 && errno != EEXIST)
		return err_sys(e, "%s", name);
	return 0;
}

static void lay_dir(struct making *m, int from, int to, unsigned depth);

/* What is there already is as it should be, or stays local. */
static void
lay(struct making *m, int from, int to, const char *name, unsigned depth)
{
	struct stat st;
	struct err e;
	int rc = 0, in, out;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	if (S_ISREG(st.st_mode)) {
		rc = lay_file(from, to, name, &st, &e);
	} else if (S_ISLNK(st.st_mode)) {
		rc = lay_link(from, to, name, &e);
	} else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
		(void)mkdirat(to, name, st.st_mode & 0777);
		in = openat(from, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		out = openat(to, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (in != -1 && out != -1)
			lay_dir(m, in, out, depth + 1);
		else
			rc = err_sys(&e, "%s", name);
		if (in != -1)
			close(in);
		if (out != -1)
			close(out);
	}
	if (rc == -1)
		failed(m, &e);
}

static void
lay_dir(struct making *m, int from, int to, unsigned depth)
{
	const struct dirent *d;
	int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd != -1 ? fdopendir(fd) : NULL;

	if (list == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((d = readdir(list)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			lay(m, from, to, d->d_name, depth);
	closedir(list);
}

int
fresh_make(struct root *r, const struct home *h, const char *skeleton,
    struct err *e)
{
	struct making m = { .root = r };
	int fd = open_skeleton(skeleton), to;

	/* From behind, so that a directory is empty when its turn comes. */
	for (size_t i = h->tree.count; i-- > 0;)
		if (!has(fd, h->tree.entry[i]))
			take_away(&m, h->tree.entry[i]);
	root_forget(r);
	if ((to = root_at(r, ".", O_RDONLY | O_DIRECTORY, e)) != -1) {
		lay_dir(&m, fd, to, 0);
		close(to);
	}
	if (fd != -1)
		close(fd);
	if (to == -1)
		return -1;
	if (m.failed == 0)
		return 0;
	return err_set(e, ERR_SYSTEM, "%zu entries are left: %.200s", m.failed,
	    m.first.text);
}
