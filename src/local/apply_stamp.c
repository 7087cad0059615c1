#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "local/apply_parts.h"
#include "local/meta.h"
#include "local/vouch.h"

#define TICK_WAIT_MS 50 /* longer than any kernel's tick */

int
apply_parent(const struct apply *a, const char *path, size_t len,
    const char **name, struct err *e)
{
	int fd = root_parent(a->in->root, path, len, name, e);

	if (fd == -1 && e->kind == ERR_GONE) {
		e->kind = ERR_SYSTEM;
		e->sys = ENOTDIR;
	}
	return fd;
}

/* Other names of the file have its new ctime too; their size and mtime say
 * whether it is still what they know. */
static int
touch_kin(struct apply *a, const struct stat *st, struct err *e)
{
	struct stamp stamp = stamp_of(st);

	if (!S_ISREG(st->st_mode) || st->st_nlink < 2)
		return 0;
	return links_touch(&a->links, &stamp, e);
}

/* Does st describe what t says, whatever it was before? */
static bool
fits(const struct entry *t, const struct stat *st)
{
	struct stamp s = stamp_of(st);

	return stamp_vouches(&s, t, st);
}

int
apply_placed(struct apply *a, size_t i, int dirfd, const char *name,
    struct err *e)
{
	const struct entry *t = a->in->plan->op[i].result;
	struct stat st;

	/* An edit in this very moment: the next scan will read it. */
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	if (touch_kin(a, &st, e) == -1)
		return -1;
	if (!fits(t, &st))
		return 0;
	a->stamps[i] = stamp_of(&st);
	return links_add(&a->links, t, &a->stamps[i], e);
}

int
apply_touched(struct apply *a, const struct hold *h, struct err *e)
{
	struct stamp stamp;
	struct stat st;

	if (h->fd == -1 || fstat(h->fd, &st) == -1)
		return 0;
	stamp = stamp_of(&st);
	return h->st.st_nlink > 1 ? links_touch(&a->links, &stamp, e) : 0;
}

/* Wait until the clock has ticked past when, if that is soon. */
static void
wait_past(int64_t when)
{
	for (int i = 0; i < TICK_WAIT_MS && clock_tick_ns() <= when; i++)
		clock_sleep_ms(1);
}

/* The stamp of path as it is now, zeros if t does not describe it. */
static struct stamp
stamp_now(struct root *r, const struct entry *t)
{
	struct stamp none = { 0 };
	const char *name;
	struct stat st;
	struct err ignored;
	int dirfd;

	dirfd = root_parent(r, t->path, t->path_len, &name, &ignored);
	if (dirfd == -1 ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !fits(t, &st))
		return none;
	return stamp_of(&st);
}

/* A file that has other names gets a new ctime with each of them. */
static bool
may_take(const struct entry *t, const struct stamp *was,
    const struct stamp *now)
{
	return now->inode == was->inode &&
	    (now->ctime_ns == was->ctime_ns || entry_group(t) != 0);
}

void
apply_check_stamps(struct apply *a)
{
	const struct plan *p = a->in->plan;
	struct stamp now, *s;
	int64_t latest = 0;

	for (size_t i = 0; i < p->count; i++)
		if (a->stamps[i].ctime_ns > latest)
			latest = a->stamps[i].ctime_ns;
	wait_past(latest);
	for (size_t i = 0; i < p->count; i++) {
		s = &a->stamps[i];
		if (s->inode == 0)
			continue;
		now = stamp_now(a->in->root, p->op[i].result);
		if (!may_take(p->op[i].result, s, &now))
			now = (struct stamp){ 0 };
		*s = now;
	}
	root_forget(a->in->root);
}

/* The entry of path in h, or h's count. */
static size_t
index_of(const struct home *h, const char *path, size_t len)
{
	size_t i = tree_lower(&h->tree, path, len);

	if (i < h->tree.count && h->tree.entry[i]->path_len == len &&
	    memcmp(h->tree.entry[i]->path, path, len) == 0)
		return i;
	return h->tree.count;
}

