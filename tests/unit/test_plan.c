#include "engine/plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "trees.h"

Test(plan, every_action_and_reason_has_a_word_of_its_own)
{
	for (enum action a = 0; a < ACTION__COUNT; a++)
		for (enum action b = 0; b < a; b++)
			cr_expect_str_neq(action_text(a), action_text(b));
	for (enum reason a = 0; a < REASON__COUNT; a++)
		for (enum reason b = 0; b < a; b++)
			cr_expect_str_neq(reason_text(a), reason_text(b));
}

Test(plan, three_trees_become_one_list_in_order)
{
	static const struct trees_row rows[] = {
		{ .why = "nothing at all", .ops = "", .store = "" },
		{ .why = "all the same",
		    .trees = { "d/ d/x=1", "d/ d/x=1", "d/ d/x=1" },
		    .ops = "",
		    .base = "d/ d/x=1" },
		{ .why = "a first push",
		    .trees = { NULL, "d/ d/x=1 e>t", NULL },
		    .ops = "upload:d upload:d/x upload:e",
		    .store = "d/ d/x=1 e>t",
		    .local = "d/ d/x=1 e>t",
		    .base = "d/ d/x=1 e>t" },
		{ .why = "a first pull",
		    .trees = { NULL, NULL, "d/ d/x=1" },
		    .ops = "download:d download:d/x",
		    .local = "d/ d/x=1",
		    .base = "d/ d/x=1" },
		{ .why = "a union, where base was lost",
		    .trees = { NULL, "a=1 b=1 c=1", "b=1 c=2@9 d=2" },
		    .ops = "upload:a none:b conflict:c download:d",
		    .store = "a=1 b=1 c=2 d=2",
		    .local = "a=1 b=1 c=2 d=2",
		    .base = "a=1 b=1 c=2 d=2" },
		{ .why = "one of each",
		    .trees = { "a=1 b=1 c=1 d=1 e=1 f=1 g=1",
			"a=2 b=1 d=1 e=2 g=1%600",
			"a=1 b=2 c=1 e=3@9 f=2 g=1" },
		    .ops = "upload:a download:b delete-store:c delete-local:d"
			   " conflict:e download:f attributes:g",
		    .store = "a=2 b=2 e=3 f=2 g=1%600",
		    .local = "a=2 b=2 e=3 f=2 g=1%600",
		    .base = "a=2 b=2 e=3 f=2 g=1%600" },
		{ .why = "gone on both sides",
		    .trees = { "a=1 b=1", "b=1", "b=1" },
		    .ops = "none:a",
		    .base = "b=1" },
		{ .why = "order is by components",
		    .trees = { NULL, "a/ a/b=1 a.b=1 a-b=1", NULL },
		    .ops = "upload:a upload:a/b upload:a-b upload:a.b",
		    .store = "a/ a/b=1 a-b=1 a.b=1" },
	};

	CHECK_TREES(rows);
}

Test(plan, a_directory_goes_only_when_everything_in_it_goes)
{
	static const struct trees_row rows[] = {
		{ .why = "all goes",
		    .trees = { "d/ d/e/ d/e/x=1", "d/ d/e/ d/e/x=1", NULL },
		    .ops = "delete-local:d delete-local:d/e "
			   "delete-local:d/e/x",
		    .local = "",
		    .base = "" },
		{ .why = "an edit below keeps it, here",
		    .trees = { "d/ d/e/ d/e/x=1 d/y=1", "d/ d/e/ d/e/x=2 d/y=1",
			NULL },
		    .ops = "upload:d upload:d/e upload:d/e/x delete-local:d/y",
		    .store = "d/ d/e/ d/e/x=2",
		    .local = "d/ d/e/ d/e/x=2",
		    .base = "d/ d/e/ d/e/x=2" },
		{ .why = "an edit below keeps it, there",
		    .trees = { "d/ d/e/ d/e/x=1 d/y=1", NULL,
			"d/ d/e/ d/e/x=2 d/y=1" },
		    .ops = "download:d download:d/e download:d/e/x "
			   "delete-store:d/y",
		    .store = "d/ d/e/ d/e/x=2",
		    .local = "d/ d/e/ d/e/x=2",
		    .base = "d/ d/e/ d/e/x=2" },
		{ .why = "a new file below keeps it",
		    .trees = { "d/ d/x=1", "d/ d/x=1 d/y=2", NULL },
		    .ops = "upload:d delete-local:d/x upload:d/y",
		    .store = "d/ d/y=2",
		    .local = "d/ d/y=2" },
		{ .why = "a new empty directory below keeps it",
		    .trees = { "d/", "d/ d/e/", NULL },
		    .ops = "upload:d upload:d/e",
		    .store = "d/ d/e/" },
		{ .why = "a neighbour with its name in front does not",
		    .trees = { "d/ d.x=1", "d/ d.x=2", "d.x=1" },
		    .ops = "delete-local:d upload:d.x",
		    .store = "d.x=2",
		    .local = "d.x=2" },
	};

	CHECK_TREES(rows);
}

