#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "engine/rename.h"

/* One file that goes: what it held, under which inode it was known. */
struct leaving {
	struct op *op; /* NULL once it is paired */
	const struct entry *entry;
	uint64_t inode;
};

/* The direction of a rename: which ops can be its two halves. */
static const struct direction {
	enum action gone, come;
	unsigned side;
	enum reason reason;
} directions[] = {
	{ ACTION_DELETE_STORE, ACTION_UPLOAD, SIDE_STORE, REASON_MOVED_HERE },
	{ ACTION_DELETE_LOCAL, ACTION_DOWNLOAD, SIDE_HOME, REASON_MOVED_THERE },
};

static int
by_content(const void *a, const void *b)
{
	const struct leaving *x = a, *y = b;
	int d = hash_order(&x->entry->hash, &y->entry->hash);

	if (d != 0)
		return d;
	/* qsort() is not stable; the ops stand in the plan's order. */
	return x->op < y->op ? -1 : x->op > y->op;
}

static uint64_t
inode_of(const struct tree *t, const struct stamp *stamp,
    const struct entry *entry)
{
	size_t i;

	if (t == NULL || stamp == NULL)
		return 0;
	i = tree_lower(t, entry->path, entry->path_len);
	if (i == t->count || t->entry[i]->path_len != entry->path_len ||
	    memcmp(t->entry[i]->path, entry->path, entry->path_len) != 0)
		return 0;
	return stamp[i].inode;
}

/* What goes away on d's side: the version that both sides knew. */
static const struct entry *
gone_entry(const struct op *op, const struct direction *d)
{
	const struct entry *t = d->side == SIDE_STORE ? op->base : op->local;

	if (op->action != d->gone || op->state != OP_PLANNED || t == NULL ||
	    t->type != ENTRY_FILE || t->size == 0)
		return NULL;
	return t;
}

static bool
is_arrival(const struct op *op, const struct direction *d)
{
	return op->action == d->come && op->state == OP_PLANNED &&
	    op->base == NULL && (op->local == NULL || op->remote == NULL) &&
	    op->result->type == ENTRY_FILE;
}

static size_t
collect(struct leaving *out, struct plan *p, const struct plan_in *in,
    const struct direction *d)
{
	size_t n = 0;
	const struct entry *t;

	for (size_t i = 0; i < p->count; i++) {
		if ((t = gone_entry(&p->op[i], d)) == NULL)
			continue;
		out[n].op = &p->op[i];
		out[n].entry = t;
		out[n++].inode = d->side == SIDE_STORE
		    ? inode_of(in->known, in->base_stamp, t)
		    : 0;
	}
	qsort(out, n, sizeof(*out), by_content);
	return n;
}

static size_t
first_of(const struct leaving *l, size_t n, const struct hash *hash)
{
	size_t low = 0, mid;

	while (low < n) {
		mid = low + (n - low) / 2;
		if (hash_order(&l[mid].entry->hash, hash) < 0)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

static bool
same_name(const struct entry *a, const struct entry *b)
{
	return strcmp(path_name(a->path, a->path_len),
		   path_name(b->path, b->path_len)) == 0;
}

/*
 * How well l fits an arrival: 0 not at all, 3 best. In the home a name that
 * moves takes its hard links along, so they have to be those of the arrival.
 */
static int
fit(const struct leaving *l, const struct entry *t, uint64_t inode,
    const struct direction *d)
{
	if (l->op == NULL || !entry_same_content(l->entry, t))
		return 0;
	if (d->side == SIDE_HOME && entry_group(l->entry) != entry_group(t))
		return 0;
	if (inode != 0 && l->inode == inode)
		return 3;
	return same_name(l->entry, t) ? 2 : 1;
}

/* More copies of one content than this are not searched for the best fit. */
#define COPIES_MAX 64

static struct leaving *
best_fit(struct leaving *l, size_t n, const struct entry *t, uint64_t inode,
    const struct direction *d)
{
	struct leaving *best = NULL;
	size_t i = first_of(l, n, &t->hash);
	int f, best_f = 0;

	for (size_t tries = 0; i < n && tries < COPIES_MAX &&
	     hash_same(&l[i].entry->hash, &t->hash);
	     i++, tries++)
		if ((f = fit(&l[i], t, inode, d)) > best_f) {
			best = &l[i];
			best_f = f;
		}
	return best;
}

/* In the home a unit is put in place, or goes, as a whole: no file of it moves,
 * but neither is it a deletion. */
static bool
is_done_whole(const struct op *come, const struct leaving *from,
    const struct direction *d)
{
	return d->side == SIDE_HOME && (come->unit != 0 || from->op->unit != 0);
}

static void
pair(struct op *come, struct leaving *from, const struct direction *d)
{
	if (is_done_whole(come, from, d)) {
		from->op->renewed = true;
		from->op = NULL;
		return;
	}
	come->action = ACTION_RENAME;
	come->reason = (uint8_t)d->reason;
	come->from = from->entry;
	from->op->action = ACTION_NONE;
	from->op->reason = (uint8_t)d->reason;
	from->op->moved = 1;
	from->op = NULL;
}

int
plan_find_renames(struct plan *p, const struct plan_in *in, struct err *e)
{
	struct leaving *l, *from;
	size_t n;

	if (p->count == 0)
		return 0;
	if ((l = calloc(p->count, sizeof(*l))) == NULL)
		return err_sys(e, "renames");
	for (size_t k = 0; k < sizeof(directions) / sizeof(directions[0]);
	     k++) {
		const struct direction *d = &directions[k];

		if ((n = collect(l, p, in, d)) == 0)
			continue;
		for (size_t i = 0; i < p->count; i++) {
			struct op *op = &p->op[i];
			uint64_t inode;

			if (!is_arrival(op, d))
				continue;
			inode = d->side == SIDE_STORE
			    ? inode_of(&in->local->tree, in->local->stamp,
				  op->result)
			    : 0;
			from = best_fit(l, n, op->result, inode, d);
			if (from != NULL)
				pair(op, from, d);
		}
	}
	free(l);
	return 0;
}
