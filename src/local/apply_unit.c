#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "base/step.h"
#include "local/apply_parts.h"
#include "local/stage.h"
#include "local/unit_tree.h"

/*
 * A unit that is a directory changes in one step. A second directory is made in
 * staging: hard links to all that stays, what is local here included, and the
 * new files. Then the two are exchanged. The old one is looked at when nobody
 * can reach it by its name any more; if somebody wrote to it in between, they
 * are exchanged back. A unit that is new has no old one, one that goes no new
 * one: then there is one rename instead.
 *
 * Recovery after a stop has to know which of the two it finds in staging: a
 * note beside it, "unit-N.old", has the inode of the old one (stage.c).
 */
struct work {
	struct apply *a;
	uint32_t unit;
	size_t first; /* its first op */
	char path[PATH_LEN_MAX + 1];
	char staged[STAGE_NAME_MAX];
	int oldfd, newfd; /* -1: there is none */
	bool comes, goes; /* as a whole */
	bool keep;        /* staging holds what must not be dropped */
};

static bool
is_task(const struct work *w, const struct op *op)
{
	return op->unit == w->unit && op->state == OP_PLANNED &&
	    (op->sides & SIDE_HOME) != 0;
}

static bool
is_dir(const struct entry *t)
{
	return t != NULL && t->type == ENTRY_DIR;
}

/* Does the unit stay a directory, become one from nothing or go, and is no hard
 * link among what is new? Anything else is done file by file. */
static bool
is_swappable(struct work *w)
{
	const struct plan *p = w->a->in->plan;
	const struct unit *u = &p->unit[w->unit - 1];
	const struct op *root = plan_find(p, u->path, u->len);
	size_t count = 0;

	if (root != NULL && is_task(w, root)) {
		if ((root->local != NULL && !is_dir(root->local)) ||
		    (root->result != NULL && !is_dir(root->result)))
			return false;
		w->comes = root->local == NULL;
		w->goes = root->result == NULL;
	}
	for (size_t i = p->count; i-- > 0;) {
		if (!is_task(w, &p->op[i]))
			continue;
		if (p->op[i].action == ACTION_RENAME || p->op[i].moved ||
		    (p->op[i].result != NULL && entry_group(p->op[i].result)))
			return false;
		w->first = i;
		count++;
	}
	return count > 1; /* one file is exchanged in one step anyhow */
}

static int
place(struct work *w, struct root *new, size_t i, struct err *e)
{
	const struct op *op = &w->a->in->plan->op[i];
	size_t skip = strlen(w->path) + 1;
	char staged[STAGE_NAME_MAX];
	const char *name;
	int dirfd;

	if (op->result == NULL || op->result->path_len < skip)
		return 0;
	dirfd = root_parent(new, op->result->path + skip,
	    op->result->path_len - skip, &name, e);
	if (dirfd == -1)
		return -1;
	if (is_dir(op->result)) {
		if (!is_dir(op->local) && mkdirat(dirfd, name, 0700) == -1)
			return err_sys(e, "%s", op->result->path);
		return 0;
	}
	stage_name(staged, &op->result->hash, i);
	if (apply_prepare(w->a, op, staged, e) == -1)
		return -1;
	if (renameat2(w->a->in->stagefd, staged, dirfd, name,
		RENAME_NOREPLACE) == -1)
		return err_sys(e, "%s", op->result->path);
	return 0;
}

static int
place_all(struct work *w, struct err *e)
{
	struct root new = *w->a->in->root;
	int rc = 0;

	new.fd = w->newfd;
	new.dir_fd = -1;
	new.dir = NULL;
	for (size_t i = 0; i < w->a->in->plan->count && rc == 0; i++)
		if (is_task(w, &w->a->in->plan->op[i]))
			rc = place(w, &new, i, e);
	root_forget(&new);
	return rc;
}

static void
begin_tree(struct unit_tree *t, const struct work *w)
{
	*t = (struct unit_tree){ .a = w->a };
	t->len = strlen(w->path);
	memcpy(t->path, w->path, t->len + 1);
}

static int
build(struct work *w, struct err *e)
{
	struct unit_tree t;

	if (w->goes)
		return 0;
	if (mkdirat(w->a->in->stagefd, w->staged, 0700) == -1)
		return err_sys(e, "%s", w->staged);
	w->newfd = openat(w->a->in->stagefd, w->staged,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w->newfd == -1)
		return err_sys(e, "%s", w->staged);
	begin_tree(&t, w);
	if (w->oldfd != -1 && unit_tree_clone(&t, w->oldfd, w->newfd, e) == -1)
		return -1;
	if (place_all(w, e) == -1)
		return -1;
	return unit_tree_finish(&t, w->oldfd, w->newfd, e);
}

static const char *
note_name(const struct work *w, char out[STAGE_NAME_MAX])
{
	snprintf(out, STAGE_NAME_MAX, "unit-%zu.old", w->first);
	return out;
}

