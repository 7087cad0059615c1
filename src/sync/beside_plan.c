#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "local/shelf.h"
#include "sync/beside.h"
#include "sync/list.h"

/* What loses in a plan comes beside what wins by the same plan: so a dry run
 * tells of it, and the run that finds a conflict settles it. */

static bool
is_known(const struct plan_in *in, const char *path)
{
	size_t len = strlen(path);

	return tree_find(&in->local->tree, path, len) != NULL ||
	    tree_find(in->remote, path, len) != NULL ||
	    tree_find(in->base, path, len) != NULL;
}

/* The loser of op under another name. */
static int
add(struct plan *all, const struct op *op, const char *path, unsigned sides,
    struct arena *a, struct err *e)
{
	struct extra *extra;
	struct entry *copy = entry_copy_extra(a, op->loser, &extra, e);
	const struct op more = {
		.result = copy,
		.from = op->loser,
		.beside = true,
		.action = op->loser_is_local ? ACTION_UPLOAD : ACTION_DOWNLOAD,
		.sides = (uint8_t)sides,
		.state = OP_PLANNED,
		.reason = REASON_BESIDE,
	};

	if (copy == NULL)
		return -1;
	copy->path_len = (uint16_t)strlen(path);
	copy->path = arena_copy(a, path, copy->path_len, e);
	extra->group = 0;
	return copy->path != NULL ? plan_add(all, &more, e) : -1;
}

/* An earlier run has put that very version there. */
static bool
is_there(const struct plan_in *in, const char *path, const struct entry *loser)
{
	const struct entry *t = tree_find(&in->local->tree, path, strlen(path));

	return t != NULL && t->type == ENTRY_FILE &&
	    entry_same_content(t, loser);
}

/* Where the copy is to go: 1; it is there already: 0; -1: nowhere. */
static int
choose_name(char *out, size_t cap, const struct plan_in *in,
    const struct conflict *lost)
{
	for (int twin = 0; twin < 2; twin++) {
		if (!beside_name(out, cap, lost, twin != 0) ||
		    !rules_roams(in->rules, out, strlen(out), false))
			return -1;
		if (is_there(in, out, lost->loser))
			return 0;
		if (!is_known(in, out))
			return 1;
	}
	return -1;
}

static bool
is_for(const struct op *op, const struct rules *rules)
{
	return op->state == OP_PLANNED && op->action == ACTION_CONFLICT &&
	    op->loser != NULL && beside_is_due(rules, op->loser);
}

static int
by_path(const void *a, const void *b)
{
	size_t a_len, b_len;
	const char *x = op_path(a, &a_len), *y = op_path(b, &b_len);

	return path_order(x, a_len, y, b_len);
}

static int
add_for(struct plan *p, size_t i, const struct plan_in *in, unsigned sides,
    struct err *e)
{
	const struct op op = p->op[i];
	const struct conflict lost = {
		.loser = op.loser,
		.machine = op.loser_is_local ? in->self : op.loser->machine,
	};
	char name[PATH_LEN_MAX + 1];

	switch (choose_name(name, sizeof(name), in, &lost)) {
	case 0:
		p->op[i].loser = NULL;
		return 0;
	case 1:
		return add(p, &op, name, sides, in->arena, e);
	default:
		return 0;
	}
}

int
beside_plan(struct plan *p, const struct plan_in *in, unsigned sides,
    struct err *e)
{
	size_t count = p->count;

	if ((sides & SIDE_HOME) == 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (is_for(&p->op[i], in->rules) &&
		    add_for(p, i, in, sides, e) == -1)
			return -1;
	if (p->count > count)
		qsort(p->op, p->count, sizeof(*p->op), by_path);
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