Test(plan, no_file_takes_the_place_of_a_directory_that_lives)
{
	static const struct trees_row rows[] = {
		{ .why = "all below is gone, so the file does",
		    .trees = { "d/ d/x=1", "d/ d/x=1", "d=2" },
		    .ops = "download:d delete-local:d/x",
		    .local = "d=2",
		    .base = "d=2" },
		{ .why = "the same from here",
		    .trees = { "d/ d/x=1", "d=2", "d/ d/x=1" },
		    .ops = "upload:d delete-store:d/x",
		    .store = "d=2",
		    .base = "d=2" },
		{ .why = "an edit below makes the directory win",
		    .trees = { "d/ d/x=1 d/y=1", "d/ d/x=2 d/y=1", "d=3" },
		    .ops = "conflict:d upload:d/x upload:d/y",
		    .store = "d/ d/x=2 d/y=1",
		    .local = "d/ d/x=2 d/y=1",
		    .base = "d/ d/x=2 d/y=1" },
		{ .why = "the same from there",
		    .trees = { "d/ d/x=1 d/y=1", "d=3", "d/ d/x=2 d/y=1" },
		    .ops = "conflict:d download:d/x download:d/y",
		    .store = "d/ d/x=2 d/y=1",
		    .local = "d/ d/x=2 d/y=1",
		    .base = "d/ d/x=2 d/y=1" },
		{ .why = "a symlink is no directory",
		    .trees = { "d/ d/x=1", "d>t", "d/ d/x=1 d/y=2" },
		    .ops = "conflict:d download:d/x download:d/y",
		    .local = "d/ d/x=1 d/y=2" },
		{ .why = "deep below",
		    .trees = { "d/ d/e/ d/e/f/ d/e/f/x=1",
			"d/ d/e/ d/e/f/ d/e/f/x=2", "d/ d/e=3" },
		    .ops = "conflict:d/e upload:d/e/f upload:d/e/f/x",
		    .store = "d/ d/e/ d/e/f/ d/e/f/x=2" },
		{ .why = "new on both sides",
		    .trees = { NULL, "d=1", "d/ d/x=2" },
		    .ops = "conflict:d download:d/x",
		    .local = "d/ d/x=2",
		    .base = "d/ d/x=2" },
	};

	CHECK_TREES(rows);
}

Test(plan, the_loser_against_a_directory_is_kept)
{
	struct world w;
	struct op *op;

	world_plan(&w, &(struct trees){ "d/ d/x=1", "d=3", "d/ d/x=2" });
	op = world_op(&w, "d");
	cr_expect_eq(op->reason, REASON_DIRECTORY_WON);
	cr_expect_eq(op->loser, op->local);
	cr_expect(op->loser_is_local);
	world_free(&w);
}

Test(plan, what_could_not_be_read_is_not_deleted)
{
	static const struct trees_row rows[] = {
		{ .why = "a file",
		    .trees = { "a=1 b=1", "b=1 !a", "a=1 b=1" },
		    .ops = "",
		    .store = "a=1 b=1",
		    .base = "a=1 b=1" },
		{ .why = "a directory and all below it",
		    .trees = { "d/ d/x=1", "!d", "d/ d/x=1" },
		    .ops = "",
		    .store = "d/ d/x=1",
		    .base = "d/ d/x=1" },
		{ .why = "nor brought up to date",
		    .trees = { "d/ d/x=1", "!d", "d/ d/x=2 d/y=2" },
		    .ops = "",
		    .base = "d/ d/x=1" },
		{ .why = "nor forgotten when the store's is gone",
		    .trees = { "d/ d/x=1", "!d", NULL },
		    .ops = "",
		    .base = "d/ d/x=1" },
		{ .why = "its directory stays here",
		    .trees = { "d/ d/x=1 d/y=1", "d/ d/x=1 !d/y", NULL },
		    .ops = "delete-local:d(failed) delete-local:d/x",
		    .local = "d/",
		    .base = "d/ d/y=1" },
		{ .why = "no file takes its directory's place",
		    .trees = { "d/ d/y=1", "d/ !d/y", "d=2" },
		    .ops = "download:d(failed)",
		    .local = "d/",
		    .base = "d/ d/y=1" },
		{ .why = "nor does another one's edit below",
		    .trees = { "d/ d/x=1 d/y=1", "d/ d/x=2 !d/y", NULL },
		    .ops = "upload:d upload:d/x",
		    .store = "d/ d/x=2" },
	};

	CHECK_TREES(rows);
}

