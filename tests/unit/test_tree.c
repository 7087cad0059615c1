#include "model/tree.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "garden.h"

#define TREES 40

static void
shuffle(struct garden *g, struct tree *t)
{
	const struct entry *swap;

	for (size_t i = t->count; i > 1; i--) {
		size_t k = garden_draw(g, (uint32_t)i);

		swap = t->entry[i - 1];
		t->entry[i - 1] = t->entry[k];
		t->entry[k] = swap;
	}
}

Test(tree, sorting_brings_any_order_back)
{
	struct profile p;
	struct tree copy;
	struct garden g;
	struct err e;

	for (uint64_t seed = 0; seed < TREES; seed++) {
		garden_open(&g, seed);
		garden_profile(&g, &p, seed * 5);
		cr_assert_eq(tree_check(&p.tree, &e), 0, "%s", e.text);
		cr_assert_eq(tree_copy(&copy, &p.tree, &e), 0);
		cr_assert_eq(copy.count, p.tree.count);
		shuffle(&g, &copy);
		tree_sort(&copy);
		cr_assert_eq(tree_check(&copy, &e), 0, "%s", e.text);
		for (size_t i = 0; i < copy.count; i++)
			cr_assert_eq(copy.entry[i], p.tree.entry[i]);
		tree_free(&copy);
		profile_free(&p);
		garden_close(&g);
	}
}

Test(tree, every_entry_is_found_and_nothing_else)
{
	const struct entry *t;
	struct profile p;
	struct garden g;
	char path[PATH_LEN_MAX + 2];

	for (uint64_t seed = 0; seed < TREES; seed++) {
		garden_open(&g, seed);
		garden_profile(&g, &p, 100);
		for (size_t i = 0; i < p.tree.count; i++) {
			t = p.tree.entry[i];
			cr_assert_eq(tree_find(&p.tree, t->path, t->path_len),
			    t);
			cr_assert_eq(tree_lower(&p.tree, t->path, t->path_len),
			    i);
			memcpy(path, t->path, t->path_len);
			path[t->path_len] = '\x01';
			cr_assert_null(
			    tree_find(&p.tree, path, t->path_len + 1u));
			cr_assert_gt(tree_lower(&p.tree, path,
					 t->path_len + 1u),
			    i);
		}
		cr_assert_eq(tree_lower(&p.tree, "\xff\xff\xff\xff\xff", 5),
		    p.tree.count);
		profile_free(&p);
		garden_close(&g);
	}
}

Test(tree, an_empty_tree_has_nothing_and_is_sound)
{
	struct tree t = { 0 }, copy;
	struct err e;

	tree_sort(&t);
	cr_assert_eq(tree_check(&t, &e), 0);
	cr_assert_null(tree_find(&t, "a", 1));
	cr_assert_eq(tree_lower(&t, "a", 1), 0);
	cr_assert_eq(tree_copy(&copy, &t, &e), 0);
	cr_assert_eq(copy.count, 0);
	tree_free(&copy);
	tree_free(&t);
}

/* Names separated by blanks; a directory ends in a slash. */
static const struct {
	const char *names;
	bool sound;
} cases[] = {
	{ "a b c", true },
	{ "a/ a/b a.c", true }, /* '/' sorts before '.' */
	{ "a/ a/b/ a/b/c a/d", true },
	{ "a/ a/b/ a/b/c d", true },
	{ "a/ a.c a/b", false },
	{ "b a", false },
	{ "a a", false },
	{ "a/ a", false },
	{ "a/b", false },
	{ "a a/b", false },
	{ "a/ a/b/c", false },
	{ "a/ a/b a/b/c", false },
	{ "a/ b/c", false },
	{ "a/ ab/c", false },
	{ "a/ a/b/ a/bc/d", false },
};

static void
plant_names(struct garden *g, struct tree *t, const char *names)
{
	char *path,
	    *all =
		arena_copy(&g->arena, names, strlen(names), &(struct err){ 0 });
	struct entry *one;
	struct err e;

	*t = (struct tree){ 0 };
	while ((path = strsep(&all, " ")) != NULL) {
		one = garden_file(g, path);
		if (path[one->path_len - 1] == '/') {
			path[--one->path_len] = '\0';
			one->type = ENTRY_DIR;
		}
		cr_assert_eq(tree_add(t, one, &e), 0);
	}
}

