#include "engine/plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "trees.h"

static const struct trees_row excluded[] = {
	{ .why = "newly excluded, on both sides",
	    .trees = { "d/ d/x=1", "d/ ?d/x", "d/ d/x=1",
		.rules = "local /d/x" },
	    .ops = "",
	    .store = "d/ d/x=1",
	    .base = "d/ d/x=1" },
	{ .why = "excluded and never here",
	    .trees = { NULL, NULL, "d/ d/x=1 d/y=1", .rules = "local /d/x" },
	    .ops = "download:d download:d/y",
	    .store = "d/ d/x=1 d/y=1",
	    .local = "d/ d/y=1",
	    .base = "d/ d/y=1" },
	{ .why = "an excluded directory that is not here",
	    .trees = { "d/ d/x=1", NULL, "d/ d/x=1", .rules = "local /d/" },
	    .ops = "none:d none:d/x",
	    .store = "d/ d/x=1" },
	{ .why = "removed in the store, so forgotten, not deleted",
	    .trees = { "d/ d/x=1", "d/ ?d/x", "d/", .rules = "local /d/x" },
	    .ops = "none:d/x",
	    .base = "d/" },
	{ .why = "its directory was removed in the store: stays here",
	    .trees = { "d/ d/x=1 d/y=1", "d/ ?d/x d/y=1", NULL,
		.rules = "local /d/x" },
	    .ops = "none:d none:d/x delete-local:d/y",
	    .local = "d/",
	    .base = "" },
	{ .why = "its directory was removed here: stays there",
	    .trees = { "d/ d/x=1 d/y=1", NULL, "d/ d/x=1 d/y=1",
		.rules = "local /d/x" },
	    .ops = "none:d/x delete-store:d/y",
	    .store = "d/ d/x=1",
	    .base = "d/" },
	{ .why = "two directories up, too",
	    .trees = { "c/ c/d/ c/d/x=1", NULL, "c/ c/d/ c/d/x=1",
		.rules = "local /c/d/x" },
	    .ops = "none:c/d/x",
	    .store = "c/ c/d/ c/d/x=1" },
	{ .why = "no file takes the place of its directory there",
	    .trees = { "d/ d/x=1", "d=2", "d/ d/x=1", .rules = "local /d/x" },
	    .ops = "upload:d(failed) none:d/x",
	    .store = "d/ d/x=1",
	    .base = "d/" },
	{ .why = "a file here where the store's directory is excluded",
	    .trees = { "d/ d/x=1", "d=2", "d/ d/x=1", .rules = "local /d/" },
	    .ops = "upload:d(failed) none:d/x",
	    .store = "d/ d/x=1",
	    .base = "d/" },
	{ .why = "a directory here that the rules exclude, a file there",
	    .trees = { "d=1", "?d", "d=2", .rules = "local /d/" },
	    .ops = "",
	    .store = "d=2" },
	{ .why = "a neighbour of what is excluded roams",
	    .trees = { NULL, NULL, "d/ d/x=1 d.x=1", .rules = "local /d/" },
	    .ops = "download:d.x",
	    .local = "d.x=1" },
};

Test(plan_rules, rules_delete_nothing_on_either_side)
{
	CHECK_TREES(excluded);
}

Test(plan_rules, a_directory_that_holds_only_local_things_is_no_news)
{
	static const struct trees_row rows[] = {
		{ .why = "new here",
		    .trees = { NULL, "d/~ ?d/x", NULL },
		    .ops = "" },
		{ .why = "known, and removed there",
		    .trees = { "d/", "d/~ ?d/x", NULL },
		    .ops = "none:d",
		    .base = "" },
		{ .why = "known to both",
		    .trees = { NULL, "d/~ ?d/x", "d/" },
		    .ops = "none:d",
		    .base = "d/" },
		{ .why = "something roams below it now",
		    .trees = { NULL, "d/ ?d/x d/y=1", NULL },
		    .ops = "upload:d upload:d/y",
		    .store = "d/ d/y=1" },
	};

	CHECK_TREES(rows);
}

Test(plan_rules, what_went_while_the_rules_kept_it_out_comes_back)
{
	struct trees t = { "a=1 d/ d/x=1", "d/", "a=1 d/ d/x=1" };
	struct tree known = { 0 };
	struct world w;
	struct err e;

	world_make(&w, &t);
	w.in.rules_changed = true;
	cr_assert_eq(plan_make(&w.plan, &w.in, &e), 0);
	cr_expect_str_eq(world_ops(&w), "delete-store:a delete-store:d/x",
	    "seen here by the last run");
	plan_free(&w.plan);
	w.in.known = &known;
	cr_assert_eq(plan_make(&w.plan, &w.in, &e), 0);
	cr_expect_str_eq(world_ops(&w), "download:a download:d/x");
	plan_free(&w.plan);
	w.in.rules_changed = false;
	cr_assert_eq(plan_make(&w.plan, &w.in, &e), 0);
	cr_expect_str_eq(world_ops(&w), "delete-store:a delete-store:d/x",
	    "removed in an earlier run, and still waiting");
	world_free(&w);
}