/* What a won directory brings back has to bring its own parents. */
Test(plan, all_below_a_directory_that_won_lives)
{
	static const struct trees_row rows[] = {
		{ .why = "even where local things had kept a part of it",
		    .trees = { "d/ d/e/ d/e/g=1 d/z=1",
			"d/ d/e/ d/e/g=1 ?d/e/x d/z=2", "d=3",
			.rules = "local x" },
		    .ops = "conflict:d upload:d/e upload:d/e/g upload:d/z",
		    .store = "d/ d/e/ d/e/g=1 d/z=2",
		    .local = "d/ d/e/ d/e/g=1 d/z=2",
		    .base = "d/ d/e/ d/e/g=1 d/z=2" },
		{ .why = "even where a part of it could not be read",
		    .trees = { "d/ d/e/ d/e/g=1 d/z=1",
			"d/ d/e/ d/e/g=1 !d/e/x d/z=2", "d=3" },
		    .ops = "conflict:d upload:d/e upload:d/e/g upload:d/z",
		    .store = "d/ d/e/ d/e/g=1 d/z=2" },
		{ .why = "even what nobody touched",
		    .trees = { "d/ d/e/ d/e/x=1 d/y=1",
			"d/%700 d/e/ d/e/x=1 d/y=1", "d=3" },
		    .ops = "conflict:d upload:d/e upload:d/e/x upload:d/y",
		    .store = "d/%700 d/e/ d/e/x=1 d/y=1",
		    .local = "d/%700 d/e/ d/e/x=1 d/y=1" },
		{ .why = "even what nobody touched, there",
		    .trees = { "d/ d/e/ d/e/x=1 d/y=1", "d=3",
			"d/%700 d/e/ d/e/x=1 d/y=1" },
		    .ops = "conflict:d download:d/e download:d/e/x "
			   "download:d/y",
		    .local = "d/%700 d/e/ d/e/x=1 d/y=1" },
		{ .why = "even where the store had kept a part of it",
		    .trees = { "d/ d/e/ d/e/g=1 d/e/x=1 d/z=1", "d=3",
			"d/ d/e/ d/e/g=1 d/e/x=1 d/z=2", .rules = "local x" },
		    .ops = "conflict:d download:d/e download:d/e/g "
			   "none:d/e/x download:d/z",
		    .local = "d/ d/e/ d/e/g=1 d/z=2",
		    .base = "d/ d/e/ d/e/g=1 d/z=2" },
	};

	CHECK_TREES(rows);
}

Test(plan, the_halves_of_a_rename_wait_together)
{
	struct world w;

	world_plan(&w, &(struct trees){ "a=1 c=1", "b=1 c=1", "a=1 c=2" });
	plan_restrict(&w.plan, SIDE_HOME);
	cr_expect_str_eq(world_ops(&w),
	    "moved:a(pending) rename:b<a(pending) download:c");
	world_do(&w);
	cr_expect_str_eq(world_new_store(&w), "a=1 c=2");
	cr_expect_str_eq(world_new_base(&w), "a=1 c=2");
	world_free(&w);
}

Test(plan, a_pull_and_a_push_leave_the_other_side_alone)
{
	static const struct trees t = {
		"a=1 b=1 c=1 d=1 e=1 f=1 g=1%600",
		"a=2 b=1 d=1 e=2@9 f=2 g=1%644",
		"a=1 b=2 c=1 e=3 f=3@9 g=2%600",
	};
	struct world w;

	world_plan(&w, &t);
	plan_restrict(&w.plan, SIDE_HOME);
	cr_expect_str_eq(world_ops(&w),
	    "upload:a(pending) download:b delete-store:c(pending) "
	    "delete-local:d conflict:e(pending) conflict:f "
	    "download:g(pending)");
	world_do(&w);
	cr_expect_str_eq(world_new_store(&w), "a=1 b=2 c=1 e=3 f=3 g=2%600");
	cr_expect_str_eq(world_new_local(&w), "a=2 b=2 e=2 f=3 g=1");
	cr_expect_str_eq(world_new_base(&w), "a=1 b=2 c=1 e=1 f=3 g=1%600");
	world_free(&w);

	world_plan(&w, &t);
	plan_restrict(&w.plan, SIDE_STORE);
	cr_expect_str_eq(world_ops(&w),
	    "upload:a download:b(pending) delete-store:c "
	    "delete-local:d(pending) conflict:e conflict:f(pending) "
	    "download:g(pending)");
	world_do(&w);
	cr_expect_str_eq(world_new_store(&w), "a=2 b=2 e=2 f=3 g=2%600");
	cr_expect_str_eq(world_new_local(&w), "a=2 b=1 d=1 e=2 f=2 g=1");
	world_free(&w);
}

