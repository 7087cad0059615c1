#include "engine/groups.h"

#include <criterion/criterion.h>

#include "trees.h"

static const struct {
	const char *why;
	const char *base, *local, *aligned;
} alignments[] = {
	{ "no links", "a=1 b=1", "a=1 b=2", "a=1 b=2" },
	{ "nothing new", "a=1&7 b=1&7", "a=1&7 b=1&7", "a=1&7 b=1&7" },
	{ "another name", "a=1&7 b=1&7", "a=1&8 b=1&8", "a=1&7 b=1&7" },
	{ "edited in place", "a=1&7 b=1&7", "a=2&8 b=2&8", "a=2&7 b=2&7" },
	{ "the first is gone", "a=1&7 b=1&7 c=1&7", "b=1&8 c=1&8",
	    "b=1&7 c=1&7" },
	{ "all but one are gone", "a=1&7 b=1&7", "b=1", "b=1&7" },
	{ "one was alone in it", "a=1&7", "a=1", "a=1&7" },
	{ "one more joins", "b=1&7 c=1&7", "a=1&8 b=1&8 c=1&8",
	    "a=1&7 b=1&7 c=1&7" },
	{ "a lone one is joined", "b=1&7", "a=1&8 b=1&8", "a=1&7 b=1&7" },
	{ "a new pair", "c=1&7 d=1&7", "a=1&8 b=1&8 c=1&9 d=1&9",
	    "a=1&8 b=1&8 c=1&7 d=1&7" },
	{ "a file gets a second name", "a=1", "a=1&8 b=1&8", "a=1&8 b=1&8" },
	{ "parted", "a=1&7 b=1&7", "a=1 b=1", "a=1 b=1" },
	{ "one of three parts", "a=1&7 b=1&7 c=1&7", "a=1 b=1&8 c=1&8",
	    "a=1 b=1&8 c=1&8" },
	{ "two files become one", "a=1&7 b=1&7 c=1", "a=1&8 b=1&8 c=1&8",
	    "a=1&8 b=1&8 c=1&8" },
	{ "two groups become one", "a=1&7 b=1&7 c=1&9 d=1&9",
	    "a=1&8 b=1&8 c=1&8 d=1&8", "a=1&8 b=1&8 c=1&8 d=1&8" },
	{ "one name, but different: two files", "a=1&7 b=2&7", "a=1 b=2",
	    "a=1&7 b=2&7" },
	{ "the same with other modes", "a=1&7 b=1%600&7", "a=1 b=1%600",
	    "a=1&7 b=1%600&7" },
	{ "with other xattrs", "a=1^r&7 b=1^s&7 c=1&7", "a=1^r b=1^s c=1",
	    "a=1^r&7 b=1^s&7 c=1&7" },
	{ "linked, and xattrs changed", "a=1^r&7 b=1^r&7", "a=1^s&8 b=1^s&8",
	    "a=1^s&7 b=1^s&7" },
	{ "two groups in turns", "a=1&9 b=1&7 c=1&9 d=1&7",
	    "a=1&1 b=1&2 c=1&1 d=1&2", "a=1&9 b=1&7 c=1&9 d=1&7" },
	{ "one parts from its group and joins a file", "a=1 b=1&7 d=1&7",
	    "a=1&8 b=1&8 d=1", "a=1&8 b=1&8 d=1" },
	{ "one name, and alike by now: still two files", "a=1&7 b=2&7",
	    "a=1 b=1", "a=1&7 b=1" },
	{ "the same where the second is as it was", "a=2&7 b=1&7", "a=1 b=1",
	    "a=1 b=1&7" },
	{ "two files of two links each", "a=1&7 b=1&7 c=2&7 d=2&7",
	    "a=1&5 b=1&5 c=1&6 d=1&6", "a=1&7 b=1&7 c=1&6 d=1&6" },
	{ "a directory took the place of one", "a=1&7 b=1&7", "a/ b=1",
	    "a/ b=1&7" },
};

Test(groups, a_group_keeps_the_name_that_base_has_for_it)
{
	struct world w;
	struct err e;

	for (size_t i = 0; i < sizeof(alignments) / sizeof(alignments[0]);
	     i++) {
		world_make(&w,
		    &(struct trees){ alignments[i].base, alignments[i].local });
		cr_assert_eq(groups_align(&w.local.tree, &w.base.tree, &w.arena,
				 &e),
		    0);
		cr_expect_str_eq(world_tree(&w, &w.local.tree),
		    alignments[i].aligned, "%s: %s", alignments[i].why, w.text);
		world_free(&w);
	}
}

/* The first path of a group went, and one of that path is linked anew. */
Test(groups, a_name_that_is_kept_is_given_to_nobody_else)
{
	static const struct {
		const char *base, *local;
		uint64_t taken;
	} cases[] = {
		{ "b=1&7 c=1&7", "b=1&8 c=1&8 y=1&7 z=1&7", 7 },
		{ "b=1&7", "b=1 y=1&7 z=1&7", 7 },
		{ "a=1&9 b=1&5 c=1&7", "a=1 b=1 c=1 y=1&9 z=1&9", 9 },
		{ "a=1&9 b=1&5 c=1&7", "a=1 b=1 c=1 y=1&5 z=1&5", 5 },
		{ "a=1&9 b=1&5 c=1&7", "a=1 b=1 c=1 y=1&7 z=1&7", 7 },
	};
	const struct entry *y, *z;
	struct world w;
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world_make(&w,
		    &(struct trees){ cases[i].base, cases[i].local });
		cr_assert_eq(groups_align(&w.local.tree, &w.base.tree, &w.arena,
				 &e),
		    0);
		y = tree_find(&w.local.tree, "y", 1);
		z = tree_find(&w.local.tree, "z", 1);
		cr_expect(entry_group(y) != 0 &&
			entry_group(y) != cases[i].taken,
		    "case %zu", i);
		cr_expect_eq(entry_group(y), entry_group(z), "case %zu", i);
		world_free(&w);
	}
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
