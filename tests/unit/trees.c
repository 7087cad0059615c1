#include "trees.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 256

static struct err e;

/* Cut "<mark><number>" off the end of word; fallback where there is none. */
static long
suffix(char *word, char mark, int base, long fallback)
{
	char *at = strrchr(word, mark), *end;
	long v;

	if (at == NULL)
		return fallback;
	v = strtol(at + 1, &end, base);
	cr_assert(*end == '\0' && end > at + 1, "%s", word);
	*at = '\0';
	return v;
}

/* Cut "^<letter>" off: the value of "user.tag". */
static void
xattr(char *word, struct extra *x, struct arena *a)
{
	char attrs[] = "\x08\0user.tag\x01\0\0\0?";
	char *at = strrchr(word, '^');

	if (at == NULL)
		return;
	attrs[sizeof(attrs) - 2] = at[1];
	x->attrs_len = sizeof(attrs) - 1;
	x->attrs = (const uint8_t *)arena_copy(a, attrs, x->attrs_len, &e);
	*at = '\0';
}

/* What follows the path: sets type, content, and ends the path in word. */
static void
kind_of(struct entry *t, struct extra *x, char *word, struct arena *a)
{
	size_t len = strlen(word), at = strcspn(word, "=>");

	if (len > 0 && word[len - 1] == '/') {
		t->type = ENTRY_DIR;
		t->mode = 0755;
		word[len - 1] = '\0';
		return;
	}
	cr_assert_lt(at, len, "%s: neither file nor link", word);
	t->type = word[at] == '=' ? ENTRY_FILE : ENTRY_LINK;
	t->mode = t->type == ENTRY_FILE ? 0644 : 0777;
	t->size = len - at - 1;
	t->hash = hash_of(word + at + 1, t->size);
	if (t->type == ENTRY_LINK)
		x->target = arena_copy(a, word + at + 1, t->size, &e);
	word[at] = '\0';
}

static void
add_word(struct home *h, char *word, struct arena *a)
{
	struct entry *t = arena_alloc(a, sizeof(*t), &e);
	struct extra *x = arena_alloc(a, sizeof(*x), &e);
	struct stamp stamp = { .ctime_ns = 1 };
	size_t len = strlen(word);
	long mode;

	cr_assert(t != NULL && x != NULL);
	*t = (struct entry){ .mtime_ns = 1 };
	*x = (struct extra){ 0 };
	if (word[0] == '!' || word[0] == '?') {
		cr_assert_eq(home_add_opaque(h,
				 arena_copy(a, word + 1, len - 1, &e), len - 1,
				 word[0] == '!' ? WHY_DENIED : WHY_RULE, &e),
		    0);
		return;
	}
	if (word[len - 1] == '~') {
		t->hollow = 1;
		word[len - 1] = '\0';
	}
	stamp.inode = (uint64_t)suffix(word, '#', 10, 0);
	t->mtime_ns = suffix(word, '@', 10, 1);
	x->group = (uint64_t)suffix(word, '&', 10, 0);
	xattr(word, x, a);
	mode = suffix(word, '%', 8, -1);
	kind_of(t, x, word, a);
	if (mode != -1)
		t->mode = (uint16_t)mode;
	if (x->group != 0 || x->target != NULL || x->attrs != NULL)
		t->extra = x;
	t->path_len = (uint16_t)strlen(word);
	t->path = arena_copy(a, word, t->path_len, &e);
	cr_assert_eq(home_add(h, t, &stamp, &e), 0);
}

static void
parse(struct home *h, const char *text, struct arena *a)
{
	char word[WORD_MAX];
	size_t n;

	for (; text != NULL && *text != '\0'; text += n) {
		if ((n = strcspn(text, " ")) > 0) {
			cr_assert_lt(n, sizeof(word));
			memcpy(word, text, n);
			word[n] = '\0';
			add_word(h, word, a);
		} else {
			n = 1;
		}
	}
	cr_assert_eq(home_sort(h, &e), 0);
	cr_assert_eq(tree_check(&h->tree, &e), 0, "%s: %s", text, e.text);
}

void
world_make(struct world *w, const struct trees *t)
{
	static const struct machine self = { "self", "self" };

	*w = (struct world){ 0 };
	parse(&w->base, t->base, &w->arena);
	parse(&w->local, t->local, &w->arena);
	parse(&w->remote, t->remote, &w->arena);
	if (t->rules != NULL)
		cr_assert(rules_new(&w->rules, &e) == 0 &&
			rules_add(w->rules, RULES_SHIPPED, "test", t->rules,
			    strlen(t->rules), &e) == 0,
		    "%s", e.text);
	w->in = (struct plan_in){
		.base = &w->base.tree,
		.local = &w->local,
		.base_stamp = w->base.stamp,
		.known = &w->base.tree,
		.remote = &w->remote.tree,
		.rules = w->rules,
		.self = &self,
		.arena = &w->arena,
	};
}

void
world_free(struct world *w)
{
	home_free(&w->base);
	home_free(&w->local);
	home_free(&w->remote);
	rules_free(w->rules);
	plan_free(&w->plan);
	arena_free(&w->arena);
}

