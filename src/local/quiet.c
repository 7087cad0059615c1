#include "local/quiet.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "local/hold.h"
#include "local/scan.h"
#include "local/vouch.h"

static const char *const endings[] = { "", "-journal", "-wal" };
#define ENDINGS (sizeof(endings) / sizeof(endings[0]))

/* --- Since the scan ------------------------------------------------------- */

/* Nothing vouches for it: its bytes have to. */
static bool
holds_still(int dirfd, const char *name, const struct entry *t)
{
	struct hash hash;
	struct stat st;
	struct err e;
	bool same = false;
	int fd;

	fd = openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == t->size &&
	    scan_hash(fd, &st, &hash, &e) == 0)
		same = hash_same(&hash, &t->hash);
	close(fd);
	return same;
}

static bool
is_still(struct root *r, const struct entry *t, const struct stamp *stamp)
{
	const char *name;
	struct stat st;
	struct err e;
	int dirfd = root_parent(r, t->path, t->path_len, &name, &e);

	if (dirfd == -1 ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    stat_type(&st) != t->type)
		return false;
	if (stamp_vouches(stamp, t, &st))
		return true;
	if (stamp->inode != 0)
		return false;
	return t->type != ENTRY_FILE || holds_still(dirfd, name, t);
}

static bool
exists(struct root *r, const char *path, size_t len)
{
	const char *name;
	struct stat st;
	struct err e;
	int dirfd = root_parent(r, path, len, &name, &e);

	return dirfd != -1 &&
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The database's files, those that the scan did not see included. */
static bool
is_database_still(struct root *r, const struct home *home, const struct unit *u)
{
	char path[PATH_LEN_MAX + 16];
	const struct tree *t = &home->tree;
	size_t len, i;

	for (size_t k = 0; k < ENDINGS; k++) {
		len = (size_t)snprintf(path, sizeof(path), "%.*s%s",
		    (int)u->len, u->path, endings[k]);
		i = tree_lower(t, path, len);
		if (i < t->count && strcmp(t->entry[i]->path, path) == 0) {
			if (!is_still(r, t->entry[i], &home->stamp[i]))
				return false;
		} else if (exists(r, path, len)) {
			return false;
		}
	}
	return true;
}

bool
quiet_since(struct root *r, const struct home *home, const struct unit *u)
{
	const struct tree *t = &home->tree;
	bool quiet = true;
	size_t i;

	root_forget(r);
	if (!u->is_dir) {
		quiet = is_database_still(r, home, u);
		root_forget(r);
		return quiet;
	}
	for (i = tree_lower(t, u->path, u->len); quiet && i < t->count &&
	     unit_holds(u, t->entry[i]->path, t->entry[i]->path_len);
	     i++)
		quiet = is_still(r, t->entry[i], &home->stamp[i]);
	root_forget(r);
	return quiet;
}

/* --- By a lock ------------------------------------------------------------ */

static bool
is_alive(const char *digits)
{
	char *end;
	long pid = strtol(digits, &end, 10);

	return end != digits && *end == '\0' && pid > 1 &&
	    (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* Mozilla: a symlink to "ADDRESS:+PID". */
static bool
is_mozilla_lock(const char *target)
{
	const char *plus = strrchr(target, '+');

	return plus != NULL && is_alive(plus + 1);
}

/* Chromium: a symlink to "HOST-PID". That of another machine is only left over
 * here: it does not roam. */
static bool
is_chromium_lock(const char *target)
{
	const char *dash = strrchr(target, '-');
	char host[256];

	if (dash == NULL || gethostname(host, sizeof(host)) == -1)
		return false;
	host[sizeof(host) - 1] = '\0';
	return strlen(host) == (size_t)(dash - target) &&
	    strncmp(host, target, strlen(host)) == 0 && is_alive(dash + 1);
}

static bool
is_linked(int dirfd, const char *name, bool (*says)(const char *target))
{
	char target[512];
	ssize_t len = readlinkat(dirfd, name, target, sizeof(target) - 1);

	if (len < 0)
		return false;
	target[len] = '\0';
	return says(target);
}

/* Does another process hold a lock on any byte of the file? */
static bool
is_locked(int dirfd, const char *name)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	bool locked;
	int fd;

	fd = openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return false;
	locked = fcntl(fd, F_GETLK, &all) == 0 && all.l_type != F_UNLCK;
	close(fd);
	return locked;
}

static bool
is_directory_used(struct root *r, const struct unit *u)
{
	char path[PATH_LEN_MAX + 16];
	struct err e;
	bool used;
	int fd;

	snprintf(path, sizeof(path), "%.*s", (int)u->len, u->path);
	fd = root_at(r, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, &e);
	if (fd == -1)
		return false;
	/* Chromium's lock is one of all its profiles. */
	used = is_linked(fd, "lock", is_mozilla_lock) ||
	    is_locked(fd, ".parentlock") ||
	    is_linked(fd, "SingletonLock", is_chromium_lock) ||
	    is_linked(fd, "../SingletonLock", is_chromium_lock);
	close(fd);
	return used;
}

static bool
is_database_used(struct root *r, const struct unit *u)
{
	char path[PATH_LEN_MAX + 16];
	const char *name;
	struct err e;
	size_t len;
	int dirfd;

	for (size_t k = 0; k < ENDINGS; k++) {
		len = (size_t)snprintf(path, sizeof(path), "%.*s%s",
		    (int)u->len, u->path, endings[k]);
		dirfd = root_parent(r, path, len, &name, &e);
		if (dirfd != -1 && hold_has_writer(dirfd, name))
			return true;
		/* One who only reads keeps a lock, with a log for as long as
		 * he has it open. */
		if (dirfd != -1 && is_locked(dirfd, name))
			return true;
	}
	return false;
}

bool
quiet_is_used(struct root *r, const struct unit *u, bool writers)
{
	if (u->is_dir)
		return is_directory_used(r, u);
	return writers && is_database_used(r, u);
}
