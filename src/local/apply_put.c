#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/step.h"
#include "local/apply_parts.h"
#include "local/copy.h"
#include "local/meta.h"
#include "local/shelf.h"
#include "local/stage.h"
#include "local/swap.h"
#include "local/vouch.h"

/*
 * A directory with the attributes that it is to have from its first moment in
 * the home on: a run that is cut off must not leave one whose mode then looks
 * like an edit. Only what would lock us out waits until the end.
 */
static int
prepare_dir(const struct apply *a, const struct entry *t, const char *staged,
    struct err *e)
{
	struct entry open = *t;
	bool partly;
	int fd, rc;

	open.mode |= 0700;
	if (mkdirat(a->in->stagefd, staged, 0700) == -1 && errno != EEXIST)
		return err_sys(e, "%s", t->path);
	fd = openat(a->in->stagefd, staged,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_sys(e, "%s", t->path);
	rc = meta_write(fd, &open, &partly, e);
	close(fd);
	return rc;
}

static int
prepare_link(const struct apply *a, const struct entry *t, const char *staged,
    struct err *e)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };

	if (symlinkat(entry_target(t), a->in->stagefd, staged) == -1)
		return err_sys(e, "%s", t->path);
	times[1] = time_of_ns(t->mtime_ns);
	if (utimensat(a->in->stagefd, staged, times, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "%s", t->path);
	return 0;
}

/*
 * staged as one more name of a file in place that is to have t's as well.
 * 1: there is none such, or it was changed, or it cannot be linked.
 */
static int
prepare_member(struct apply *a, const struct entry *t, const char *staged,
    struct err *e)
{
	const struct member *m = links_find(&a->links, t);
	char temp[STAGE_NAME_MAX + 8];
	struct stamp stamp;
	struct stat st;
	const char *name;
	int dirfd, stagefd = a->in->stagefd;

	if (m == NULL)
		return 1;
	dirfd = root_parent(a->in->root, m->entry->path, m->entry->path_len,
	    &name, e);
	if (dirfd == -1 ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !stamp_vouches(&m->stamp, m->entry, &st))
		return 1;
	snprintf(temp, sizeof(temp), "%s.link", staged);
	if (linkat(dirfd, name, stagefd, temp, 0) == -1)
		return 1;
	if (fstatat(stagefd, temp, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_ino != m->stamp.inode ||
	    renameat(stagefd, temp, stagefd, staged) == -1) {
		(void)unlinkat(stagefd, temp, 0);
		return 1;
	}
	(void)unlinkat(stagefd, temp, 0); /* staged was this file already */
	stamp = stamp_of(&st);
	return links_touch(&a->links, &stamp, e);
}

/* A file of its own out of one that has other names as well. */
static int
prepare_copy(const struct apply *a, const struct op *op, const char *staged,
    struct err *e)
{
	int from, to, rc = -1;

	from = root_at(a->in->root, op->local->path, O_RDONLY | O_NOFOLLOW, e);
	if (from == -1)
		return -1;
	to = stage_create(a->in->stagefd, staged, 0, e);
	if (to != -1) {
		rc = copy_content(from, to, op->local->size, e);
		close(to);
	}
	close(from);
	return rc;
}

/* Content that the caller staged gets the result's attributes. */
static int
prepare_content(const struct apply *a, const struct entry *t,
    const char *staged, struct err *e)
{
	struct stat st;
	bool partly;
	int fd, rc = -1;

	fd = openat(a->in->stagefd, staged,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT && t->size == 0)
		fd = stage_create(a->in->stagefd, staged, 0, e);
	else if (fd == -1 && errno == ENOENT)
		err_set(e, ERR_FORMAT, "%s: has no content", t->path);
	else if (fd == -1)
		err_sys(e, "%s", t->path);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		err_sys(e, "%s", t->path);
	else if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != t->size)
		err_set(e, ERR_FORMAT, "%s: has other content", t->path);
	else
		rc = meta_write(fd, t, &partly, e);
	close(fd);
	return rc;
}

int
apply_prepare(struct apply *a, const struct op *op, const char *staged,
    struct err *e)
{
	const struct entry *t = op->result;
	int rc;

	if (t->type == ENTRY_DIR)
		return prepare_dir(a, t, staged, e);
	if (t->type == ENTRY_LINK)
		return prepare_link(a, t, staged, e);
	if ((rc = prepare_member(a, t, staged, e)) != 1)
		return rc;
	if (op->local != NULL && entry_same_content(op->local, t) &&
	    prepare_copy(a, op, staged, e) == -1)
		return -1;
	return prepare_content(a, t, staged, e);
}

