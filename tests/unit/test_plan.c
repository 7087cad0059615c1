#include "engine/plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "trees.h"

/* One row: the trees, the plan, and what both sides hold when it is done. */
struct row {
	const char *why;
	struct trees trees;
	const char *ops;
	const char *store, *local, *base; /* NULL: not looked at */
};

static void
check_outcome(const struct row *row, const char *what, const char *got,
    const char *want)
{
	if (want != NULL)
		cr_expect_str_eq(got, want, "%s: %s is %s", row->why, what,
		    got);
}

/* Only what failed says why, and no mark of the making is left. */
static void
check_marks(const struct row *row, const struct plan *p)
{
	for (size_t i = 0; i < p->count; i++) {
		cr_expect_eq(p->op[i].left, 0, "%s", row->why);
		cr_expect_eq(p->op[i].why != WHY_NONE,
		    p->op[i].state == OP_FAILED, "%s", row->why);
	}
}

static void
check_rows(const struct row *rows, size_t count)
{
	struct world w;

	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];

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
#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

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
	static const struct row rows[] = {
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

	CHECK_ROWS(rows);
}

Test(plan, a_directory_goes_only_when_everything_in_it_goes)
{
	static const struct row rows[] = {
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

	CHECK_ROWS(rows);
}

Test(plan, no_file_takes_the_place_of_a_directory_that_lives)
{
	static const struct row rows[] = {
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

	CHECK_ROWS(rows);
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
	static const struct row rows[] = {
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

	CHECK_ROWS(rows);
}

Test(plan, rules_delete_nothing_on_either_side)
{
	static const struct row rows[] = {
		{ .why = "newly excluded, on both sides",
		    .trees = { "d/ d/x=1", "d/ ?d/x", "d/ d/x=1",
			.rules = "local /d/x" },
		    .ops = "",
		    .store = "d/ d/x=1",
		    .base = "d/ d/x=1" },
		{ .why = "excluded and never here",
		    .trees = { NULL, NULL, "d/ d/x=1 d/y=1",
			.rules = "local /d/x" },
		    .ops = "download:d download:d/y",
		    .store = "d/ d/x=1 d/y=1",
		    .local = "d/ d/y=1",
		    .base = "d/ d/y=1" },
		{ .why = "an excluded directory that is not here",
		    .trees = { "d/ d/x=1", NULL, "d/ d/x=1",
			.rules = "local /d/" },
		    .ops = "none:d none:d/x",
		    .store = "d/ d/x=1" },
		{ .why = "removed in the store, so forgotten, not deleted",
		    .trees = { "d/ d/x=1", "d/ ?d/x", "d/",
			.rules = "local /d/x" },
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
		    .trees = { "d/ d/x=1", "d=2", "d/ d/x=1",
			.rules = "local /d/x" },
		    .ops = "upload:d(failed) none:d/x",
		    .store = "d/ d/x=1",
		    .base = "d/" },
		{ .why = "a file here where the store's directory is excluded",
		    .trees = { "d/ d/x=1", "d=2", "d/ d/x=1",
			.rules = "local /d/" },
		    .ops = "upload:d(failed) none:d/x",
		    .store = "d/ d/x=1",
		    .base = "d/" },
		{ .why =
			"a directory here that the rules exclude, a file there",
		    .trees = { "d=1", "?d", "d=2", .rules = "local /d/" },
		    .ops = "",
		    .store = "d=2" },
		{ .why = "a neighbour of what is excluded roams",
		    .trees = { NULL, NULL, "d/ d/x=1 d.x=1",
			.rules = "local /d/" },
		    .ops = "download:d.x",
		    .local = "d.x=1" },
	};

	CHECK_ROWS(rows);
}

Test(plan, a_directory_that_holds_only_local_things_is_no_news)
{
	static const struct row rows[] = {
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

	CHECK_ROWS(rows);
}

/* What a won directory brings back has to bring its own parents. */
Test(plan, all_below_a_directory_that_won_lives)
{
	static const struct row rows[] = {
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

	CHECK_ROWS(rows);
}

Test(plan, a_rename_is_found_in_both_directions)
{
	static const struct row rows[] = {
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
		    .trees = { "d/ d/x=1 d/y=2", "e/ e/x=1 e/y=2",
			"d/ d/x=1 d/y=2" },
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

	CHECK_ROWS(rows);
}

Test(plan, of_several_copies_the_best_fit_is_the_one_renamed)
{
	static const struct row rows[] = {
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

	CHECK_ROWS(rows);
}

Test(plan, a_rename_says_on_which_side_it_was)
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

Test(plan, renames_are_found_without_inodes)
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

Test(plan, what_went_while_the_rules_kept_it_out_comes_back)
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

/* Names for many files; the text is the caller's static buffer. */
static const char *
many(char *out, size_t cap, int from, int to, const char *more)
{
	size_t used = 0;

	out[0] = '\0';
	for (int i = from; i < to; i++)
		used += (size_t)snprintf(out + used, cap - used, "f%03d=1 ", i);
	snprintf(out + used, cap - used, "%s", more);
	return out;
}

static const struct guard guard = { .percent = 50, .count = 100 };

Test(guard, more_than_half_and_more_than_a_hundred_are_held)
{
	static char base[8192], rest[8192];
	static const struct {
		int files, gone;
		size_t held;
	} cases[] = {
		{ 200, 101, 101 },
		{ 200, 100, 0 },
		{ 150, 100, 0 },
		{ 202, 101, 0 },
		{ 201, 101, 101 },
		{ 90, 89, 0 },
		{ 300, 151, 151 },
		{ 300, 150, 0 },
	};
	struct world w;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		many(base, sizeof(base), 0, cases[i].files, "");
		many(rest, sizeof(rest), cases[i].gone, cases[i].files, "");
		world_plan(&w, &(struct trees){ base, base, rest });
		cr_expect_eq(plan_guard(&w.plan, &w.in, &guard), cases[i].held,
		    "from there, case %zu", i);
		world_free(&w);
		world_plan(&w, &(struct trees){ base, rest, base });
		cr_expect_eq(plan_guard(&w.plan, &w.in, &guard), cases[i].held,
		    "from here, case %zu", i);
		world_free(&w);
	}
}

Test(guard, a_held_deletion_changes_nothing_and_comes_again)
{
	static char base[8192];
	struct world w;

	many(base, sizeof(base), 0, 150, "a=1");
	world_plan(&w, &(struct trees){ base, "a=2 b=2", base });
	cr_expect_eq(plan_guard(&w.plan, &w.in, &guard), 150);
	world_do(&w);
	cr_expect_eq(strncmp(world_new_store(&w), "a=2 b=2 f000=1 ", 15), 0);
	cr_expect_eq(strncmp(world_new_base(&w), "a=2 b=2 f000=1 ", 15), 0);
	world_free(&w);
}

Test(guard, an_empty_home_with_a_base_was_wiped)
{
	static const struct {
		const char *why;
		struct trees trees;
		size_t held;
	} cases[] = {
		{ "empty", { "a=1 d/", NULL, "a=1 d/" }, 2 },
		{ "only what stays local", { "a=1 d/", "d/~ ?d/x", "a=1 d/" },
		    1 },
		{ "only what cannot be read", { "a=1 b=1", "!b", "a=1 b=1" },
		    1 },
		{ "one file is left", { "a=1 b=1", "b=1", "a=1 b=1" }, 0 },
		{ "never had anything", { NULL, NULL, "a=1" }, 0 },
	};
	struct world w;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world_plan(&w, &cases[i].trees);
		cr_expect_eq(plan_guard(&w.plan, &w.in, &guard), cases[i].held,
		    "%s", cases[i].why);
		world_free(&w);
	}
}

Test(guard, renames_are_no_deletions)
{
	static const struct guard strict = { .percent = 0, .count = 0 };
	struct world w;

	world_plan(&w, &(struct trees){ "a=1 k=2", "b=1 k=2", "a=1 k=2" });
	cr_expect_eq(plan_guard(&w.plan, &w.in, &strict), 0);
	cr_expect_str_eq(world_ops(&w), "moved:a rename:b<a");
	world_free(&w);
}

Test(guard, what_would_take_a_held_place_waits)
{
	static const struct guard strict = { .percent = 0, .count = 0 };
	struct world w;

	world_plan(&w,
	    &(struct trees){ "d/ d/e/ d/e/x=1 k=1", "d=2 k=1",
		"d/ d/e/ d/e/x=1 k=1" });
	cr_expect_eq(plan_guard(&w.plan, &w.in, &strict), 2);
	cr_expect_str_eq(world_ops(&w),
	    "upload:d(held) delete-store:d/e(held) delete-store:d/e/x(held)");
	world_do(&w);
	cr_expect_str_eq(world_new_store(&w), "d/ d/e/ d/e/x=1 k=1");
	world_free(&w);
}

Test(guard, a_directory_left_behind_is_held_with_what_is_in_it)
{
	static const struct guard strict = { .percent = 0, .count = 0 };
	struct world w;

	world_plan(&w,
	    &(struct trees){ "d/ d/x=1 d/y=1 e=1", "d/ ?d/x d/y=1 e=2", "e=1",
		"local /d/x" });
	cr_expect_eq(plan_guard(&w.plan, &w.in, &strict), 1);
	cr_expect_str_eq(world_ops(&w),
	    "none:d(held) none:d/x delete-local:d/y(held) upload:e");
	world_do(&w);
	cr_expect_str_eq(world_new_base(&w), "d/ d/y=1 e=2");
	world_free(&w);
	/* The store's deletions are held for themselves. */
	world_plan(&w,
	    &(struct trees){ "d/ d/x=1 e=1 f=1", "d/~ ?d/x f=1", "e=1 f=1",
		"local /d/x" });
	cr_expect_eq(plan_guard(&w.plan, &w.in, &strict), 1);
	cr_expect_str_eq(world_ops(&w), "none:d none:d/x delete-store:e(held)");
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
