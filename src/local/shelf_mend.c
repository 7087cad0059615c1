#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/step.h"
#include "local/shelf.h"

#define LOST "lost"

/* Has the home, at the loser's path, the very file that st is of? */
static bool
is_in_place(struct root *r, const struct conflict *c, const struct stat *st)
{
	const struct entry *t = c->loser;
	struct stat here;
	struct err ignored;
	const char *name;
	int dirfd;

	dirfd = root_parent(r, t->path, t->path_len, &name, &ignored);
	return dirfd != -1 &&
	    fstatat(dirfd, name, &here, AT_SYMLINK_NOFOLLOW) == 0 &&
	    here.st_ino == st->st_ino && here.st_dev == st->st_dev;
}

static int
mend_one(struct root *r, int statefd, const struct conflict *c, struct err *e)
{
	struct stat st;
	int fd, rc = 0;

	/* One that is missing is told when it is needed. */
	if (c->loser->type != ENTRY_FILE ||
	    (fd = shelf_open(statefd, c->id, e)) == -1)
		return 0;
	if (fstat(fd, &st) == -1)
		rc = err_sys(e, "conflict %s", c->loser->path);
	close(fd);
	if (rc == -1 || st.st_nlink < 2)
		return rc;
	if (is_in_place(r, c, &st))
		return shelf_remove(statefd, c->id, e);
	return shelf_part(statefd, c->id, e);
}

int
shelf_mend(struct root *r, int statefd, struct arena *a,
    struct machines *machines, struct err *e)
{
	struct profile list = { 0 };
	size_t damaged;
	int rc;

	rc = shelf_load(statefd, a, machines, &list, &damaged, e);
	for (size_t i = 0; i < list.conflict_count && rc == 0; i++)
		rc = mend_one(r, statefd, &list.conflict[i], e);
	root_forget(r);
	profile_free(&list);
	return rc;
}

int
shelf_set_aside(int statefd, uint64_t id, struct err *e)
{
	char from[64], to[64];

	if (mkdirat(statefd, LOST, 0700) == -1 && errno != EEXIST)
		return err_sys(e, LOST);
	snprintf(from, sizeof(from), "conflicts/%016" PRIx64 ".content", id);
	snprintf(to, sizeof(to), LOST "/%lld-%016" PRIx64,
	    (long long)clock_now_ns(), id);
	if (renameat(statefd, from, statefd, to) == -1 && errno != ENOENT)
		return err_sys(e, "%s", to);
	step("shelf: set aside");
	return shelf_remove(statefd, id, e);
}