int
apply_keep_loser(const struct apply *a, const struct op *op, uint64_t *kept,
    struct err *e)
{
	const struct conflict c = {
		.id = op->loser != NULL ? shelf_id(op->loser) : 0,
		.loser = op->loser,
		.machine = a->in->self,
		.time_ns = a->in->now_ns,
	};

	*kept = 0;
	if (op->loser == NULL || !op->loser_is_local)
		return 0;
	if (!shelf_has(a->in->statefd, c.id))
		*kept = c.id;
	return shelf_keep_local(a->in->root, a->in->statefd, &c, e);
}

static int
replace(struct apply *a, const struct op *op, struct swap *s, struct err *e)
{
	struct stamp stamp = links_stamp(&a->links, op->local);
	struct err ignored;
	uint64_t kept = 0;
	struct hold h;
	int rc = -1;

	if (hold_take(&h, s->dirfd, s->name, op->local, &stamp, e) == -1)
		return -1;
	if (apply_keep_loser(a, op, &kept, e) == 0 &&
	    swap_over(s, &h, e) == 0) {
		a->changed = true;
		step("apply: exchanged");
		rc = 0;
		/* What cannot be removed stays for recovery. */
		if (unlinkat(s->stagefd, s->staged, 0) == 0)
			rc = apply_touched(a, &h, e);
	}
	hold_end(&h);
	/* Where that fails it is in the list once more, and not lost. */
	if (rc == -1 && kept != 0)
		(void)!shelf_remove(a->in->statefd, kept, &ignored);
	return rc;
}

/*
 * A directory makes way. It has to be empty by now: what stays in it, or has
 * come into it, keeps it. A stop before the new object has its name looks like
 * a removal here, which a change in the store outlives.
 */
static int
replace_dir(struct apply *a, struct swap *s, struct err *e)
{
	if (unlinkat(s->dirfd, s->name, AT_REMOVEDIR) == -1) {
		if (errno == EEXIST)
			errno = ENOTEMPTY;
		return err_sys(e, "%s", s->name);
	}
	a->changed = true;
	step("apply: directory makes way");
	return swap_in(s, e);
}

/* After a failure: staging holds our object, or what the user must not lose. */
static int
clean(const struct apply *a, const struct op *op, const struct swap *s,
    struct err *e)
{
	size_t len;
	const char *path = op_path(op, &len);
	struct err worse;

	if (s->stray) {
		if (stage_rescue(a->in->statefd, s->stagefd, s->staged, path,
			a->in->self, &worse) == -1)
			*e = worse;
		return -1;
	}
	if (unlinkat(s->stagefd, s->staged, 0) == -1)
		(void)unlinkat(s->stagefd, s->staged, AT_REMOVEDIR);
	return -1;
}

static int
put(struct apply *a, size_t i, struct swap *s, struct err *e)
{
	const struct op *op = &a->in->plan->op[i];
	const struct entry *t = op->result;

	if (apply_prepare(a, op, s->staged, e) == -1)
		return -1;
	step("apply: prepared");
	s->dirfd = apply_parent(a, t->path, t->path_len, &s->name, e);
	if (s->dirfd == -1)
		return -1;
	if (op->local == NULL || a->done[i] == DONE_OUT)
		return swap_in(s, e);
	if (op->local->type == ENTRY_DIR)
		return replace_dir(a, s, e);
	return replace(a, op, s, e);
}

int
apply_put(struct apply *a, size_t i, struct err *e)
{
	const struct op *op = &a->in->plan->op[i];
	char staged[STAGE_NAME_MAX];
	struct swap s = { .stagefd = a->in->stagefd };
	int rc;

	s.staged = stage_name(staged, &op->result->hash, i);
	if (put(a, i, &s, e) == -1)
		return clean(a, op, &s, e);
	a->changed = true;
	rc = apply_placed(a, i, s.dirfd, s.name, e);
	step("apply: put in place");
	return rc;
}

/* Where the other version did not win after all, nothing has lost. */
int
apply_beside(struct apply *a, size_t i, struct err *e)
{
	const struct entry *lost = a->in->plan->op[i].from;
	const struct op *of =
	    plan_find(a->in->plan, lost->path, lost->path_len);

	if (of != NULL && of->state == OP_FAILED)
		return err_set(e, ERR_RACE, "%s: changed meanwhile",
		    lost->path);
	return apply_put(a, i, e);
}
