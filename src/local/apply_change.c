#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/step.h"
#include "local/apply_parts.h"
#include "local/meta.h"
#include "local/shelf.h"
#include "local/stage.h"
#include "local/swap.h"
#include "local/vouch.h"

/*
 * t's attributes for a file that is held. Its mtime only under a lease: it is
 * what tells of a write, and nothing else would tell of one just before.
 */
static int
write_held(struct apply *a, const struct hold *h, const struct entry *t,
    struct err *e)
{
	struct entry wanted = *t;
	bool partly;

	if (!h->leased)
		wanted.mtime_ns = stat_mtime_ns(&h->st);
	a->changed = true;
	return meta_write(h->fd, &wanted, &partly, e);
}

/* The two ends of a rename. */
struct ends {
	int from_fd; /* owned */
	int to_fd;   /* borrowed */
	const char *from, *to;
};

static int
ends_open(const struct apply *a, const struct op *op, struct ends *out,
    struct err *e)
{
	const struct entry *from = op->from, *to = op->result;
	char dir[PATH_LEN_MAX + 1] = ".";
	size_t len = path_parent_len(from->path, from->path_len);

	if (len > 0) {
		memcpy(dir, from->path, len);
		dir[len] = '\0';
	}
	out->from = path_name(from->path, from->path_len);
	out->to_fd = apply_parent(a, to->path, to->path_len, &out->to, e);
	if (out->to_fd == -1)
		return -1;
	out->from_fd = root_at(a->in->root, dir, O_PATH | O_DIRECTORY, e);
	return out->from_fd == -1 ? -1 : 0;
}

/*
 * The move as a swap between the two directories: what turns out to be changed
 * goes back, or, if its old name is taken again, stays where it is now; either
 * way the next scan finds it.
 */
static int
move_held(struct apply *a, size_t i, const struct ends *n, const struct hold *h,
    struct err *e)
{
	const struct op *op = &a->in->plan->op[i];
	struct swap s = {
		.dirfd = n->from_fd,
		.name = n->from,
		.stagefd = n->to_fd,
		.staged = n->to,
	};

	if (swap_out(&s, h, e) == -1)
		return -1;
	a->changed = true;
	step("apply: renamed");
	if (!entry_same_attributes(op->from, op->result) ||
	    op->from->mtime_ns != op->result->mtime_ns) {
		if (write_held(a, h, op->result, e) == -1)
			return -1;
		step("apply: attributes after rename");
	}
	if (apply_touched(a, h, e) == -1)
		return -1;
	return apply_placed(a, i, n->to_fd, n->to, e);
}

int
apply_rename(struct apply *a, size_t i, struct err *e)
{
	const struct op *op = &a->in->plan->op[i];
	struct op *other =
	    plan_find(a->in->plan, op->from->path, op->from->path_len);
	struct stamp stamp = links_stamp(&a->links, op->from);
	struct ends n;
	struct hold h;
	int rc = -1;

	if (ends_open(a, op, &n, e) == -1)
		goto out;
	if (hold_take(&h, n.from_fd, n.from, op->from, &stamp, e) == 0) {
		rc = move_held(a, i, &n, &h, e);
		hold_end(&h);
	}
	close(n.from_fd);
out:
	if (other == NULL || !other->moved)
		return rc;
	if (rc == 0)
		a->done[other - a->in->plan->op] = 1;
	else if (other->state == OP_PLANNED)
		op_fail(other, why_of(e));
	return rc;
}

/* How the file comes to the hard links that it is to have. */
enum inode_task {
	INODE_STAYS,
	INODE_DONE, /* is one with a file that was dealt with already */
	INODE_OTHER,
};

static enum inode_task
inode_task(const struct apply *a, const struct op *op, uint64_t inode)
{
	const struct member *m = links_find(&a->links, op->result);

	if (op->result->type != ENTRY_FILE)
		return INODE_STAYS;
	if (m != NULL)
		return inode != 0 && m->stamp.inode == inode ? INODE_DONE
							     : INODE_OTHER;
	return links_must_part(&a->links, op) ? INODE_OTHER : INODE_STAYS;
}

static int
change_attrs(struct apply *a, size_t i, int dirfd, const char *name,
    struct err *e)
{
	const struct op *op = &a->in->plan->op[i];
	struct stamp stamp = links_stamp(&a->links, op->local);
	struct hold h;
	int rc = 0;

	if (hold_take(&h, dirfd, name, op->local, &stamp, e) == -1)
		return -1;
	if (op->result->type == ENTRY_FILE) {
		rc = write_held(a, &h, op->result, e);
		step("apply: attributes");
		if (rc == 0)
			rc = apply_touched(a, &h, e);
	}
	if (rc == 0)
		rc = apply_placed(a, i, dirfd, name, e);
	hold_end(&h);
	return rc;
}