/* Has the directory still the attributes that t says? Its times do not tell:
 * names came and went. */
static bool
dir_is(const struct entry *t, int fd, struct stat *st)
{
	const struct extra *x = t->extra;
	struct arena a = { 0 };
	const uint8_t *attrs;
	struct err ignored;
	uint32_t len;
	bool same;

	if (fstat(fd, st) == -1 || !fits(t, st) ||
	    meta_read(fd, &a, &attrs, &len, &ignored) == -1)
		return false;
	same = len == (x != NULL ? x->attrs_len : 0) &&
	    (len == 0 || memcmp(attrs, x->attrs, len) == 0);
	arena_free(&a);
	return same;
}

static void
restamp_dir(struct root *r, const struct entry *t, struct stamp *s)
{
	struct err ignored;
	struct stat st;
	int fd;

	fd = root_at(r, t->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, &ignored);
	if (fd == -1)
		return;
	if (dir_is(t, fd, &st) && st.st_ino == s->inode)
		*s = stamp_of(&st);
	close(fd);
}

/* A unit that was swapped: its directories are others, and what stayed in them
 * has had a second name for a while. */
static void
restamp_unit(struct home *h, struct root *r, const struct unit *u)
{
	const struct tree *t = &h->tree;
	struct err ignored;
	struct stamp now;
	struct stat st;
	int fd;

	for (size_t i = tree_lower(t, u->path, u->len); i < t->count &&
	     unit_holds(u, t->entry[i]->path, t->entry[i]->path_len);
	     i++) {
		if (t->entry[i]->type != ENTRY_DIR) {
			now = stamp_now(r, t->entry[i]);
			if (now.inode == h->stamp[i].inode)
				h->stamp[i] = now;
			continue;
		}
		fd = root_at(r, t->entry[i]->path,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW, &ignored);
		if (fd == -1)
			continue;
		if (dir_is(t->entry[i], fd, &st))
			h->stamp[i] = stamp_of(&st);
		close(fd);
	}
}

/* Stamps that carrying out p has moved without an op of their own. */
static void
restamp(struct home *h, struct root *r, const struct plan *p)
{
	const struct entry *t;
	size_t len, at, last = h->tree.count;
	struct stamp now;
	const char *path;

	if (p->op == NULL) /* nothing was done */
		return;
	for (size_t i = 0; i < p->count; i++) {
		if ((p->op[i].sides & SIDE_HOME) == 0)
			continue;
		path = op_path(&p->op[i], &len);
		at = index_of(h, path, path_parent_len(path, len));
		if (at != h->tree.count && at != last)
			restamp_dir(r, h->tree.entry[at], &h->stamp[at]);
		last = at;
	}
	for (size_t i = 0; i < p->unit_count; i++)
		if (p->unit[i].swapped)
			restamp_unit(h, r, &p->unit[i]);
	for (size_t i = 0; i < h->tree.count; i++) {
		t = h->tree.entry[i];
		if (entry_group(t) == 0 || h->stamp[i].inode == 0)
			continue;
		now = stamp_now(r, t);
		if (may_take(t, &h->stamp[i], &now))
			h->stamp[i] = now;
	}
	root_forget(r);
}

/* A name of a file with several, whose stamp is known. */
struct known_name {
	uint64_t inode;
	size_t index;
};

