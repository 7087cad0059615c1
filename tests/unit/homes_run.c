#include "homes.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/path.h"
#include "local/apply.h"
#include "local/stage.h"

/* Split off what stands behind the last mark in word; NULL if it is not there.
 */
static const char *
split(char *word, char mark)
{
	char *at = strrchr(word, mark);

	if (at == NULL)
		return NULL;
	*at = '\0';
	return at + 1;
}

static const struct entry *
entry_of(struct homes *h, char *word)
{
	struct entry *t;
	struct extra *x;
	struct err e;
	const char *time = split(word, '@'), *group = split(word, '&');
	const char *mode = split(word, '%'), *text;
	size_t len = strlen(word);

	t = arena_alloc(&h->arena, sizeof(*t), &e);
	x = arena_alloc(&h->arena, sizeof(*x), &e);
	*t = (struct entry){ .type = ENTRY_FILE, .mode = 0644, .extra = x };
	*x = (struct extra){ .group = group != NULL ? strtoull(group, NULL, 10)
						    : 0 };
	t->mtime_ns = time != NULL ? strtoll(time, NULL, 10) * 1000000000
				   : clock_now_ns() + 3600000000000;
	if ((text = split(word, '=')) != NULL) {
		t->size = strlen(text);
		t->hash = hash_of(text, t->size);
	} else if ((text = split(word, '>')) != NULL) {
		t->type = ENTRY_LINK;
		t->mode = 0777;
		x->target = arena_copy(&h->arena, text, strlen(text), &e);
		t->size = strlen(text);
		t->hash = hash_of(text, t->size);
	} else {
		cr_assert_eq(word[len - 1], '/', "%s", word);
		word[len - 1] = '\0';
		t->type = ENTRY_DIR;
		t->mode = 0755;
	}
	if (mode != NULL)
		t->mode = (uint16_t)strtoul(mode, NULL, 8);
	t->path_len = (uint16_t)strlen(word);
	t->path = arena_copy(&h->arena, word, t->path_len, &e);
	return t;
}

static void
cut(struct tree *t, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++)
		if (!path_is_within(t->entry[i]->path, t->entry[i]->path_len,
			path, strlen(path)))
			t->entry[kept++] = t->entry[i];
	t->count = kept;
}

static void
put_entry(struct tree *t, const struct entry *entry)
{
	size_t i = tree_lower(t, entry->path, entry->path_len);
	struct err e;

	if (i < t->count && strcmp(t->entry[i]->path, entry->path) == 0) {
		t->entry[i] = entry;
		return;
	}
	cr_assert_eq(tree_add(t, entry, &e), 0);
	tree_sort(t);
}