/* A pull brings a file into a directory whose attributes have to wait. */
Test(plan, the_base_never_lacks_a_parent)
{
	static const struct {
		struct trees trees;
		unsigned sides;
		const char *base;
	} cases[] = {
		{ { NULL, "d/%700", "d/@9 d/x=1" }, SIDE_HOME, "d/ d/x=1" },
		{ { NULL, "d/%700@9", "d/ d/x=1" }, SIDE_HOME, "d/ d/x=1" },
		{ { NULL, "d/%700 d/x=1", "d/@9" }, SIDE_STORE,
		    "d/%700 d/x=1" },
		{ { "d=1", "d/%700@9", "d/ d/x=1" }, SIDE_HOME, "d/ d/x=1" },
		{ { "d=1", "d/%700@9 d/e/%700@9", "d/ d/e/ d/e/x=1" },
		    SIDE_HOME, "d/ d/e/ d/e/x=1" },
		{ { "d=1 d.x=2", "d/%700@9 d.x=2", "d/ d/x=1 d.x=2" },
		    SIDE_HOME, "d/ d/x=1 d.x=2" },
	};
	struct world w;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world_plan(&w, &cases[i].trees);
		plan_restrict(&w.plan, cases[i].sides);
		world_do(&w);
		cr_expect_str_eq(world_new_base(&w), cases[i].base);
		world_free(&w);
	}
}

/* What waits or failed stays in the base, and so does what it lies in. */
Test(plan, a_directory_left_behind_is_known_until_all_below_is_done)
{
	static const struct trees t = { "d/ d/x=1 d/y=1", "d/ ?d/x d/y=1", NULL,
		"local /d/x" };
	struct world w;

	world_plan(&w, &t);
	plan_restrict(&w.plan, SIDE_STORE);
	cr_expect_str_eq(world_ops(&w),
	    "none:d(pending) none:d/x delete-local:d/y(pending)");
	cr_expect_str_eq(world_new_base(&w), "d/ d/y=1");
	world_free(&w);

	world_plan(&w, &t);
	op_fail(world_op(&w, "d/y"), WHY_CHANGED);
	world_do(&w);
	cr_expect_str_eq(world_new_base(&w), "d/ d/y=1");
	world_free(&w);
}

/* Somebody removed it right before us: the parent could be replaced. */
Test(plan, the_base_forgets_what_lies_below_a_file)
{
	struct world w;

	world_plan(&w, &(struct trees){ "d/ d/x=1", "d/ d/x=1", "d=2" });
	op_fail(world_op(&w, "d/x"), WHY_CHANGED);
	world_do(&w);
	cr_expect_str_eq(world_new_base(&w), "d=2");
	world_free(&w);
}

Test(plan, what_brings_content_into_the_home_says_so)
{
	static const struct {
		struct trees trees;
		bool needs;
	} cases[] = {
		{ { NULL, NULL, "x=1" }, true },
		{ { NULL, "x=1", NULL }, false },
		{ { NULL, NULL, "x/" }, false },
		{ { NULL, NULL, "x>1" }, false },
		{ { "x=1", "x=1", "x=1%600" }, false },
		{ { "x=1", "x=1%600", "x=2" }, true },
		{ { "x=1", "x=2", "x=3@9" }, true },
		{ { "x=1", "x=2@9", "x=3" }, false },
		{ { "x=1", "x=1", NULL }, false },
		{ { "a=1", "a=1", "x=1" }, false },
	};
	struct world w;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world_plan(&w, &cases[i].trees);
		cr_expect_eq(op_needs_content(world_op(&w, "x")),
		    cases[i].needs, "case %zu", i);
		world_free(&w);
	}
}

Test(plan, a_failed_op_is_not_shown_and_changes_nothing)
{
	struct world w;

	world_plan(&w, &(struct trees){ "a=1 b=1", "a=1 b=1", "a=2 b=2" });
	op_fail(world_op(&w, "a"), WHY_NOSPACE);
	cr_expect_not(op_is_shown(world_op(&w, "a")));
	cr_expect(op_is_shown(world_op(&w, "b")));
	world_do(&w);
	cr_expect_str_eq(world_new_local(&w), "a=1 b=2");
	cr_expect_str_eq(world_new_base(&w), "a=1 b=2");
	world_free(&w);
}
