#include "engine/rename.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "trees.h"

static const struct trees_row renames[] = {
	{ .why = "here",
	    .trees = { "a=1", "b=1", "a=1" },
	    .ops = "moved:a rename:b<a",
	    .store = "b=1",
	    .base = "b=1" },
	{ .why = "there",
	    .trees = { "a=1", "a=1", "b=1" },
	    .ops = "moved:a rename:b<a",
	    .local = "b=1",
	    .base = "b=1" },
	{ .why = "to a name that comes first",
	    .trees = { "b=1", "a=1", "b=1" },
	    .ops = "rename:a<b moved:b",
	    .store = "a=1" },
	{ .why = "of a directory",
	    .trees = { "d/ d/x=1 d/y=2", "e/ e/x=1 e/y=2", "d/ d/x=1 d/y=2" },
	    .ops = "delete-store:d moved:d/x moved:d/y upload:e "
		   "rename:e/x<d/x rename:e/y<d/y",
	    .store = "e/ e/x=1 e/y=2",
	    .base = "e/ e/x=1 e/y=2" },
	{ .why = "and an edit on the other side: both live",
	    .trees = { "a=1", "b=1", "a=2" },
	    .ops = "download:a upload:b",
	    .store = "a=2 b=1",
	    .local = "a=2 b=1" },
	{ .why = "of one file to two names",
	    .trees = { "a=1", "a=1", "b=1 c=2" },
	    .ops = "moved:a rename:b<a download:c",
	    .local = "b=1 c=2" },
	{ .why = "never of empty files",
	    .trees = { "a=", "b=", "a=" },
	    .ops = "delete-store:a upload:b",
	    .store = "b=" },
	{ .why = "never of symlinks",
	    .trees = { "a>1", "b>1", "a>1" },
	    .ops = "delete-store:a upload:b",
	    .store = "b>1" },
	{ .why = "not onto a path that was there before",
	    .trees = { "a=1 b=2", "b=1", "a=1 b=2" },
	    .ops = "delete-store:a upload:b",
	    .store = "b=1" },
	{ .why = "with its hard links",
	    .trees = { "a=1&7 c=1&7", "a=1&7 c=1&7", "b=1&7 c=1&7" },
	    .ops = "moved:a rename:b<a",
	    .local = "b=1&7 c=1&7" },
	{ .why = "in the home not without them",
	    .trees = { "a=1&7 c=1&7", "a=1&7 c=1&7", "b=1 c=1&7" },
	    .ops = "delete-local:a download:b",
	    .local = "b=1 c=1&7" },
	{ .why = "with another mode",
	    .trees = { "a=1", "b=1%600", "a=1" },
	    .ops = "moved:a rename:b<a",
	    .store = "b=1%600" },
};

Test(rename, a_rename_is_found_in_both_directions)
{
	CHECK_TREES(renames);
}

Test(rename, of_several_copies_the_best_fit_is_the_one_renamed)
{
	static const struct trees_row rows[] = {
		{ .why = "the same inode",
		    .trees = { "a=1#5 b=1#6", "c=1#6", "a=1 b=1" },
		    .ops = "delete-store:a moved:b rename:c<b" },
		{ .why = "the same name in another directory",
		    .trees = { "a=1 b=1 d/", "d/ d/b=1", "a=1 b=1 d/" },
		    .ops = "delete-store:a moved:b rename:d/b<b" },
		{ .why = "an inode goes before a name",
		    .trees = { "a=1#5 b=1#6 d/", "d/ d/b=1#5", "a=1 b=1 d/" },
		    .ops = "moved:a delete-store:b rename:d/b<a" },
		{ .why = "else the first in order",
		    .trees = { "c=1 a=1 b=1", "x=1", "b=1 c=1 a=1" },
		    .ops = "moved:a delete-store:b delete-store:c "
			   "rename:x<a" },
		{ .why = "each goes once",
		    .trees = { "c=1 b=1", "x=1 y=1 z=1", "b=1 c=1" },
		    .ops = "moved:b moved:c rename:x<b rename:y<c upload:z" },
		{ .why = "an inode that the file had on another disk is none",
		    .trees = { "a=1 b=1", "c=1#6", "a=1 b=1" },
		    .ops = "moved:a delete-store:b rename:c<a" },
	};

	CHECK_TREES(rows);
}

Test(rename, a_rename_says_on_which_side_it_was)
{
	struct world w;

	world_plan(&w, &(struct trees){ "a=1", "b=1", "a=1" });
	cr_expect_eq(world_op(&w, "a")->reason, REASON_MOVED_HERE);
	cr_expect_eq(world_op(&w, "b")->reason, REASON_MOVED_HERE);
	world_free(&w);
	world_plan(&w, &(struct trees){ "a=1", "a=1", "b=1" });
	cr_expect_eq(world_op(&w, "a")->reason, REASON_MOVED_THERE);
	cr_expect_eq(world_op(&w, "b")->reason, REASON_MOVED_THERE);
	world_free(&w);
}

Test(rename, renames_are_found_without_inodes)
{
	struct world w;
	struct err e;

	world_make(&w, &(struct trees){ "a=1#5 b=1#6", "c=1#6", "a=1 b=1" });
	w.in.base_stamp = NULL;
	cr_assert_eq(plan_make(&w.plan, &w.in, &e), 0);
	cr_expect_str_eq(world_ops(&w), "moved:a delete-store:b rename:c<a");
	plan_free(&w.plan);
	w.in.known = NULL;
	cr_assert_eq(plan_make(&w.plan, &w.in, &e), 0);
	cr_expect_str_eq(world_ops(&w), "moved:a delete-store:b rename:c<a");
	world_free(&w);
}
