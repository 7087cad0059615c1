#include <string.h>

#include "base/path.h"
#include "engine/plan.h"

/* Does the op's outcome count for this tree? */
typedef bool applies(const struct op *op);

static bool
to_store(const struct op *op)
{
	return op->state == OP_DONE && (op->sides & SIDE_STORE) != 0;
}

static bool
to_home(const struct op *op)
{
	return op->state == OP_DONE && (op->sides & SIDE_HOME) != 0;
}

/* A file that one side has by now and the other has not heard of is new. */
static bool
to_base(const struct op *op)
{
	return op->state == OP_DONE &&
	    (!op->beside || op->sides == (SIDE_HOME | SIDE_STORE));
}

static int
order(const struct op *op, const struct entry *t)
{
	size_t len;
	const char *path = op_path(op, &len);

	return path_order(path, len, t->path, t->path_len);
}

/* old with the outcome of all ops that apply: one pass over both. */
static int
outcome(struct tree *out, const struct plan *p, const struct tree *old,
    applies *counts, struct err *e)
{
	struct tree t = { 0 };
	const struct entry *next;
	size_t i = 0;
	int d;

	for (size_t k = 0; k < p->count || i < old->count;) {
		d = k == p->count     ? 1
		    : i == old->count ? -1
				      : order(&p->op[k], old->entry[i]);
		next = d >= 0 ? old->entry[i] : NULL;
		if (d <= 0 && counts(&p->op[k]))
			next = p->op[k].result;
		if (next != NULL && tree_add(&t, next, e) == -1) {
			tree_free(&t);
			return -1;
		}
		k += d <= 0;
		i += d >= 0;
	}
	*out = t;
	return 0;
}

int
plan_new_store(struct tree *out, const struct plan *p,
    const struct tree *remote, struct err *e)
{
	return outcome(out, p, remote, to_store, e);
}

int
plan_new_local(struct tree *out, const struct plan *p, const struct tree *local,
    struct err *e)
{
	return outcome(out, p, local, to_home, e);
}

/* The last entries added, from the top: those that path can lie below. */
struct branch {
	const struct entry *dir[PATH_LEN_MAX / 2];
	size_t depth;
};

static bool
is_dir(const struct entry *t)
{
	return t != NULL && t->type == ENTRY_DIR;
}

/*
 * The directory that path is on both sides by now, though base has none. Where
 * the attributes have to wait, the side that is to change serves as base: so
 * the other one's stay the news that they are. NULL: path is no directory.
 */
static const struct entry *
agreed_dir(const struct plan *p, const char *path, size_t len)
{
	const struct op *op = plan_find(p, path, len);
	const struct entry *t = NULL;

	if (op == NULL)
		return NULL;
	if (op->reason == REASON_LEFT_LOCAL) /* while it holds more than that */
		t = op->base;
	else if (op->state != OP_DONE)
		t = (op->sides & SIDE_STORE) != 0 ? op->remote : op->local;
	return is_dir(t) ? t : NULL;
}

/* Append dir, or put it in the place of what base had under its name. */
static int
add_dir(struct tree *t, const struct entry *dir, struct err *e)
{
	const struct entry *last = t->count > 0 ? t->entry[t->count - 1] : NULL;

	if (last == NULL ||
	    path_order(last->path, last->path_len, dir->path, dir->path_len) !=
		0)
		return tree_add(t, dir, e);
	t->entry[t->count - 1] = dir;
	return 0;
}

/*
 * Add the directories above of that t lacks. 0: one of them is no directory any
 * more, and what lay below it is nothing to agree on.
 */
static int
add_parents(struct tree *t, struct branch *b, const struct plan *p,
    const struct entry *of, struct err *e)
{
	const struct entry *top;
	size_t len;

	while (b->depth > 0) {
		top = b->dir[b->depth - 1];
		if (path_is_within(of->path, of->path_len, top->path,
			top->path_len))
			break;
		b->depth--;
	}
	len = b->depth > 0 ? b->dir[b->depth - 1]->path_len + 1u : 0;
	for (; len < of->path_len; len++) {
		if (of->path[len] != '/')
			continue;
		if ((top = agreed_dir(p, of->path, len)) == NULL)
			return 0;
		if (add_dir(t, top, e) == -1)
			return -1;
		b->dir[b->depth++] = top;
	}
	return 1;
}

int
plan_new_base(struct tree *out, const struct plan *p, const struct tree *base,
    struct err *e)
{
	struct tree plain = { 0 }, t = { 0 };
	struct branch b = { .depth = 0 };
	int rc = -1, held;

	if (outcome(&plain, p, base, to_base, e) == -1)
		return -1;
	for (size_t i = 0; i < plain.count; i++) {
		const struct entry *at = plain.entry[i];

		if ((held = add_parents(&t, &b, p, at, e)) == 0)
			continue;
		if (held == -1 || tree_add(&t, at, e) == -1)
			goto out;
		if (at->type == ENTRY_DIR)
			b.dir[b.depth++] = at;
	}
	*out = t;
	t = (struct tree){ 0 };
	rc = 0;
out:
	tree_free(&plain);
	tree_free(&t);
	return rc;
}