struct tree
homes_edit(struct homes *h, const struct tree *tree, const char *words)
{
	char *copy = strdup(words), *save = NULL;
	struct tree t = { 0 };
	struct err e;

	for (size_t i = 0; i < tree->count; i++)
		cr_assert_eq(tree_add(&t, tree->entry[i], &e), 0);
	for (char *w = strtok_r(copy, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		if (w[0] == '-')
			cut(&t, w + 1);
		else
			put_entry(&t, entry_of(h, w));
	free(copy);
	cr_assert_eq(tree_check(&t, &e), 0, "%s", e.text);
	return t;
}

/* The text of a result is in the words; the entry has only its hash. */
static void
stage_text(struct run *r, const struct op *op, const char *words)
{
	char *copy = strdup(words), *save = NULL, name[STAGE_NAME_MAX];
	const char *text = NULL;
	struct hash hash;
	struct err e = { 0 };
	int fd;

	for (char *w = strtok_r(copy, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save)) {
		(void)split(w, '@');
		(void)split(w, '&');
		(void)split(w, '%');
		text = split(w, '=');
		if (text == NULL)
			continue;
		hash = hash_of(text, strlen(text));
		if (hash_same(&hash, &op->result->hash))
			break;
		text = NULL;
	}
	cr_assert_not_null(text, "no text for %s", op->result->path);
	stage_name(name, &op->result->hash, (size_t)(op - r->plan.op));
	fd = stage_create(r->stagefd, name, strlen(text), &e);
	cr_assert_neq(fd, -1, "%s", e.text);
	cr_assert_eq(io_write(fd, text, strlen(text), &e), 0);
	close(fd);
	free(copy);
}

void
run_plan(struct homes *h, struct run *r, const struct tree *base,
    const char *words)
{
	struct plan_in in = { .self = h->self, .arena = &h->arena };
	struct err e = { 0 };

	*r = (struct run){ 0 };
	r->local = homes_scan(h, NULL, NULL);
	cr_assert_eq(tree_copy(&r->base, base != NULL ? base : &r->local.tree,
			 &e),
	    0);
	cut(&r->base, ".local");
	r->remote = homes_edit(h, &r->base, words);
	in.base = &r->base;
	in.local = &r->local;
	in.remote = &r->remote;
	in.rules = h->rules;
	cr_assert_eq(plan_make(&r->plan, &in, &e), 0, "%s", e.text);
	r->stamps = calloc(r->plan.count + 1, sizeof(*r->stamps));
	r->stagefd = stage_open(h->statefd, &e);
	cr_assert_neq(r->stagefd, -1, "%s", e.text);
	for (size_t i = 0; i < r->plan.count; i++)
		if (op_needs_content(&r->plan.op[i]))
			stage_text(r, &r->plan.op[i], words);
}

void
run_apply(struct homes *h, struct run *r)
{
	struct apply_in in = {
		.root = &h->root,
		.statefd = h->statefd,
		.stagefd = r->stagefd,
		.plan = &r->plan,
		.local = &r->local,
		.self = h->self,
		.now_ns = 1000,
		.progress = r->progress,
		.arg = r->arg,
	};
	struct err e = { 0 };

	cr_assert_eq(apply_plan(&in, r->stamps, &e), 0, "%s", e.text);
}

void
run_free(struct run *r)
{
	home_free(&r->local);
	tree_free(&r->base);
	tree_free(&r->remote);
	plan_free(&r->plan);
	free(r->stamps);
	close(r->stagefd);
}

struct op *
run_op(const struct run *r, const char *path)
{
	for (size_t i = 0; i < r->plan.count; i++)
		if (strcmp(op_path(&r->plan.op[i], NULL), path) == 0)
			return &r->plan.op[i];
	cr_assert_fail("no op for %s", path);
	return NULL;
}

void
run_all(struct homes *h, const char *words)
{
	struct run r;

	run_plan(h, &r, NULL, words);
	run_apply(h, &r);
	run_free(&r);
}

void
run_check(struct homes *h, struct run *r, const char *why)
{
	struct scan_sums sums;
	struct home known, now;
	const struct entry *want, *is;
	struct err e = { 0 };
	const struct apply_in in = { .root = &h->root,
		.plan = &r->plan,
		.local = &r->local,
		.arena = &h->arena };

	for (size_t i = 0; i < r->plan.count; i++)
		cr_expect_eq(r->plan.op[i].state, OP_DONE, "%s: %s: %d", why,
		    op_path(&r->plan.op[i], NULL), r->plan.op[i].why);
	cr_assert_eq(apply_new_home(&known, &in, r->stamps, &e), 0);
	now = homes_scan(h, &known, &sums);
	cr_expect_not(sums.stamps_changed, "%s: something to read", why);
	cr_expect_eq(sums.hashed_files, 0);
	for (size_t i = 0; i < r->remote.count; i++) {
		want = r->remote.entry[i];
		is = homes_entry(&now, want->path);
		cr_expect(entry_same(want, is), "%s: %s", why, want->path);
	}
	for (size_t i = 0; i < now.tree.count; i++)
		if (strncmp(now.tree.entry[i]->path, ".local", 6) != 0)
			cr_expect_not_null(tree_find(&r->remote,
					       now.tree.entry[i]->path,
					       now.tree.entry[i]->path_len),
			    "%s: %s is left", why, now.tree.entry[i]->path);
	home_free(&now);
	/* And so has one that reads everything. */
	now = homes_scan(h, NULL, NULL);
	for (size_t i = 0; i < now.tree.count; i++)
		cr_expect(entry_same(now.tree.entry[i],
			      homes_entry(&known, now.tree.entry[i]->path)),
		    "%s: %s", why, now.tree.entry[i]->path);
	home_free(&now);
	home_free(&known);
	cr_expect_eq(homes_staged(h), 0, "%s", why);
}
