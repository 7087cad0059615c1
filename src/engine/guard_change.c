#include <string.h>

#include "base/path.h"
#include "engine/plan.h"
#include "engine/units.h"

/*
 * The mark that malware leaves which encrypts a home: nearly all files have
 * other contents at once, under their own names or under new ones that differ
 * in what follows a dot. A rename keeps the contents, so it never counts.
 */
static const struct side {
	enum action write, remove;
} sides[] = {
	{ ACTION_UPLOAD, ACTION_DELETE_STORE },
	{ ACTION_DOWNLOAD, ACTION_DELETE_LOCAL },
};
#define N_SIDES (sizeof(sides) / sizeof(sides[0]))

static bool
is_file(const struct entry *t)
{
	return t != NULL && t->type == ENTRY_FILE;
}

/* Is a file that both sides agreed on to hold something else? */
static bool
is_rewrite(const struct op *op, const struct side *s)
{
	return op->state == OP_PLANNED && op->action == s->write &&
	    is_file(op->base) && is_file(op->result) &&
	    !entry_same_content(op->base, op->result);
}

static bool
is_new_file(const struct op *op, const struct side *s)
{
	return op->state == OP_PLANNED && op->action == s->write &&
	    op->base == NULL && is_file(op->result);
}

static bool
is_gone_file(const struct op *op, const struct side *s)
{
	return op->state == OP_PLANNED && op->action == s->remove &&
	    is_file(op->base);
}

/* Length of path up to the last dot within its name; 0 where there is none, or
 * nothing before it. */
static size_t
stem_len(const char *path, size_t len)
{
	size_t name = path_parent_len(path, len), i;

	if (name > 0)
		name++;
	for (i = len; i > name + 1 && path[i - 1] != '.';)
		i--;
	return i > name + 1 ? i - 1 : 0;
}

/* Index of the first op whose path is not before this one. */
static size_t
lower(const struct plan *p, const char *path, size_t len)
{
	size_t low = 0, high = p->count, mid, at_len;
	const char *at;

	while (low < high) {
		mid = low + (high - low) / 2;
		at = op_path(&p->op[mid], &at_len);
		if (path_order(at, at_len, path, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The file that goes while op brings one of its name, but for what follows a
 * dot: "a.odt" for "a.odt.locked" or "a.locked". */
static struct op *
replaced_by(struct plan *p, const struct op *op, const struct side *s)
{
	const char *path, *at;
	size_t len, stem, at_len;

	path = op_path(op, &len);
	if ((stem = stem_len(path, len)) == 0)
		return NULL;
	for (size_t i = lower(p, path, stem); i < p->count; i++) {
		at = op_path(&p->op[i], &at_len);
		if (at_len < stem || memcmp(at, path, stem) != 0)
			return NULL;
		if (is_gone_file(&p->op[i], s) &&
		    (at_len == stem || stem_len(at, at_len) == stem))
			return &p->op[i];
	}
	return NULL;
}

/* How many files are rewritten on one side; with hold they wait. */
static size_t
rewrites(struct plan *p, const struct side *s, bool hold)
{
	struct op *gone;
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++) {
		struct op *op = &p->op[i];

		gone = NULL;
		if (is_new_file(op, s))
			gone = replaced_by(p, op, s);
		if (gone == NULL && !is_rewrite(op, s))
			continue;
		n++;
		if (gone != NULL)
			gone->renewed = true;
		if (!hold)
			continue;
		op->state = OP_SUSPECT;
		if (gone != NULL)
			gone->state = OP_SUSPECT;
	}
	return n;
}

size_t
plan_guard_changes(struct plan *p, const struct plan_in *in,
    const struct guard *g)
{
	size_t files = 0, held = 0, n;

	for (size_t i = 0; i < in->base->count; i++)
		files += is_file(in->base->entry[i]);
	for (size_t i = 0; i < N_SIDES; i++) {
		n = rewrites(p, &sides[i], false);
		if (g != NULL && n > g->count && n * 100 > files * g->percent)
			held += rewrites(p, &sides[i], true);
	}
	if (held > 0)
		plan_hold_units(p);
	return held;
}
