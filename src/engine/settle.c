#include "engine/settle.h"
#include "base/path.h"
#include "engine/merge.h"

/* The deepest directories that what has been settled so far needs. */
struct needs {
	const char *both; /* a path that lives on both sides lies below this */
	size_t both_len;
	const char *store; /* something left alone in the store does */
	size_t store_len;
};

static bool
is_dir(const struct entry *t)
{
	return t != NULL && t->type == ENTRY_DIR;
}

/* Is path the directory need, or one above it? */
static bool
holds(const char *path, size_t len, const char *need, size_t need_len)
{
	return need != NULL && path_is_within(need, need_len, path, len);
}

/* What stays in the home below path: nothing, local things, or unknown ones. */
static enum why
stays_below(const struct home *h, const char *path, size_t len)
{
	size_t low = 0, high = h->opaque_count, mid;
	enum why found = WHY_NONE;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (path_order(h->opaque[mid].path, h->opaque[mid].path_len,
			path, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < h->opaque_count &&
	     path_is_within(h->opaque[low].path, h->opaque[low].path_len, path,
		 len);
	     low++) {
		if (h->opaque[low].why != WHY_RULE)
			return h->opaque[low].why;
		found = WHY_RULE;
	}
	return found;
}

/* Was op to remove something, even if in part or in vain? */
static bool
is_removal(const struct op *op)
{
	return op->action == ACTION_DELETE_LOCAL ||
	    op->action == ACTION_DELETE_STORE ||
	    op->reason == REASON_LEFT_LOCAL;
}

/*
 * All that was to be removed below op i lives: its directory won. That takes
 * in the directories that were to stay for what only one side holds in them,
 * since they hold more now.
 */
static void
revive_below(struct plan *p, size_t i)
{
	size_t len, below_len;
	const char *path = op_path(&p->op[i], &len), *below;

	for (i++; i < p->count; i++) {
		below = op_path(&p->op[i], &below_len);
		if (!path_is_within(below, below_len, path, len))
			return;
		if (!is_removal(&p->op[i]))
			continue;
		merge_revive(&p->op[i], REASON_HOLDS_MORE);
		p->op[i].left = 0;
		p->op[i].why = WHY_NONE;
	}
}

/* Something below op i lives, but op i wants no directory there. */
static void
keep_directory(struct plan *p, size_t i)
{
	struct op *op = &p->op[i];

	if (op->result == NULL) {
		merge_revive(op, REASON_HOLDS_MORE);
	} else {
		merge_directory_wins(op,
		    is_dir(op->local) ? op->local : op->remote);
		revive_below(p, i);
	}
}

/* A directory of the home is to go, or to become a file. */
static void
check_home(struct op *op, const struct home *home)
{
	size_t len;
	const char *path = op_path(op, &len);
	enum why stays = stays_below(home, path, len);

	if (stays == WHY_NONE)
		return;
	if (stays != WHY_RULE || op->result != NULL) {
		op_fail(op, WHY_BLOCKED);
		return;
	}
	op->action = ACTION_NONE;
	op->sides = 0;
	op->state = OP_DONE;
	op->reason = REASON_LEFT_LOCAL;
}

/* No directory stands at op's path afterwards, as things are. */
static void
settle_absence(struct plan *p, size_t i, const struct plan_in *in,
    const struct needs *n)
{
	struct op *op = &p->op[i];
	size_t len;
	const char *path = op_path(op, &len);

	if (holds(path, len, n->both, n->both_len) &&
	    (is_dir(op->local) || is_dir(op->remote))) {
		keep_directory(p, i);
	} else if (holds(path, len, n->store, n->store_len) &&
	    (op->sides & SIDE_STORE) != 0) {
		/* The store's directory has to stay. It is no news, or else
		 * would come with the next run. */
		if (op->result == NULL && op->base == NULL)
			merge_revive(op, REASON_HOLDS_MORE);
		else if (op->result == NULL)
			op->left = 1;
		else
			op_fail(op, WHY_BLOCKED);
	} else if (is_dir(op->local)) {
		check_home(op, in->local);
	}
}

static void
note_needs(const struct op *op, struct needs *n)
{
	size_t len;
	const char *path = op_path(op, &len);

	if (op->left) {
		n->store = path;
		n->store_len = path_parent_len(path, len);
	} else if (op->result != NULL && op->state != OP_FAILED) {
		n->both = path;
		n->both_len = path_parent_len(path, len);
	}
}

/* Nothing is to be done about what is left alone; base may forget it, and
 * people may have to hear of it. */
static void
drop_left(struct plan *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->count; i++) {
		struct op *op = &p->op[i];

		if (op->left && op->state == OP_PLANNED)
			continue;
		op->left = 0;
		p->op[kept++] = *op;
	}
	p->count = kept;
}

void
plan_settle(struct plan *p, const struct plan_in *in)
{
	struct needs n = { 0 };
	struct op *op;

	for (size_t i = p->count; i-- > 0;) {
		op = &p->op[i];
		if (!op->left && !is_dir(op->result))
			settle_absence(p, i, in, &n);
		else if (op->action == ACTION_CONFLICT && is_dir(op->result))
			revive_below(p, i);
		note_needs(op, &n);
	}
	drop_left(p);
}