int
apply_attrs(struct apply *a, size_t i, struct err *e)
{
	const struct op *op = &a->in->plan->op[i];
	const struct entry *t = op->result;
	enum inode_task task;
	const char *name;
	int dirfd;

	if (t->type == ENTRY_DIR)
		return 0; /* with the other directories, at the end */
	task = inode_task(a, op, links_stamp(&a->links, op->local).inode);
	if (task == INODE_OTHER)
		return apply_put(a, i, e);
	dirfd = apply_parent(a, t->path, t->path_len, &name, e);
	if (dirfd == -1)
		return -1;
	if (task == INODE_DONE)
		return apply_placed(a, i, dirfd, name, e);
	return change_attrs(a, i, dirfd, name, e);
}

static int
remove_dir(struct apply *a, const struct entry *t, int dirfd, const char *name,
    struct err *e)
{
	int rc;

	rc = unlinkat(dirfd, name, AT_REMOVEDIR);
	if (rc == -1 && errno == EEXIST)
		errno = ENOTEMPTY;
	if (rc == -1)
		return err_sys(e, "%s", t->path);
	root_forget(a->in->root);
	a->changed = true;
	step("apply: directory removed");
	return 0;
}

/* Through staging, so that what is removed is looked at when nobody can reach
 * it by its name any more. */
static int
remove_file(struct apply *a, size_t i, struct swap *s, struct err *e)
{
	const struct entry *t = a->in->plan->op[i].local;
	struct stamp stamp = links_stamp(&a->links, t);
	struct err worse;
	uint64_t kept = 0;
	struct hold h;
	int rc = -1;

	if (hold_take(&h, s->dirfd, s->name, t, &stamp, e) == -1)
		return -1;
	if (apply_keep_loser(a, &a->in->plan->op[i], &kept, e) == 0 &&
	    swap_out(s, &h, e) == 0) {
		a->changed = true;
		step("apply: taken out");
		rc = 0;
		if (unlinkat(s->stagefd, s->staged, 0) == 0)
			rc = apply_touched(a, &h, e);
		step("apply: removed");
	}
	hold_end(&h);
	if (rc == -1 && kept != 0)
		(void)!shelf_remove(a->in->statefd, kept, &worse);
	if (s->stray &&
	    stage_rescue(a->in->statefd, s->stagefd, s->staged, t->path,
		a->in->self, &worse) == -1)
		*e = worse;
	return rc;
}

int
apply_remove(struct apply *a, size_t i, struct err *e)
{
	const struct entry *t = a->in->plan->op[i].local;
	char staged[STAGE_NAME_MAX];
	struct swap s = { .stagefd = a->in->stagefd };
	struct stat st;

	s.staged = stage_name(staged, &t->hash, i);
	s.dirfd = apply_parent(a, t->path, t->path_len, &s.name, e);
	if (s.dirfd == -1)
		return -1;
	if (fstatat(s.dirfd, s.name, &st, AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno == ENOENT)
		return 0; /* removed here as well by now */
	if (t->type == ENTRY_DIR)
		return remove_dir(a, t, s.dirfd, s.name, e);
	return remove_file(a, i, &s, e);
}

int
apply_finish_dir(struct apply *a, size_t i, struct err *e)
{
	const struct op *op = &a->in->plan->op[i];
	const struct entry *t = op->result;
	struct stat st;
	bool partly;
	int fd, rc = -1;

	fd = root_at(a->in->root, t->path, O_RDONLY | O_DIRECTORY, e);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		err_sys(e, "%s", t->path);
	else if (op->local != NULL && op->local->type == ENTRY_DIR &&
	    stat_mode(&st) != op->local->mode)
		err_set(e, ERR_RACE, "%s: changed meanwhile", t->path);
	else if (meta_write(fd, t, &partly, e) == 0 && fstat(fd, &st) == 0) {
		a->stamps[i] = stamp_of(&st);
		a->changed = true;
		rc = 0;
		step("apply: directory finished");
	}
	close(fd);
	return rc;
}

int
apply_check_unit(const struct apply *a, uint32_t unit, struct err *e)
{
	const struct plan *p = a->in->plan;
	const char *name;
	struct hold h;
	int dirfd;

	for (size_t i = 0; i < p->count; i++) {
		const struct op *op = &p->op[i];
		struct stamp stamp;

		if (op->unit != unit || op->state != OP_PLANNED ||
		    (op->sides & SIDE_HOME) == 0 || op->local == NULL ||
		    op->local->type == ENTRY_DIR)
			continue;
		dirfd = apply_parent(a, op->local->path, op->local->path_len,
		    &name, e);
		stamp = links_stamp(&a->links, op->local);
		if (dirfd == -1 ||
		    hold_take(&h, dirfd, name, op->local, &stamp, e) == -1)
			return -1;
		hold_end(&h);
	}
	return 0;
}