Test(tree, order_and_parents_are_checked)
{
	struct garden g;
	struct tree t;
	struct err e;

	garden_open(&g, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		plant_names(&g, &t, cases[i].names);
		cr_expect_eq(tree_check(&t, &e), cases[i].sound ? 0 : -1, "%s",
		    cases[i].names);
		cr_expect(cases[i].sound || e.kind == ERR_FORMAT);
		tree_free(&t);
	}
	garden_close(&g);
}

Test(tree, the_deepest_path_is_sound)
{
	static char path[PATH_LEN_MAX + 1];
	struct tree t = { 0 };
	struct entry *one;
	struct garden g;
	struct err e;

	garden_open(&g, 0);
	memset(path, 'd', sizeof(path));
	for (size_t len = 1; len <= PATH_LEN_MAX; len += 2) {
		path[len - 2 + (len == 1) * 2] = len == 1 ? 'd' : '/';
		one = garden_entry(&g, path, len, ENTRY_DIR);
		cr_assert_eq(tree_add(&t, one, &e), 0);
	}
	cr_assert_eq(t.count, PATH_LEN_MAX / 2);
	cr_assert_eq(tree_check(&t, &e), 0, "%s", e.text);
	cr_assert_eq(tree_add(&t, garden_file(&g, "e"), &e), 0);
	cr_assert_eq(tree_check(&t, &e), 0, "%s", e.text);
	tree_free(&t);
	garden_close(&g);
}

/* What a walk of count trees gives is what looking up each path gives. */
static void
expect_walk(const struct tree *all, const struct tree *trees, size_t count)
{
	struct tree_walk w = { .count = count };
	const struct entry *t;
	size_t i = 0;

	for (size_t k = 0; k < count; k++)
		w.tree[k] = &trees[k];
	for (; tree_walk_next(&w); i++) {
		while (i < all->count && all->entry[i] == NULL)
			i++;
		t = all->entry[i];
		cr_assert_eq(path_order(w.path, w.path_len, t->path,
				 t->path_len),
		    0);
		for (size_t k = 0; k < count; k++)
			cr_assert_eq(w.at[k],
			    tree_find(&trees[k], t->path, t->path_len));
	}
	cr_assert_eq(i, all->count);
	cr_assert(!tree_walk_next(&w));
}

Test(tree, a_walk_meets_every_path_once_and_in_order)
{
	struct tree trees[TREE_WALK_MAX], all;
	struct profile p;
	struct garden g;
	struct err e;

	for (uint64_t seed = 0; seed < TREES; seed++) {
		garden_open(&g, seed);
		garden_profile(&g, &p, seed * 4);
		memset(trees, 0, sizeof(trees));
		all = (struct tree){ 0 };
		for (size_t i = 0; i < p.tree.count; i++) {
			uint32_t who = garden_draw(&g, 16);
			struct entry *copy;

			for (size_t k = 0; k < TREE_WALK_MAX; k++) {
				if ((who & 1u << k) == 0)
					continue;
				/* Some share the string, some do not. */
				copy = garden_entry(&g, p.tree.entry[i]->path,
				    p.tree.entry[i]->path_len, ENTRY_DIR);
				if (garden_draw(&g, 2) == 0)
					copy->path = p.tree.entry[i]->path;
				cr_assert_eq(tree_add(&trees[k], copy, &e), 0);
			}
			if (who != 0)
				cr_assert_eq(tree_add(&all, p.tree.entry[i],
						 &e),
				    0);
		}
		expect_walk(&all, trees, TREE_WALK_MAX);
		for (size_t k = 0; k < TREE_WALK_MAX; k++)
			tree_free(&trees[k]);
		tree_free(&all);
		profile_free(&p);
		garden_close(&g);
	}
}

Test(tree, a_copy_of_any_size_takes_more_entries)
{
	struct entry t = { .path = "a", .path_len = 1, .type = ENTRY_FILE };
	struct tree one = { 0 }, copy = { 0 };
	struct err e;

	for (int size = 0; size < 5; size++) {
		cr_assert_eq(tree_copy(&copy, &one, &e), 0);
		for (int more = 0; more < 100; more++)
			cr_assert_eq(tree_add(&copy, &t, &e), 0);
		cr_assert_leq(copy.count, copy.cap);
		tree_free(&copy);
		cr_assert_eq(tree_add(&one, &t, &e), 0);
	}
	tree_free(&one);
}
