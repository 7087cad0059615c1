#include "local/unit_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "local/listing.h"
#include "local/meta.h"
#include "local/vouch.h"

#define DEPTH_MAX 64

/* --- One directory, name by name ------------------------------------------ */

static int
list(struct listing *out, int dirfd, const char *name, struct err *e)
{
	int fd = openat(dirfd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir;
	int rc;

	*out = (struct listing){ 0 };
	if (fd == -1)
		return err_sys(e, "%s", name);
	if ((dir = fdopendir(fd)) == NULL) {
		err_sys(e, "%s", name);
		close(fd);
		return -1;
	}
	if ((rc = listing_read(out, dir)) == -1)
		err_sys(e, "%s", name);
	closedir(dir);
	return rc;
}

/* Go down to name; the length to come back to in *before. */
static int
enter(struct unit_tree *t, const char *name, size_t *before, struct err *e)
{
	size_t len = strlen(name);

	*before = t->len;
	if (t->len + 1 + len > PATH_LEN_MAX || t->depth >= DEPTH_MAX)
		return err_set(e, ERR_LIMIT, "%s/%s: too deep", t->path, name);
	t->path[t->len] = '/';
	memcpy(t->path + t->len + 1, name, len + 1);
	t->len += 1 + len;
	t->depth++;
	return 0;
}

static void
leave(struct unit_tree *t, size_t before)
{
	t->len = before;
	t->path[before] = '\0';
	t->depth--;
}

static int
open_dir(int dirfd, const char *name)
{
	if (dirfd == -1)
		return -1;
	return openat(dirfd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* What is done with each name that oldfd or newfd has. */
typedef int visit(struct unit_tree *t, int oldfd, int newfd, const char *name,
    struct err *e);

static int
each(struct unit_tree *t, int oldfd, int newfd, visit *what, struct err *e)
{
	struct listing names;
	size_t before;
	int rc;

	rc = list(&names, oldfd != -1 ? oldfd : newfd, ".", e);
	for (size_t i = 0; i < names.count && rc == 0; i++) {
		if ((rc = enter(t, names.at[i], &before, e)) == -1)
			break;
		rc = what(t, oldfd, newfd, names.at[i], e);
		leave(t, before);
	}
	listing_free(&names);
	return rc;
}

static void
close_both(int a, int b)
{
	if (a != -1)
		close(a);
	if (b != -1)
		close(b);
}

const struct op *
unit_tree_op(const struct unit_tree *t)
{
	const struct op *op = plan_find(t->a->in->plan, t->path, t->len);

	if (op == NULL || op->state != OP_PLANNED ||
	    (op->sides & SIDE_HOME) == 0)
		return NULL;
	return op;
}

static bool
is_dir(const struct entry *e)
{
	return e != NULL && e->type == ENTRY_DIR;
}

/* --- Making the second one ------------------------------------------------ */

static int
clone(struct unit_tree *t, int oldfd, int newfd, const char *name,
    struct err *e)
{
	const struct op *op = unit_tree_op(t);
	struct stat st;
	int from, to, rc = -1;

	if (op != NULL && !(is_dir(op->local) && is_dir(op->result)))
		return 0;
	if (fstatat(oldfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "%s", t->path);
	if (!S_ISDIR(st.st_mode))
		return linkat(oldfd, name, newfd, name, 0) == 0
		    ? 0
		    : err_sys(e, "%s", t->path);
	if (mkdirat(newfd, name, 0700) == -1)
		return err_sys(e, "%s", t->path);
	from = open_dir(oldfd, name);
	to = open_dir(newfd, name);
	if (from == -1 || to == -1)
		err_sys(e, "%s", t->path);
	else
		rc = unit_tree_clone(t, from, to, e);
	close_both(from, to);
	return rc;
}

int
unit_tree_clone(struct unit_tree *t, int oldfd, int newfd, struct err *e)
{
	return each(t, oldfd, newfd, clone, e);
}

/* The attributes of fd as they are. */
static int
copy_attributes(int fd, int to, struct err *e)
{
	struct entry like = { .type = ENTRY_DIR };
	struct extra extra = { 0 };
	struct arena a = { 0 };
	struct stat st;
	bool partly;
	int rc = -1;

	if (fstat(fd, &st) == -1)
		return err_sys(e, "directory");
	like.mode = stat_mode(&st);
	like.mtime_ns = stat_mtime_ns(&st);
	like.extra = &extra;
	if (meta_read(fd, &a, &extra.attrs, &extra.attrs_len, e) == 0)
		rc = meta_write(to, &like, &partly, e);
	arena_free(&a);
	return rc;
}

static int
finish(struct unit_tree *t, int newfd, int oldfd, const char *name,
    struct err *e)
{
	struct stat st;
	int from, to, rc = -1;

	if (fstatat(newfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "%s", t->path);
	if (!S_ISDIR(st.st_mode))
		return 0;
	from = open_dir(oldfd, name);
	to = open_dir(newfd, name);
	if (to == -1)
		err_sys(e, "%s", t->path);
	else
		rc = unit_tree_finish(t, from, to, e);
	close_both(from, to);
	return rc;
}

/* From the bottom, since what is put into a directory moves its times. */
int
unit_tree_finish(struct unit_tree *t, int oldfd, int newfd, struct err *e)
{
	const struct op *op = unit_tree_op(t);
	bool partly;

	if (each(t, newfd, oldfd, finish, e) == -1)
		return -1;
	if (op != NULL && is_dir(op->result))
		return meta_write(newfd, op->result, &partly, e);
	return oldfd != -1 ? copy_attributes(oldfd, newfd, e) : 0;
}

/* --- Looking at the first one --------------------------------------------- */

static bool
is_as_seen(const struct unit_tree *t, const struct op *op,
    const struct stat *st)
{
	struct stamp seen;

	if (op->local == NULL)
		return false;
	seen = links_stamp(&t->a->links, op->local);
	return stat_type(st) == op->local->type &&
	    (uint64_t)st->st_size == op->local->size &&
	    stat_mtime_ns(st) == op->local->mtime_ns &&
	    (seen.inode == 0 || seen.inode == st->st_ino);
}

static int
compare(struct unit_tree *t, int oldfd, int newfd, const char *name,
    struct err *e)
{
	const struct op *op = unit_tree_op(t);
	struct stat st, now;
	int from, to, rc = -1;

	if (fstatat(oldfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0; /* removed in this moment */
	if (!S_ISDIR(st.st_mode)) {
		if (op != NULL ? is_as_seen(t, op, &st)
			       : newfd != -1 &&
			    fstatat(newfd, name, &now, AT_SYMLINK_NOFOLLOW) ==
				0 &&
			    now.st_ino == st.st_ino)
			return 0;
		return err_set(e, ERR_RACE, "%s: changed meanwhile", t->path);
	}
	from = open_dir(oldfd, name);
	to = open_dir(newfd, name);
	if (from == -1)
		err_sys(e, "%s", t->path);
	else if (to == -1 && (op == NULL || op->local == NULL))
		err_set(e, ERR_RACE, "%s: made meanwhile", t->path);
	else
		rc = unit_tree_compare(t, from, to, e);
	close_both(from, to);
	return rc;
}

int
unit_tree_compare(struct unit_tree *t, int oldfd, int newfd, struct err *e)
{
	return each(t, oldfd, newfd, compare, e);
}

/* --- Visiting ------------------------------------------------------------- */

struct walk {
	unit_tree_visit *visit;
	void *arg;
};

static int
walk(const struct walk *w, struct unit_tree *t, int fd, struct err *e)
{
	struct listing names;
	struct stat st;
	size_t before;
	int sub, rc;

	rc = list(&names, fd, ".", e);
	for (size_t i = 0; i < names.count && rc == 0; i++) {
		const char *name = names.at[i];

		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		if ((rc = enter(t, name, &before, e)) == -1)
			break;
		if (!S_ISDIR(st.st_mode)) {
			rc = w->visit(fd, name, t->path, w->arg, e);
		} else if ((sub = open_dir(fd, name)) != -1) {
			rc = walk(w, t, sub, e);
			close(sub);
		}
		leave(t, before);
	}
	listing_free(&names);
	return rc;
}

int
unit_tree_walk(int fd, const char *path, unit_tree_visit *what, void *arg,
    struct err *e)
{
	const struct walk w = { what, arg };
	struct unit_tree t = { .len = strlen(path) };

	if (t.len > PATH_LEN_MAX)
		return err_set(e, ERR_LIMIT, "%s: too long", path);
	memcpy(t.path, path, t.len + 1);
	return walk(&w, &t, fd, e);
}

/* --- Removing ------------------------------------------------------------- */

static int
remove_below(int fd, unsigned depth, struct err *e)
{
	struct listing names;
	struct stat st;
	int sub, rc;

	if (depth > DEPTH_MAX + 1)
		return err_set(e, ERR_LIMIT, "directory: too deep");
	rc = list(&names, fd, ".", e);
	for (size_t i = 0; i < names.count && rc == 0; i++) {
		const char *name = names.at[i];

		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		if (!S_ISDIR(st.st_mode)) {
			if (unlinkat(fd, name, 0) == -1)
				rc = err_sys(e, "%s", name);
			continue;
		}
		(void)fchmodat(fd, name, 0700, 0);
		if ((sub = open_dir(fd, name)) == -1) {
			rc = err_sys(e, "%s", name);
			continue;
		}
		rc = remove_below(sub, depth + 1, e);
		close(sub);
		if (rc == 0 && unlinkat(fd, name, AT_REMOVEDIR) == -1)
			rc = err_sys(e, "%s", name);
	}
	listing_free(&names);
	return rc;
}

int
unit_tree_remove(int dirfd, const char *name, struct err *e)
{
	int fd, rc;

	(void)fchmodat(dirfd, name, 0700, 0);
	if ((fd = open_dir(dirfd, name)) == -1)
		return err_sys(e, "%s", name);
	rc = remove_below(fd, 0, e);
	close(fd);
	if (rc == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) == -1)
		rc = err_sys(e, "%s", name);
	return rc;
}
