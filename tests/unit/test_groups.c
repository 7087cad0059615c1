#include "engine/groups.h"

#include <criterion/criterion.h>

#include "trees.h"

Test(groups, a_group_keeps_the_name_that_base_has_for_it)
{
	static const struct {
		const char *why;
		const char *base, *local, *aligned;
	} cases[] = {
		{ "no links", "a=1 b=1", "a=1 b=2", "a=1 b=2" },
		{ "nothing new", "a=1&7 b=1&7", "a=1&7 b=1&7", "a=1&7 b=1&7" },
		{ "another name", "a=1&7 b=1&7", "a=1&8 b=1&8", "a=1&7 b=1&7" },
		{ "edited in place", "a=1&7 b=1&7", "a=2&8 b=2&8",
		    "a=2&7 b=2&7" },
		{ "the first is gone", "a=1&7 b=1&7 c=1&7", "b=1&8 c=1&8",
		    "b=1&7 c=1&7" },
		{ "all but one are gone", "a=1&7 b=1&7", "b=1", "b=1&7" },
		{ "one was alone in it", "a=1&7", "a=1", "a=1&7" },
		{ "one more joins", "b=1&7 c=1&7", "a=1&8 b=1&8 c=1&8",
		    "a=1&7 b=1&7 c=1&7" },
		{ "a lone one is joined", "b=1&7", "a=1&8 b=1&8",
		    "a=1&7 b=1&7" },
		{ "a new pair", "c=1&7 d=1&7", "a=1&8 b=1&8 c=1&9 d=1&9",
		    "a=1&8 b=1&8 c=1&7 d=1&7" },
		{ "a file gets a second name", "a=1", "a=1&8 b=1&8",
		    "a=1&8 b=1&8" },
		{ "parted", "a=1&7 b=1&7", "a=1 b=1", "a=1 b=1" },
		{ "one of three parts", "a=1&7 b=1&7 c=1&7", "a=1 b=1&8 c=1&8",
		    "a=1 b=1&8 c=1&8" },
		{ "two files become one", "a=1&7 b=1&7 c=1",
		    "a=1&8 b=1&8 c=1&8", "a=1&8 b=1&8 c=1&8" },
		{ "two groups become one", "a=1&7 b=1&7 c=1&9 d=1&9",
		    "a=1&8 b=1&8 c=1&8 d=1&8", "a=1&8 b=1&8 c=1&8 d=1&8" },
		{ "one name, but different: two files", "a=1&7 b=2&7",
		    "a=1 b=2", "a=1&7 b=2&7" },
		{ "a directory took the place of one", "a=1&7 b=1&7", "a/ b=1",
		    "a/ b=1&7" },
	};
	struct world w;
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world_make(&w,
		    &(struct trees){ cases[i].base, cases[i].local });
		cr_assert_eq(groups_align(&w.local.tree, &w.base.tree, &w.arena,
				 &e),
		    0);
		cr_expect_str_eq(world_tree(&w, &w.local.tree),
		    cases[i].aligned, "%s: %s", cases[i].why, w.text);
		world_free(&w);
	}
}

/* "a" was removed, its group lives on as 7; a new "a" is linked anew. */
Test(groups, a_name_that_is_kept_is_given_to_nobody_else)
{
	struct world w;
	struct err e;
	uint64_t group;

	world_make(&w,
	    &(struct trees){ "b=1&7 c=1&7", "a=1&7 b=1&8 c=1&8 d=1&7" });
	cr_assert_eq(groups_align(&w.local.tree, &w.base.tree, &w.arena, &e),
	    0);
	group = entry_group(w.local.tree.entry[0]);
	cr_expect(group != 0 && group != 7);
	cr_expect_eq(entry_group(w.local.tree.entry[3]), group);
	cr_expect_eq(entry_group(w.local.tree.entry[1]), 7);
	cr_expect_eq(entry_group(w.local.tree.entry[2]), 7);
	world_free(&w);
}

Test(groups, what_the_scan_found_is_copied_before_it_is_changed)
{
	const struct entry *before;
	struct world w;
	struct err e;

	world_make(&w, &(struct trees){ "a=1&7 b=1&7", "a=1&8@5#3 b=1&8" });
	before = w.local.tree.entry[0];
	cr_assert_eq(groups_align(&w.local.tree, &w.base.tree, &w.arena, &e),
	    0);
	cr_expect_eq(entry_group(before), 8);
	cr_expect_neq(w.local.tree.entry[0], before);
	cr_expect_eq(w.local.tree.entry[0]->mtime_ns, 5);
	world_free(&w);
}
