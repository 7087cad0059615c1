#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "prog/commands.h"
#include "prog/look.h"
#include "prog/past.h"
#include "prog/run.h"
#include "sync/choose.h"
#include "sync/extract.h"

/* What is asked for: paths of one generation. */
struct request {
	const struct options *o;
	const char *from; /* NULL: the head */
};

/* What generation gen, 0 the head, holds. */
static int
load(struct context *c, uint64_t gen, struct commit *commit,
    struct profile *profile, struct err *e)
{
	if (context_generation(c, gen, commit, profile, e) == 0)
		return 0;
	return gen == 0 ? -1 : past_explain(c, gen, e);
}

static int
add_operand(const struct request *q, const struct context *c,
    const struct tree *from, const char *arg, struct tree *want, struct err *e)
{
	char path[PATH_LEN_MAX + 1];

	(void)q;
	if (path_from_user(path, sizeof(path), c->setup->home, arg, e) == -1)
		return -1;
	return choose_path(want, from, path, e);
}

/* A choose of sync_run(): the operands' versions of that generation. */
static int
choose(struct context *c, struct wanted *out, void *arg, struct err *e)
{
	const struct request *q = arg;
	struct tree *want = &out->want;
	uint64_t gen = 0;
	struct commit commit = { 0 };
	struct profile profile = { 0 };
	int rc;

	if (q->from != NULL && past_generation(c, q->from, &gen, e) == -1)
		return -1;
	rc = load(c, gen, &commit, &profile, e);
	for (int i = 0; i < q->o->count && rc == 0; i++)
		rc =
		    add_operand(q, c, &profile.tree, q->o->operand[i], want, e);
	choose_end(want);
	out->from = commit.number;
	out->from_id = commit.id;
	commit_free(&commit);
	profile_free(&profile);
	return rc;
}

static int
extract_operand(struct look *l, const struct tree *from, const char *arg,
    const struct options *o, struct err *e)
{
	char path[PATH_LEN_MAX + 1];
	struct tree want = { 0 };
	size_t parents, len;
	int rc = -1;

	if (path_from_user(path, sizeof(path), l->setup.home, arg, e) == -1)
		return -1;
	len = strlen(path);
	if (choose_path(&want, from, path, e) == -1)
		goto out;
	for (parents = 0;
	     parents < want.count && want.entry[parents]->path_len < len;)
		parents++;
	memmove(want.entry, want.entry + parents,
	    (want.count - parents) * sizeof(want.entry[0]));
	want.count -= parents;
	if (o->dry_run) {
		printf("would put %zu entries of %s below %s\n", want.count,
		    arg, o->to);
		rc = 0;
	} else {
		rc = extract_tree(&l->c, &want, path, o->to, e);
	}
out:
	tree_free(&want);
	return rc;
}

/* With --to nothing of the home is touched. */
static int
restore_to(const struct options *o, const char *from, struct err *e)
{
	struct commit commit = { 0 };
	struct profile profile = { 0 };
	uint64_t gen = 0;
	struct look l;
	int rc = 0;

	if (look_open(&l, o, LOOK_STORE, e) == -1)
		return -1;
	if (from != NULL)
		rc = past_generation(&l.c, from, &gen, e);
	if (rc == 0)
		rc = load(&l.c, gen, &commit, &profile, e);
	for (int i = 0; i < o->count && rc == 0; i++)
		rc = extract_operand(&l, &profile.tree, o->operand[i], o, e);
	commit_free(&commit);
	profile_free(&profile);
	look_close(&l);
	return rc;
}

int
cmd_restore(const struct options *o, struct err *e)
{
	struct request q = { .o = o, .from = o->at != NULL ? o->at : o->from };
	const struct sync_how how = {
		.sides = SIDE_HOME,
		.dry_run = o->dry_run,
		.choose = choose,
		.choose_arg = &q,
	};

	if (o->from != NULL && o->at != NULL)
		return err_set(e, ERR_USAGE,
		    "--from and --at: give one of the two");
	if (q.from != NULL && !past_is_generation(q.from))
		return err_set(e, ERR_USAGE,
		    "%s: not a generation: a number as 'roam log' shows it, "
		    "head, or a time such as 'yesterday 14:00'",
		    q.from);
	if (o->to != NULL)
		return restore_to(o, q.from, e);
	return run_sync(o, how, e);
}
