#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "local/stage.h"
#include "local/swap.h"
#include "local/vouch.h"

#define LATE_MS 1

/* File systems without the flags of renameat2(). */
static bool
is_unknown(int sys)
{
	return sys == EINVAL || sys == ENOSYS || sys == ENOTSUP;
}

/* From one name to another that nothing has; -1 with errno. */
static int
move_new(int from_fd, const char *from, int to_fd, const char *to)
{
	struct stat st;

	if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (!is_unknown(errno))
		return -1;
	/* A second name is refused as well where there is one already. */
	if (linkat(from_fd, from, to_fd, to, 0) == 0)
		return unlinkat(from_fd, from, 0);
	if (errno == EEXIST)
		return -1;
	/* Directories: rename() replaces none that holds anything. */
	if (fstatat(to_fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(from_fd, from, to_fd, to);
}

/*
 * Exchange without the flag: what has the name gets a second one in staging
 * before it loses the first. Directories have only one: such an exchange fails.
 */
static int
exchange_by_links(const struct swap *s)
{
	char old[STAGE_NAME_MAX + 8];

	snprintf(old, sizeof(old), "%s.old", s->staged);
	if (linkat(s->dirfd, s->name, s->stagefd, old, 0) == -1)
		return -1;
	if (renameat(s->stagefd, s->staged, s->dirfd, s->name) == -1) {
		(void)unlinkat(s->stagefd, old, 0);
		return -1;
	}
	return renameat(s->stagefd, old, s->stagefd, s->staged);
}

static int
exchange(const struct swap *s)
{
	if (renameat2(s->dirfd, s->name, s->stagefd, s->staged,
		RENAME_EXCHANGE) == 0)
		return 0;
	return is_unknown(errno) ? exchange_by_links(s) : -1;
}

static int
fail(const struct swap *s, struct err *e)
{
	int sys = errno;

	if (sys == EEXIST || sys == ENOENT) {
		err_set(e, ERR_RACE, "%s: changed meanwhile", s->name);
		e->sys = sys;
		return -1;
	}
	return err_sys(e, "%s", s->name);
}

int
swap_in(struct swap *s, struct err *e)
{
	s->stray = false;
	if (move_new(s->stagefd, s->staged, s->dirfd, s->name) == -1)
		return fail(s, e);
	return 0;
}

/* The object at a name, or zeros. */
static struct stat
stat_of(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		st = (struct stat){ 0 };
	return st;
}

/* In this order: who is no writer now cannot become one. */
static bool
was_written(const struct swap *s, const struct stat *ours)
{
	struct stat st;

	if (hold_has_writer(s->stagefd, s->staged))
		return true;
	st = stat_of(s->stagefd, s->staged);
	return !stat_same_content(&st, ours);
}

/*
 * The name gets back what it had, and staging what it had: ours. If the user
 * has replaced ours in between, his latest version keeps the name and the one
 * that was swapped out is a stray; if he has written into ours, that is one. If
 * he has removed it, what he had before comes back: that he meant to remove it
 * nobody knows.
 */
static void
give_back(struct swap *s, const struct stat *ours)
{
	struct stat st;

	s->stray = true;
	if (exchange(s) == -1) {
		s->stray =
		    move_new(s->stagefd, s->staged, s->dirfd, s->name) == -1;
		return;
	}
	st = stat_of(s->stagefd, s->staged);
	if (st.st_ino != ours->st_ino || st.st_dev != ours->st_dev) {
		(void)exchange(s);
		return;
	}
	/* But for one whose open() had found ours by its name already: the
	 * kernel counts him a little later. */
	s->stray = was_written(s, ours);
	if (!s->stray) {
		clock_sleep_ms(LATE_MS);
		s->stray = was_written(s, ours);
	}
}

void
swap_back(struct swap *s)
{
	struct stat ours = stat_of(s->dirfd, s->name);

	give_back(s, &ours);
}

int
swap_over(struct swap *s, const struct hold *h, struct err *e)
{
	struct stat ours = stat_of(s->stagefd, s->staged);

	s->stray = false;
	if (exchange(s) == -1)
		return fail(s, e);
	if (hold_is(h, s->stagefd, s->staged))
		return 0;
	give_back(s, &ours);
	return err_set(e, ERR_RACE, "%s: changed meanwhile", s->name);
}

int
swap_out(struct swap *s, const struct hold *h, struct err *e)
{
	s->stray = false;
	if (move_new(s->dirfd, s->name, s->stagefd, s->staged) == -1)
		return fail(s, e);
	if (hold_is(h, s->stagefd, s->staged))
		return 0;
	s->stray = move_new(s->stagefd, s->staged, s->dirfd, s->name) == -1;
	return err_set(e, ERR_RACE, "%s: changed meanwhile", s->name);
}
