#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/step.h"
#include "local/apply_parts.h"
#include "local/stage.h"
#include "local/vouch.h"

static bool
is_dir(const struct entry *t)
{
	return t != NULL && t->type == ENTRY_DIR;
}

/* A database's log that is of no use to what the database is to be. Alone it
 * changes as any file does. */
static bool
is_old_log(const struct apply *a, size_t i)
{
	const struct plan *p = a->in->plan;
	const struct op *op = &p->op[i], *db;
	const struct unit *u;

	if (op->unit == 0 || a->done[i] != DONE_NOT || op->local == NULL ||
	    op->local->type != ENTRY_FILE ||
	    (op->result != NULL && entry_same_content(op->local, op->result)))
		return false;
	u = &p->unit[op->unit - 1];
	if (u->is_dir || op->local->path_len == u->len)
		return false;
	db = plan_find(p, u->path, u->len);
	return db != NULL && (db->sides & SIDE_HOME) != 0;
}

static enum task
task_of(const struct op *op)
{
	const struct entry *local = op->local, *result = op->result;

	if (op->state != OP_PLANNED || (op->sides & SIDE_HOME) == 0 ||
	    op->moved)
		return TASK_NONE;
	if (result == NULL)
		return local != NULL ? TASK_REMOVE : TASK_NONE;
	if (op->action == ACTION_RENAME)
		return TASK_RENAME;
	if (op->beside)
		return TASK_BESIDE;
	if (is_dir(result))
		return is_dir(local) ? TASK_ATTRS : TASK_DIR;
	if (is_dir(local))
		return TASK_TURN;
	if (local == NULL || !entry_same_content(local, result))
		return TASK_PUT;
	return TASK_ATTRS;
}

/* One row a task. What lies deeper is removed before what holds it. */
static const struct {
	int (*run)(struct apply *a, size_t i, struct err *e);
	bool from_bottom;
} tasks[] = {
	[TASK_NONE] = { NULL, false },
	[TASK_DIR] = { apply_put, false },
	[TASK_LOG] = { apply_remove, false },
	[TASK_RENAME] = { apply_rename, false },
	[TASK_PUT] = { apply_put, false },
	[TASK_BESIDE] = { apply_beside, false },
	[TASK_ATTRS] = { apply_attrs, false },
	[TASK_REMOVE] = { apply_remove, true },
	[TASK_TURN] = { apply_put, false },
};
_Static_assert(sizeof(tasks) / sizeof(tasks[0]) == TASK__COUNT,
    "every task has a row");

/* Failures that are not the op's own: the next would fail as well. */
static bool
ends_the_run(const struct err *e)
{
	return e->kind == ERR_SYSTEM &&
	    (e->sys == ENOMEM || e->sys == EMFILE || e->sys == ENFILE);
}

/* The rest of a database waits: what is done of it is whole without. */
static void
fail_database(struct apply *a, uint32_t unit)
{
	struct plan *p = a->in->plan;

	if (unit == 0 || p->unit[unit - 1].is_dir)
		return;
	for (size_t i = 0; i < p->count; i++)
		if (p->op[i].unit == unit && p->op[i].state == OP_PLANNED &&
		    a->done[i] != DONE_ALL && a->done[i] != DONE_UNIT)
			op_fail(&p->op[i], WHY_UNIT);
}

static int
run_op(struct apply *a, enum task task, size_t i, struct err *e)
{
	struct op *op = &a->in->plan->op[i];

	if (tasks[task].run(a, i, e) == 0) {
		a->done[i] = task == TASK_LOG && op->result != NULL ? DONE_OUT
								    : DONE_ALL;
		return 0;
	}
	if (ends_the_run(e))
		return -1;
	op_fail(op, why_of(e));
	fail_database(a, op->unit);
	return 0;
}

static bool
is_due(const struct apply *a, size_t i, enum task task)
{
	enum task own = task_of(&a->in->plan->op[i]);

	if (task == TASK_LOG)
		return own != TASK_NONE && is_old_log(a, i);
	return own == task && a->done[i] != DONE_ALL && a->done[i] != DONE_UNIT;
}

