#include <stdlib.h>
#include <string.h>

#include "prog/changes.h"
#include "prog/commands.h"
#include "prog/past.h"
#include "prog/run.h"
#include "sync/choose.h"

/* Add one change of a generation the other way round: what it changed or
 * removed is wanted again as before, what it brought is to go. */
static int
undo_one(const struct change *at, const struct tree *before, struct wanted *out,
    struct err *e)
{
	const struct entry *t = at->entry, *old;

	if (at->kind == CHANGE_ADDED)
		return tree_add(&out->gone, t, e);
	if ((old = tree_find(before, t->path, t->path_len)) == NULL)
		return 0;
	if (choose_parents(&out->want, before, old->path, e) == -1)
		return -1;
	return tree_add(&out->want, old, e);
}

static int
undo_all(const struct profile *before, const struct profile *after,
    struct wanted *out, struct err *e)
{
	const struct home to = { .tree = after->tree };
	struct changes changes = { 0 };
	int rc = 0;

	if (changes_find(&changes, &before->tree, &to, e) == -1)
		return -1;
	for (size_t i = 0; i < changes.count && rc == 0; i++)
		rc = undo_one(&changes.at[i], &before->tree, out, e);
	choose_end(&out->want);
	choose_end(&out->gone);
	changes_free(&changes);
	return rc;
}

/* A choose of sync_run(). */
static int
choose(struct context *c, struct wanted *out, void *arg, struct err *e)
{
	const char *text = arg;
	struct profile after = { 0 }, before = { 0 };
	struct commit commit = { 0 }, parent = { 0 };
	uint64_t gen = 0;
	int rc = -1;

	if (text != NULL && past_generation(c, text, &gen, e) == -1)
		return -1;
	if (context_generation(c, gen, &commit, &after, e) == -1)
		return gen == 0 ? -1 : past_explain(c, gen, e);
	if (commit.parent == 0)
		err_set(e, ERR_GONE,
		    "generation %llu: is the first, there is nothing before it",
		    (unsigned long long)commit.number);
	else if (context_generation(c, commit.parent, &parent, &before, e) == 0)
		rc = undo_all(&before, &after, out, e);
	else
		err_wrap(e, "what was before generation %llu",
		    (unsigned long long)commit.number);
	out->from = parent.number;
	out->from_id = parent.id;
	profile_free(&after);
	profile_free(&before);
	commit_free(&commit);
	commit_free(&parent);
	return rc;
}

int
cmd_undo(const struct options *o, struct err *e)
{
	char *text = o->count > 0 ? o->operand[0] : NULL;
	const struct sync_how how = {
		.sides = SIDE_HOME,
		.dry_run = o->dry_run,
		.choose = choose,
		.choose_arg = text,
	};

	if (text != NULL && !past_is_generation(text))
		return err_set(e, ERR_USAGE,
		    "%s: not a generation: a number as 'roam log' shows it",
		    text);
	return run_sync(o, how, e);
}
