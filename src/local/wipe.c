#include "local/wipe.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/step.h"
#include "local/root.h"

#define DEPTH_MAX 1024

struct wipe {
	const struct root *root;
	size_t left; /* entries that could not be removed */
	struct err first;
};

static void wipe_dir(struct wipe *w, int fd, unsigned depth);

static void
keep_error(struct wipe *w, const char *name)
{
	if (w->left++ == 0)
		err_sys(&w->first, "%s", name);
}

static void
wipe_entry(struct wipe *w, int dir, const char *name, unsigned depth)
{
	struct stat st;
	int fd;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return;
	/* EISDIR of Linux; EPERM is what POSIX has for it. */
	if (errno != EISDIR && errno != EPERM) {
		keep_error(w, name);
		return;
	}
	fd = openat(dir, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	/* Of one's own directories no mode is in the way. */
	if (fd == -1 && errno == EACCES && fchmodat(dir, name, 0700, 0) == 0)
		fd = openat(dir, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		keep_error(w, name);
		return;
	}
	/* What is mounted there is not the home. */
	if (fstat(fd, &st) == 0 && st.st_dev == w->root->dev &&
	    depth < DEPTH_MAX) {
		if ((st.st_mode & 0700) != 0700)
			(void)fchmod(fd, 0700);
		wipe_dir(w, fd, depth + 1);
	} else {
		close(fd);
	}
	if (unlinkat(dir, name, AT_REMOVEDIR) == -1)
		keep_error(w, name);
}

/* All in fd, which is closed. */
static void
wipe_dir(struct wipe *w, int fd, unsigned depth)
{
	const struct dirent *d;
	DIR *list = fdopendir(fd);

	if (list == NULL) {
		keep_error(w, ".");
		close(fd);
		return;
	}
	while ((d = readdir(list)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			wipe_entry(w, dirfd(list), d->d_name, depth);
	closedir(list);
}

/* The state is renamed first, so that it is there whole or not at all. */
static int
drop_state(const struct root *r, struct err *e)
{
	static const char *const words[] = { ".local", "state", NULL };
	int fd = root_at(r, ".", O_RDONLY | O_DIRECTORY, e), next;

	if (fd == -1)
		return -1;
	for (size_t i = 0; words[i] != NULL; i++) {
		next = openat(fd, words[i],
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		if (next == -1)
			return errno == ENOENT ? 0 : err_sys(e, "%s", words[i]);
		fd = next;
	}
	if (renameat(fd, "roam", fd, "roam.gone") == -1 && errno != ENOENT) {
		err_sys(e, ".local/state/roam");
		close(fd);
		return -1;
	}
	(void)fsync(fd);
	close(fd);
	step("wipe");
	return 0;
}

int
wipe_home(const char *home, struct err *e)
{
	struct wipe w = { .left = 0 };
	struct root r;
	int fd, rc = -1;

	if (root_open(&r, home, e) == -1)
		return -1;
	w.root = &r;
	if (drop_state(&r, e) == 0 &&
	    (fd = root_at(&r, ".", O_RDONLY | O_DIRECTORY, e)) != -1) {
		wipe_dir(&w, fd, 0);
		rc = w.left == 0
		    ? 0
		    : err_set(e, ERR_SYSTEM, "%zu entries are left: %s", w.left,
			  w.first.text);
	}
	root_close(&r);
	return rc;
}
