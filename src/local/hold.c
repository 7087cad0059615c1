#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "local/hold.h"
#include "local/scan.h"
#include "local/vouch.h"

static int
is_changed(const struct entry *t, struct err *e)
{
	return err_set(e, ERR_RACE, "%s: changed since it was read", t->path);
}

/* A lease is broken with a signal, by default one that would end us; we ask
 * instead of listening, so: one that nobody hears. */
static bool
lease(int fd)
{
	return fcntl(fd, F_SETSIG, SIGURG) == 0 &&
	    fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
}

static int
check_file(struct hold *h, const struct entry *t, const struct stamp *stamp,
    struct err *e)
{
	struct hash hash;

	if (fstat(h->fd, &h->st) == -1)
		return err_sys(e, "%s", t->path);
	if (stamp_vouches(stamp, t, &h->st))
		return 0;
	if (stamp->inode != 0 || stat_type(&h->st) != t->type ||
	    (uint64_t)h->st.st_size != t->size ||
	    stat_mtime_ns(&h->st) != t->mtime_ns)
		return is_changed(t, e);
	if (scan_hash(h->fd, &h->st, &hash, e) == -1)
		return -1;
	return hash_same(&hash, &t->hash) ? 0 : is_changed(t, e);
}

static int
hold_file(struct hold *h, int dirfd, const char *name, const struct entry *t,
    const struct stamp *stamp, struct err *e)
{
	h->fd = openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (h->fd == -1) {
		if (errno == ENOENT || errno == ELOOP || errno == ENXIO)
			return is_changed(t, e);
		return err_sys(e, "%s", t->path);
	}
	/* The lease first: what is compared under it stays so. */
	h->leased = lease(h->fd);
	if (!h->leased && errno == EAGAIN)
		err_set(e, ERR_RACE, "%s: open for writing", t->path);
	else if (check_file(h, t, stamp, e) == 0)
		return 0;
	hold_end(h);
	return -1;
}

/* A symlink cannot be changed, only replaced. */
static int
hold_link(struct hold *h, int dirfd, const char *name, const struct entry *t,
    struct err *e)
{
	char target[PATH_LEN_MAX + 1];
	ssize_t len;

	len = readlinkat(dirfd, name, target, sizeof(target));
	if (len == (ssize_t)t->size &&
	    fstatat(dirfd, name, &h->st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(h->st.st_mode) &&
	    memcmp(target, entry_target(t), t->size) == 0)
		return 0;
	return is_changed(t, e);
}

int
hold_take(struct hold *out, int dirfd, const char *name, const struct entry *t,
    const struct stamp *stamp, struct err *e)
{
	*out = (struct hold){ .fd = -1 };
	if (t->type == ENTRY_FILE)
		return hold_file(out, dirfd, name, t, stamp, e);
	return hold_link(out, dirfd, name, t, e);
}

bool
hold_is(const struct hold *h, int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	if (!stat_same_content(&h->st, &st) || h->st.st_mode != st.st_mode)
		return false;
	/* A lease that someone waits for is no longer of this type. */
	return !h->leased || fcntl(h->fd, F_GETLEASE) == F_RDLCK;
}

void
hold_end(struct hold *h)
{
	/* Closing is not enough where a child has the descriptor too. */
	if (h->leased)
		(void)fcntl(h->fd, F_SETLEASE, F_UNLCK);
	h->leased = false;
	if (h->fd != -1)
		close(h->fd);
	h->fd = -1;
}

bool
hold_has_writer(int dirfd, const char *name)
{
	bool has;
	int fd;

	fd = openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return false;
	has = !lease(fd) && errno == EAGAIN;
	close(fd);
	return has;
}
