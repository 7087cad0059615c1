#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "local/links.h"

/* Room for one more of size bytes. */
static int
grow(void **array, size_t count, size_t *cap, size_t size, struct err *e)
{
	size_t more = *cap * 2 + 16;
	void *grown;

	if (count < *cap)
		return 0;
	if ((grown = reallocarray(*array, more, size)) == NULL)
		return err_sys(e, "links");
	*array = grown;
	*cap = more;
	return 0;
}

static int
add_member(struct links *l, const struct entry *t, const struct stamp *stamp,
    struct err *e)
{
	void *array = l->member;

	if (grow(&array, l->member_count, &l->member_cap, sizeof(*l->member),
		e) == -1)
		return -1;
	l->member = array;
	l->member[l->member_count++] = (struct member){ t, *stamp };
	return 0;
}

static int
add_kin(struct links *l, const struct kin *k, struct err *e)
{
	void *array = l->kin;

	if (grow(&array, l->kin_count, &l->kin_cap, sizeof(*l->kin), e) == -1)
		return -1;
	l->kin = array;
	l->kin[l->kin_count++] = *k;
	return 0;
}

/* The op about path, or NULL; *next is a cursor for a walk in order. */
static const struct op *
op_at(const struct plan *p, size_t *next, const struct entry *t)
{
	const char *path;
	size_t len;
	int d;

	for (; *next < p->count; ++*next) {
		path = op_path(&p->op[*next], &len);
		d = path_order(path, len, t->path, t->path_len);
		if (d >= 0)
			return d == 0 ? &p->op[*next] : NULL;
	}
	return NULL;
}

static struct kin
kin_of(const struct entry *t, const struct op *op)
{
	struct kin k = { .entry = t, .after = t };

	if (op == NULL || op->state != OP_PLANNED ||
	    (op->sides & SIDE_HOME) == 0)
		return k;
	k.has_op = true;
	k.goes = op->result == NULL && !op->moved;
	if (op->result == NULL || !entry_same_content(op->result, t))
		k.after = NULL;
	else
		k.after = op->result;
	return k;
}

int
links_open(struct links *out, const struct plan *p, const struct home *local,
    struct err *e)
{
	struct links l = { .local = local };
	const struct entry *t;
	struct kin k;
	size_t next = 0;

	for (size_t i = 0; i < local->tree.count; i++) {
		t = local->tree.entry[i];
		if (entry_group(t) == 0)
			continue;
		k = kin_of(t, op_at(p, &next, t));
		if (add_kin(&l, &k, e) == -1)
			goto fail;
		/* With an op of its own it becomes one when that is done. */
		if (!k.has_op && add_member(&l, t, &local->stamp[i], e) == -1)
			goto fail;
	}
	*out = l;
	return 0;
fail:
	links_close(&l);
	return -1;
}

void
links_close(struct links *l)
{
	free(l->member);
	free(l->kin);
	free(l->touched);
	*l = (struct links){ 0 };
}

/* The newest first: names of one file lie near each other. */
const struct member *
links_find(const struct links *l, const struct entry *t)
{
	uint64_t group = entry_group(t);
	const struct member *m;

	for (size_t i = l->member_count; group != 0 && i > 0; i--) {
		m = &l->member[i - 1];
		if (entry_same(m->entry, t))
			return m;
	}
	return NULL;
}

int
links_add(struct links *l, const struct entry *t, const struct stamp *stamp,
    struct err *e)
{
	return entry_group(t) != 0 ? add_member(l, t, stamp, e) : 0;
}

int
links_touch(struct links *l, const struct stamp *stamp, struct err *e)
{
	void *array = l->touched;
	size_t i;

	for (i = 0; i < l->member_count; i++)
		if (l->member[i].stamp.inode == stamp->inode)
			l->member[i].stamp = *stamp;
	for (i = 0; i < l->touched_count; i++)
		if (l->touched[i].inode == stamp->inode) {
			l->touched[i] = *stamp;
			return 0;
		}
	if (grow(&array, l->touched_count, &l->touched_cap, sizeof(*stamp),
		e) == -1)
		return -1;
	l->touched = array;
	l->touched[l->touched_count++] = *stamp;
	return 0;
}

struct stamp
links_stamp(const struct links *l, const struct entry *local)
{
	const struct home *h = l->local;
	size_t i = tree_lower(&h->tree, local->path, local->path_len);
	struct stamp s = { 0 };

	if (i == h->tree.count ||
	    path_order(h->tree.entry[i]->path, h->tree.entry[i]->path_len,
		local->path, local->path_len) != 0)
		return s;
	s = h->stamp[i];
	for (size_t k = 0;
	     entry_group(local) != 0 && s.inode != 0 && k < l->touched_count;
	     k++)
		if (l->touched[k].inode == s.inode)
			return l->touched[k];
	return s;
}

/* May k, which is one file with op's name, not become what that will be? */
static bool
keeps_apart(const struct kin *k, const struct op *op)
{
	/* It is removed later, as what it is now. */
	if (k->goes)
		return op->local->mode != op->result->mode ||
		    op->local->mtime_ns != op->result->mtime_ns;
	return k->after != NULL &&
	    (entry_group(op->result) == 0 || !entry_same(k->after, op->result));
}

bool
links_must_part(const struct links *l, const struct op *op)
{
	uint64_t now = entry_group(op->local);
	const struct kin *k;

	if (now == 0)
		return false;
	for (size_t i = 0; i < l->kin_count; i++) {
		k = &l->kin[i];
		if (k->entry != op->local && entry_group(k->entry) == now &&
		    keeps_apart(k, op))
			return true;
	}
	return false;
}