static int
by_inode(const void *a, const void *b)
{
	const struct known_name *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* *unknown: there are names without a stamp. */
static int
list_names(const struct home *h, struct known_name **out, size_t *count,
    bool *unknown, struct err *e)
{
	*count = 0;
	*unknown = false;
	*out = calloc(h->tree.count + 1, sizeof(**out));
	if (*out == NULL)
		return err_sys(e, "links");
	for (size_t i = 0; i < h->tree.count; i++) {
		if (entry_group(h->tree.entry[i]) == 0)
			continue;
		if (h->stamp[i].inode == 0)
			*unknown = true;
		else
			(*out)[(*count)++] =
			    (struct known_name){ h->stamp[i].inode, i };
	}
	qsort(*out, *count, sizeof(**out), by_inode);
	return 0;
}

/* Does a name in names say that st is a file which is all that t says, but for
 * its mtime? */
static bool
is_known(const struct home *h, const struct known_name *names, size_t count,
    const struct entry *t, const struct stat *st)
{
	const struct known_name key = { .inode = (uint64_t)st->st_ino };
	const struct known_name *at =
	    bsearch(&key, names, count, sizeof(key), by_inode);

	return at != NULL &&
	    h->stamp[at->index].ctime_ns == stat_ctime_ns(st) &&
	    entry_same(h->tree.entry[at->index], t);
}

/* t was linked to a file whose other names came with another mtime: what the
 * home has is that. */
static int
follow(struct home *h, size_t i, const struct known_name *names, size_t count,
    const struct apply_in *in, struct err *e)
{
	const struct entry *t = h->tree.entry[i];
	struct entry *copy;
	const char *name;
	struct stat st;
	struct err ignored;
	int dirfd;

	dirfd = root_parent(in->root, t->path, t->path_len, &name, &ignored);
	if (dirfd == -1 ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !is_known(h, names, count, t, &st))
		return 0;
	if ((copy = entry_copy(in->arena, t, e)) == NULL)
		return -1;
	copy->mtime_ns = stat_mtime_ns(&st);
	if (!fits(copy, &st))
		return 0;
	h->tree.entry[i] = copy;
	h->stamp[i] = stamp_of(&st);
	return 0;
}

static int
follow_kin(struct home *h, const struct apply_in *in, struct err *e)
{
	struct known_name *names;
	size_t count;
	bool unknown;
	int rc;

	rc = list_names(h, &names, &count, &unknown, e);
	for (size_t i = 0; rc == 0 && unknown && i < h->tree.count; i++)
		if (entry_group(h->tree.entry[i]) != 0 &&
		    h->stamp[i].inode == 0)
			rc = follow(h, i, names, count, in, e);
	free(names);
	root_forget(in->root);
	return rc;
}

/* Is op's result in the home now? Only those fail that were not applied; what
 * is planned still waits for the store's side alone. */
static bool
is_applied(const struct op *op)
{
	return (op->sides & SIDE_HOME) != 0 &&
	    (op->state == OP_DONE || op->state == OP_PLANNED);
}

/* Where op stands to the entry at i of t: 0 at it, below 0 before it. */
static int
op_order(const struct op *op, const struct tree *t, size_t i)
{
	size_t len;
	const char *path = op_path(op, &len);

	if (i == t->count)
		return -1;
	return path_order(path, len, t->entry[i]->path, t->entry[i]->path_len);
}

int
apply_new_home(struct home *out, const struct apply_in *in,
    const struct stamp *stamps, struct err *e)
{
	const struct plan *p = in->plan;
	const struct tree *t = &in->local->tree;
	struct home h = { 0 };
	const struct op *op;
	size_t i = 0, k = 0;
	int d, rc = 0;

	while (rc == 0 && (k < p->count || i < t->count)) {
		op = k < p->count ? &p->op[k] : NULL;
		d = op != NULL ? op_order(op, t, i) : 1;
		if (d > 0 || !is_applied(op)) {
			if (d >= 0)
				rc = home_add(&h, t->entry[i],
				    &in->local->stamp[i], e);
		} else if (op->result != NULL) {
			rc = home_add(&h, op->result, &stamps[k], e);
		}
		k += d <= 0;
		i += d >= 0;
	}
	if (rc == 0) {
		restamp(&h, in->root, p);
		rc = follow_kin(&h, in, e);
	}
	if (rc == -1) {
		home_free(&h);
		return -1;
	}
	*out = h;
	return 0;
}