/* All of a unit or nothing: what a program has its hands on waits. */
/* The directories above it that are new: it comes before all else. */
static int
make_way(struct apply *a, const struct unit *u, struct err *e)
{
	const struct op *op;
	size_t i;

	for (size_t len = 1; len < u->len; len++) {
		if (u->path[len] != '/' ||
		    (op = plan_find(a->in->plan, u->path, len)) == NULL)
			continue;
		i = (size_t)(op - a->in->plan->op);
		if (is_due(a, i, TASK_DIR) && run_op(a, TASK_DIR, i, e) == -1)
			return -1;
	}
	return 0;
}

static int
do_unit(struct apply *a, uint32_t unit, struct err *e)
{
	bool whole;

	if (apply_check_unit(a, unit, e) == -1 ||
	    make_way(a, &a->in->plan->unit[unit - 1], e) == -1)
		return -1;
	return a->in->plan->unit[unit - 1].is_dir
	    ? apply_unit(a, unit, &whole, e)
	    : apply_database(a, unit, &whole, e);
}

static int
do_units(struct apply *a, struct err *e)
{
	struct plan *p = a->in->plan;

	for (uint32_t u = 1; u <= p->unit_count; u++) {
		if (do_unit(a, u, e) == 0)
			continue;
		if (ends_the_run(e))
			return -1;
		plan_fail_unit(p, u, why_of(e));
	}
	return 0;
}

static int
run_task(struct apply *a, enum task task, uint64_t *count, uint64_t of,
    struct err *e)
{
	const struct plan *p = a->in->plan;
	size_t i;

	for (size_t n = 0; n < p->count; n++) {
		i = tasks[task].from_bottom ? p->count - 1 - n : n;
		if (!is_due(a, i, task))
			continue;
		if (run_op(a, task, i, e) == -1)
			return -1;
		++*count;
		if (a->in->progress != NULL)
			a->in->progress(*count, of, a->in->arg);
	}
	return 0;
}

/* From the bottom: giving a directory its mode may close it to us. */
static int
finish_dirs(struct apply *a, struct err *e)
{
	struct op *op;

	for (size_t i = a->in->plan->count; i > 0; i--) {
		op = &a->in->plan->op[i - 1];
		if (a->done[i - 1] != DONE_ALL || !is_dir(op->result) ||
		    op->state != OP_PLANNED)
			continue;
		if (apply_finish_dir(a, i - 1, e) == 0)
			continue;
		if (ends_the_run(e))
			return -1;
		op_fail(op, why_of(e));
	}
	return 0;
}

static void
settle_states(struct apply *a)
{
	struct op *op;

	for (size_t i = 0; i < a->in->plan->count; i++) {
		op = &a->in->plan->op[i];
		if ((a->done[i] == DONE_ALL || a->done[i] == DONE_UNIT) &&
		    op->state == OP_PLANNED && (op->sides & SIDE_STORE) == 0)
			op->state = OP_DONE;
	}
}

static int
run_all(struct apply *a, uint64_t of, struct err *e)
{
	uint64_t count = 0;
	int rc = 0;

	if (stage_plan_names(a->in->stagefd, a->in->plan, e) == -1 ||
	    links_open(&a->links, a->in->plan, a->in->local, e) == -1)
		return -1;
	rc = do_units(a, e);
	for (enum task t = TASK_DIR; t < TASK__COUNT && rc == 0; t++)
		rc = run_task(a, t, &count, of, e);
	if (rc == 0)
		rc = finish_dirs(a, e);
	root_forget(a->in->root);
	settle_states(a);
	apply_check_stamps(a);
	return rc;
}

int
apply_plan(const struct apply_in *in, struct stamp *stamps, struct err *e)
{
	struct apply a = { .in = in, .stamps = stamps };
	uint64_t of = 0;
	int rc = -1;

	memset(stamps, 0, in->plan->count * sizeof(*stamps));
	for (size_t i = 0; i < in->plan->count; i++)
		of += task_of(&in->plan->op[i]) != TASK_NONE;
	if (of == 0)
		return 0;
	if ((a.done = calloc(in->plan->count, 1)) == NULL)
		return err_sys(e, "apply");
	rc = run_all(&a, of, e);
	if (a.changed && rc == 0) {
		rc = stage_sync(in->stagefd, e);
		step("apply: all on disk");
	}
	links_close(&a.links);
	free(a.done);
	return rc;
}
