#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "local/shelf.h"
#include "sync/beside.h"
#include "sync/list.h"

/* What loses in a plan, and what the list has from before, comes beside what won
 * by the same plan: so a dry run tells of it. */

/* Does anything have that name, or get it by p? */
static bool
is_known(const struct plan *p, const struct plan_in *in, const char *path)
{
	size_t len = strlen(path);

	if (tree_find(&in->local->tree, path, len) != NULL ||
	    tree_find(in->remote, path, len) != NULL ||
	    tree_find(in->base, path, len) != NULL)
		return true;
	for (size_t i = 0; i < p->count; i++)
		if (p->op[i].beside && strcmp(p->op[i].result->path, path) == 0)
			return true;
	return false;
}

/* What op says of a version that lost, its from, under another name. */
static int
add(struct plan *p, struct op op, const char *path, struct arena *a,
    struct err *e)
{
	struct extra *extra;
	struct entry *copy = entry_copy_extra(a, op.from, &extra, e);

	if (copy == NULL)
		return -1;
	copy->path_len = (uint16_t)strlen(path);
	copy->path = arena_copy(a, path, copy->path_len, e);
	extra->group = 0;
	op.result = copy;
	op.beside = true;
	op.state = OP_PLANNED;
	op.reason = REASON_BESIDE;
	return copy->path != NULL ? plan_add(p, &op, e) : -1;
}

/* An earlier run has put that very version there. */
static bool
is_there(const struct plan_in *in, const char *path, const struct entry *loser)
{
	const struct entry *t = tree_find(&in->local->tree, path, strlen(path));

	return t != NULL && t->type == ENTRY_FILE &&
	    entry_same_content(t, loser);
}

static bool
has_parent(const struct plan_in *in, const struct entry *t)
{
	size_t len = path_parent_len(t->path, t->path_len);
	const struct entry *dir = tree_find(&in->local->tree, t->path, len);

	return len == 0 || (dir != NULL && dir->type == ENTRY_DIR);
}

enum spot { SPOT_NONE, SPOT_FREE, SPOT_OURS };

/* Where the copy is to go, or is already. */
static enum spot
choose_name(char *out, size_t cap, const struct plan *p,
    const struct plan_in *in, const struct conflict *lost)
{
	if (!has_parent(in, lost->loser))
		return SPOT_NONE;
	for (int twin = 0; twin < 2; twin++) {
		if (!beside_name(out, cap, lost, twin != 0) ||
		    !rules_roams(in->rules, out, strlen(out), false))
			return SPOT_NONE;
		if (is_there(in, out, lost->loser))
			return SPOT_OURS;
		if (!is_known(p, in, out))
			return SPOT_FREE;
	}
	return SPOT_NONE;
}

static bool
is_for(const struct op *op, const struct rules *rules)
{
	return op->state == OP_PLANNED && op->action == ACTION_CONFLICT &&
	    op->loser != NULL && beside_is_due(rules, op->loser);
}

/* The conflict that p has in op i. */
static int
add_new(struct plan *p, size_t i, const struct plan_in *in, unsigned sides,
    struct err *e)
{
	const struct op op = p->op[i];
	const struct conflict lost = {
		.loser = op.loser,
		.machine = op.loser_is_local ? in->self : op.loser->machine,
	};
	char name[PATH_LEN_MAX + 1];
	enum spot spot = choose_name(name, sizeof(name), p, in, &lost);

	if (spot == SPOT_OURS)
		p->op[i].loser = NULL;
	if (spot != SPOT_FREE)
		return 0;
	return add(p,
	    (struct op){
		.from = op.loser,
		.action = op.loser_is_local ? ACTION_UPLOAD : ACTION_DOWNLOAD,
		.sides = (uint8_t)sides,
	    },
	    name, in->arena, e);
}

/* One of the list. What p has found once more is dealt with. */
static int
add_old(struct plan *p, const struct conflict *lost, const struct plan_in *in,
    unsigned sides, struct err *e)
{
	const struct op *of =
	    plan_find(p, lost->loser->path, lost->loser->path_len);
	char name[PATH_LEN_MAX + 1];

	if (of != NULL && of->loser != NULL && shelf_id(of->loser) == lost->id)
		return 0;
	if (!beside_is_due(in->rules, lost->loser) ||
	    choose_name(name, sizeof(name), p, in, lost) != SPOT_FREE)
		return 0;
	return add(p,
	    (struct op){
		.from = lost->loser,
		.action = entry_has_place(lost->loser) ? ACTION_DOWNLOAD
						       : ACTION_UPLOAD,
		.sides = (uint8_t)sides,
	    },
	    name, in->arena, e);
}

static int
by_path(const void *a, const void *b)
{
	size_t a_len, b_len;
	const char *x = op_path(a, &a_len), *y = op_path(b, &b_len);

	return path_order(x, a_len, y, b_len);
}

int
beside_plan(struct plan *p, const struct plan_in *in,
    const struct profile *list, unsigned sides, struct err *e)
{
	size_t count = p->count;
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		if (is_for(&p->op[i], in->rules))
			rc = add_new(p, i, in, sides, e);
	if (p->count > count)
		qsort(p->op, p->count, sizeof(*p->op), by_path);
	for (size_t i = 0; i < list->conflict_count && rc == 0; i++) {
		count = p->count;
		rc = add_old(p, &list->conflict[i], in, sides, e);
		if (p->count > count)
			qsort(p->op, p->count, sizeof(*p->op), by_path);
	}
	return rc;
}

int
beside_drop_known(struct context *c, const struct plan_in *in,
    const struct profile *list, struct err *e)
{
	const struct plan none = { .count = 0 };
	char name[PATH_LEN_MAX + 1];

	for (size_t i = 0; i < list->conflict_count; i++) {
		const struct conflict *lost = &list->conflict[i];

		if (beside_is_due(in->rules, lost->loser) &&
		    choose_name(name, sizeof(name), &none, in, lost) ==
			SPOT_OURS &&
		    list_drop(c, lost->id, e) == -1)
			return -1;
	}
	return 0;
}

int
beside_done(struct context *c, struct plan *p, struct err *e)
{
	struct op *op, *of;

	for (size_t i = 0; i < p->count; i++) {
		op = &p->op[i];
		if (!op->beside ||
		    (op->state != OP_PLANNED && op->state != OP_DONE))
			continue;
		if (list_drop(c, shelf_id(op->from), e) == -1)
			return -1;
		of = plan_find(p, op->from->path, op->from->path_len);
		if (of != NULL)
			of->loser = NULL;
	}
	return 0;
}