static int
write_note(const struct work *w, struct err *e)
{
	char name[STAGE_NAME_MAX], text[PATH_LEN_MAX + 32];
	struct stat st;
	int len;

	if (fstat(w->oldfd, &st) == -1)
		return err_sys(e, "%s", w->path);
	len = snprintf(text, sizeof(text), "%llu %s",
	    (unsigned long long)st.st_ino, w->path);
	return io_replace(w->a->in->stagefd, note_name(w, name), text,
	    (size_t)len, e);
}

static int
keep_losers(const struct work *w, struct err *e)
{
	const struct plan *p = w->a->in->plan;
	uint64_t kept;

	for (size_t i = 0; i < p->count; i++)
		if (is_task(w, &p->op[i]) &&
		    apply_keep_loser(w->a, &p->op[i], &kept, e) == -1)
			return -1;
	return 0;
}

/* One rename. In the way is only what has come there since the scan. */
static int
move(const struct work *w, bool back, struct err *e)
{
	int stagefd = w->a->in->stagefd, rc;
	const char *name;
	int dirfd = apply_parent(w->a, w->path, strlen(w->path), &name, e);

	if (dirfd == -1)
		return -1;
	if (w->oldfd != -1 && w->newfd != -1)
		rc =
		    renameat2(dirfd, name, stagefd, w->staged, RENAME_EXCHANGE);
	else if (w->comes != back)
		rc = renameat2(stagefd, w->staged, dirfd, name,
		    RENAME_NOREPLACE);
	else
		rc = renameat2(dirfd, name, stagefd, w->staged,
		    RENAME_NOREPLACE);
	root_forget(w->a->in->root);
	if (rc == -1 && errno == EEXIST)
		return err_set(e, ERR_RACE, "%s: made meanwhile", w->path);
	return rc == 0 ? 0 : err_sys(e, "%s", w->path);
}

/* Was nothing of the old one changed up to the moment when it went? */
static int
look_back(struct work *w, struct err *e)
{
	struct unit_tree t;
	struct err worse;

	begin_tree(&t, w);
	if (w->oldfd == -1 || unit_tree_compare(&t, w->oldfd, w->newfd, e) == 0)
		return 0;
	if (move(w, true, &worse) == -1) {
		/* The next run finds it there and keeps what is new in it. */
		w->keep = true;
		*e = worse;
	}
	return -1;
}

static int
swap(struct work *w, struct err *e)
{
	if (apply_check_unit(w->a, w->unit, e) == -1 ||
	    (w->oldfd != -1 && write_note(w, e) == -1) ||
	    keep_losers(w, e) == -1)
		return -1;
	step("apply: unit prepared");
	if (move(w, false, e) == -1)
		return -1;
	w->a->changed = true;
	step("apply: unit exchanged");
	return look_back(w, e);
}

static int
note_done(struct work *w, struct err *e)
{
	struct plan *p = w->a->in->plan;
	const char *name;
	int dirfd;

	for (size_t i = 0; i < p->count; i++) {
		const struct entry *t = p->op[i].result;

		if (!is_task(w, &p->op[i]))
			continue;
		w->a->done[i] = DONE_UNIT;
		if (t == NULL)
			continue;
		dirfd = apply_parent(w->a, t->path, t->path_len, &name, e);
		if (dirfd == -1 || apply_placed(w->a, i, dirfd, name, e) == -1)
			return -1;
	}
	p->unit[w->unit - 1].swapped = true;
	return 0;
}

static void
drop_staged(const struct work *w)
{
	char name[STAGE_NAME_MAX];
	struct err ignored; /* what stays is for recovery */

	if (w->keep)
		return;
	if (unit_tree_remove(w->a->in->stagefd, w->staged, &ignored) == 0)
		(void)unlinkat(w->a->in->stagefd, note_name(w, name), 0);
}

/* Nothing was changed: other ways may work where this one is not known. */
static bool
is_other_way(const struct err *e)
{
	static const int known[] = { EINVAL, ENOSYS, ENOTSUP, EPERM, EACCES,
		EXDEV, EMLINK, EEXIST };

	if (e->kind == ERR_LIMIT)
		return true;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (e->kind == ERR_SYSTEM && e->sys == known[i])
			return true;
	return false;
}

int
apply_unit(struct apply *a, uint32_t unit, bool *whole, struct err *e)
{
	const struct unit *u = &a->in->plan->unit[unit - 1];
	struct work w = { .a = a, .unit = unit, .oldfd = -1, .newfd = -1 };
	int rc = -1;

	*whole = false;
	if (!u->is_dir || u->len > PATH_LEN_MAX || !is_swappable(&w))
		return 0;
	memcpy(w.path, u->path, u->len);
	snprintf(w.staged, sizeof(w.staged), "unit-%zu", w.first);
	if (!w.comes)
		w.oldfd = root_at(a->in->root, w.path,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW, e);
	if ((w.comes || w.oldfd != -1) && build(&w, e) == 0)
		rc = swap(&w, e);
	drop_staged(&w);
	*whole = true;
	if (rc == 0)
		rc = note_done(&w, e);
	else if (is_other_way(e))
		*whole = false;
	if (w.newfd != -1)
		close(w.newfd);
	if (w.oldfd != -1)
		close(w.oldfd);
	step("apply: unit done");
	return *whole ? rc : 0;
}