void
world_plan(struct world *w, const struct trees *t)
{
	world_make(w, t);
	cr_assert_eq(plan_make(&w->plan, &w->in, &e), 0, "%s", e.text);
}

static void append(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
append(struct world *w, const char *fmt, ...)
{
	size_t used = strlen(w->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->text + used, sizeof(w->text) - used, fmt, ap);
	va_end(ap);
}

const char *
world_ops(struct world *w)
{
	static const char *const states[] = {
		[OP_PLANNED] = "",
		[OP_DONE] = "",
		[OP_PENDING] = "(pending)",
		[OP_HELD] = "(held)",
		[OP_SUSPECT] = "(suspect)",
		[OP_FAILED] = "(failed)",
	};

	w->text[0] = '\0';
	for (size_t i = 0; i < w->plan.count; i++) {
		const struct op *op = &w->plan.op[i];

		append(w, "%s%s:%s", i > 0 ? " " : "",
		    op->moved ? "moved" : action_text(op->action),
		    op_path(op, NULL));
		if (op->from != NULL)
			append(w, "<%s", op->from->path);
		append(w, "%s", states[op->state]);
	}
	return w->text;
}

static const char *
content_of(const struct world *w, const struct entry *t)
{
	static const char *const texts[] = { "", "1", "2", "3", "4", "5" };
	struct hash h;

	(void)w;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		h = hash_of(texts[i], strlen(texts[i]));
		if (t->size == strlen(texts[i]) && hash_same(&h, &t->hash))
			return texts[i];
	}
	return "?";
}

const char *
world_tree(struct world *w, const struct tree *tree)
{
	w->text[0] = '\0';
	for (size_t i = 0; i < tree->count; i++) {
		const struct entry *t = tree->entry[i];

		append(w, "%s%s", i > 0 ? " " : "", t->path);
		if (t->type == ENTRY_DIR)
			append(w, "/");
		else if (t->type == ENTRY_LINK)
			append(w, ">%s", entry_target(t));
		else
			append(w, "=%s", content_of(w, t));
		if (t->type == ENTRY_DIR
			? t->mode != 0755
			: t->type == ENTRY_FILE && t->mode != 0644)
			append(w, "%%%o", (unsigned)t->mode);
		if (t->extra != NULL && t->extra->attrs != NULL)
			append(w, "^%c",
			    t->extra->attrs[t->extra->attrs_len - 1]);
		if (entry_group(t) != 0)
			append(w, "&%u", (unsigned)entry_group(t));
	}
	return w->text;
}

void
world_do(struct world *w)
{
	for (size_t i = 0; i < w->plan.count; i++)
		if (w->plan.op[i].state == OP_PLANNED)
			w->plan.op[i].state = OP_DONE;
}

struct op *
world_op(const struct world *w, const char *path)
{
	for (size_t i = 0; i < w->plan.count; i++)
		if (strcmp(op_path(&w->plan.op[i], NULL), path) == 0)
			return &w->plan.op[i];
	cr_assert_fail("no op for %s", path);
	return NULL;
}

typedef int outcome(struct tree *out, const struct plan *p,
    const struct tree *old, struct err *e);

static const char *
new_tree(struct world *w, outcome *make, const struct tree *old)
{
	struct tree t = { 0 };

	cr_assert_eq(make(&t, &w->plan, old, &e), 0, "%s", e.text);
	cr_assert_eq(tree_check(&t, &e), 0, "%s: %s", e.text,
	    world_tree(w, &t));
	world_tree(w, &t);
	tree_free(&t);
	return w->text;
}

const char *
world_new_store(struct world *w)
{
	return new_tree(w, plan_new_store, &w->remote.tree);
}

const char *
world_new_base(struct world *w)
{
	return new_tree(w, plan_new_base, &w->base.tree);
}

const char *
world_new_local(struct world *w)
{
	return new_tree(w, plan_new_local, &w->local.tree);
}

static void
check_outcome(const struct trees_row *row, const char *what, const char *got,
    const char *want)
{
	if (want != NULL)
		cr_expect_str_eq(got, want, "%s: %s is %s", row->why, what,
		    got);
}

/* Only what failed says why, and no mark of the making is left. */
static void
check_marks(const struct trees_row *row, const struct plan *p)
{
	for (size_t i = 0; i < p->count; i++) {
		cr_expect_eq(p->op[i].left, 0, "%s", row->why);
		cr_expect_eq(p->op[i].why != WHY_NONE,
		    p->op[i].state == OP_FAILED, "%s", row->why);
	}
}

void
trees_check_rows(const struct trees_row *rows, size_t count)
{
	struct world w;

	for (size_t i = 0; i < count; i++) {
		const struct trees_row *row = &rows[i];

		world_plan(&w, &row->trees);
		check_outcome(row, "the plan", world_ops(&w), row->ops);
		check_marks(row, &w.plan);
		world_do(&w);
		check_outcome(row, "store", world_new_store(&w), row->store);
		check_outcome(row, "local", world_new_local(&w), row->local);
		check_outcome(row, "base", world_new_base(&w), row->base);
		world_free(&w);
	}
}
