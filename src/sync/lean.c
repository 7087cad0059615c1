#include "sync/lean.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/step.h"
#include "sync/extents.h"
#include "sync/inspect.h"
#include "sync/mend.h"

#define LEFT  "left"
#define LEANS "leans"

/* Each costs two round trips. */
#define GENERATIONS_MAX 16

static int
load(struct context *c, struct left *l, const char *name, struct err *e)
{
	if (c->statefd == -1)
		return 0;
	return left_load(l, c->statefd, name, &c->arena, &c->machines, e);
}

int
lean_learn(struct context *c, const struct profile *next, struct err *e)
{
	const struct known head = {
		.profile = &c->state.head,
		.number = c->state.number,
		.id = c->state.id,
	};
	bool news;

	if (head.number == 0)
		return 0;
	if (load(c, &c->left, LEFT, e) == -1 ||
	    left_learn(&c->left, &head, next, &c->arena, &news, e) == -1)
		return -1;
	return news ? left_save(&c->left, c->statefd, LEFT, &c->arena, e) : 0;
}

int
lean_note(struct context *c, const struct tree *t, uint64_t from,
    const struct hash *id, struct err *e)
{
	size_t before;

	if (from == 0 || from == c->head.number)
		return 0;
	if (load(c, &c->left, LEFT, e) == -1)
		return -1;
	before = c->left.tree.count;
	for (size_t i = 0; i < t->count; i++)
		if (left_add(&c->left, t->entry[i], from, id, &c->arena, e) ==
		    -1)
			return -1;
	if (c->left.tree.count == before)
		return 0;
	if (left_end(&c->left, e) == -1)
		return -1;
	return left_save(&c->left, c->statefd, LEFT, &c->arena, e);
}

/* What is known of some generations. */
struct verdict {
	uint64_t number;
	struct hash id;
	bool stands;
};
struct verdicts {
	struct verdict at[GENERATIONS_MAX];
	size_t count;
};

/* Is the generation that t stands for an ancestor of the head, and not to be
 * collected? One too many is not asked for. */
static int
stands(struct context *c, struct verdicts *known, const struct entry *t,
    bool *yes, struct err *e)
{
	struct verdict v = { .stands = false };

	left_generation(t, &v.number, &v.id);
	for (size_t i = 0; i < known->count; i++)
		if (known->at[i].number == v.number &&
		    hash_same(&known->at[i].id, &v.id)) {
			*yes = known->at[i].stands;
			return 0;
		}
	*yes = false;
	if (known->count == GENERATIONS_MAX)
		return 0;
	if (repo_descends(c->repo, &c->head, v.number, &v.id, &v.stands, e) ==
	    -1)
		return -1;
	if (v.stands && repo_is_whole(c->repo, v.number, &v.stands, e) == -1)
		return -1;
	known->at[known->count++] = v;
	*yes = v.stands;
	return 0;
}

/* What is sent next may be cut from this version: its signature went with it.
 * Without one all of the next version is sent, no more. */
static void
keep_sig(const struct context *c, const struct entry *t)
{
	struct buf sig = { 0 };
	struct err e;
	int fd = -1;

	if (t->size >= LARGE_FILE &&
	    state_get_sig(c->statefd, &t->hash, &sig, &e) == -1 &&
	    (fd = root_at(&c->root, t->path, O_RDONLY, &e)) != -1 &&
	    inspect_file(fd, t, &sig, &e) == 0 && sig.len > 0 &&
	    state_put_sig(c->statefd, &t->hash, sig.bytes, sig.len, &e) == -1)
		log_line(LOG_LEVEL_DEBUG, "signature: %s", e.text);
	buf_free(&sig);
	if (fd != -1)
		close(fd);
}

static bool
is_sent(const struct op *op)
{
	return op->state == OP_PLANNED && (op->sides & SIDE_STORE) != 0 &&
	    op->result != NULL && op->result->type == ENTRY_FILE &&
	    op->result->size >= LEFT_MIN;
}

int
lean_find(struct context *c, const struct plan *p, struct index *stored,
    struct left *leans, struct err *e)
{
	struct verdicts known = { .count = 0 };
	const struct entry *t;
	bool yes;

	for (size_t i = 0; i < p->count && c->head.number > 0; i++) {
		if (!is_sent(&p->op[i]) ||
		    index_find(stored, p->op[i].result) != NULL)
			continue;
		if (load(c, &c->left, LEFT, e) == -1)
			return -1;
		t = index_find(&c->left.index, p->op[i].result);
		if (t == NULL)
			continue;
		if (stands(c, &known, t, &yes, e) == -1)
			return -1;
		if (!yes)
			continue;
		if (index_add(stored, t, e) == -1 ||
		    tree_add(&leans->tree, t, e) == -1)
			return -1;
		keep_sig(c, p->op[i].result);
	}
	return left_end(leans, e);
}

static int
drop(struct context *c, struct err *e)
{
	if (unlinkat(c->statefd, LEANS, 0) == -1) {
		if (errno == ENOENT)
			return 0;
		return err_sys(e, LEANS);
	}
	if (io_sync_dir(c->statefd, e) == -1)
		return -1;
	step("state: leans was dropped");
	return 0;
}

int
lean_intend(struct context *c, const struct left *leans, struct err *e)
{
	if (leans->tree.count == 0)
		return drop(c, e);
	return left_save(leans, c->statefd, LEANS, &c->arena, e);
}

/* Those of leans that lead nowhere, as the head's kin see it. */
static int
find_gone(struct context *c, const struct left *leans, struct left *gone,
    struct err *e)
{
	struct verdicts known = { .count = 0 };
	const struct tree *t = &leans->tree;
	bool yes;

	for (size_t i = 0; i < t->count; i++) {
		if (stands(c, &known, t->entry[i], &yes, e) == -1)
			return -1;
		if (!yes && tree_add(&gone->tree, t->entry[i], e) == -1)
			return -1;
	}
	return left_end(gone, e);
}

int
lean_check(struct context *c, bool *gone, struct err *e)
{
	struct left leans = { .loaded = false }, lost = { .loaded = false };
	int rc;

	*gone = false;
	rc = load(c, &leans, LEANS, e);
	if (rc == 0 && leans.tree.count > 0) {
		rc = find_gone(c, &leans, &lost, e);
		*gone = rc == 0 && lost.tree.count > 0;
		if (rc == 0 && !*gone)
			rc = drop(c, e);
	}
	left_free(&leans);
	left_free(&lost);
	return rc;
}

static int
unplace(struct context *c, const struct left *lost, struct err *e)
{
	const struct tree *t = &c->remote->tree;
	const struct entry *twin;

	for (size_t i = 0; i < t->count; i++) {
		twin = index_find(&lost->index, t->entry[i]);
		if (twin != NULL && entry_same_places(twin, t->entry[i]) &&
		    mend_unplace(c, i, e) == -1)
			return -1;
	}
	return 0;
}

int
lean_look(struct context *c, struct err *e)
{
	struct left leans = { .loaded = false }, lost = { .loaded = false };
	int rc;

	if (c->head.number == 0)
		return 0;
	rc = load(c, &leans, LEANS, e);
	if (rc == 0 && leans.tree.count > 0)
		rc = find_gone(c, &leans, &lost, e);
	if (rc == 0 && lost.tree.count > 0)
		rc = unplace(c, &lost, e);
	if (rc == 0 && leans.tree.count > 0 && c->lost == 0 && c->lockfd != -1)
		rc = drop(c, e);
	left_free(&leans);
	left_free(&lost);
	return rc;
}
