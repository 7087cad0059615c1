#include <string.h>

#include <criterion/criterion.h>

#include "base/path.h"
#include "sync/beside.h"
#include "trees.h"

static const char *
name_of(const char *path, const char *by, char *out, size_t cap)
{
	const struct machine machine = { .id = by, .name = by };
	const struct entry loser = { .path = path,
		.path_len = (uint16_t)strlen(path),
		.mtime_ns = (int64_t)1767323045 * 1000000000,
		.type = ENTRY_FILE };
	const struct conflict lost = { .loser = &loser, .machine = &machine };

	return beside_name(out, cap, &lost, false) ? out : NULL;
}

Test(beside, the_name_has_machine_and_time_before_its_ending)
{
	static const char *const rows[][3] = {
		{ "a.odt", "ws2",
		    "a (conflict from ws2 2026-01-02 03.04.05).odt" },
		{ "d/a.tar.gz", "w",
		    "d/a.tar (conflict from w 2026-01-02 03.04.05).gz" },
		{ "d.e/a", "w", "d.e/a (conflict from w 2026-01-02 03.04.05)" },
		{ ".a", "w", ".a (conflict from w 2026-01-02 03.04.05)" },
		{ "a.b", "../x\n",
		    "a (conflict from .._x_ 2026-01-02 03.04.05).b" },
	};
	char out[PATH_LEN_MAX + 1];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_not_null(
		    name_of(rows[i][0], rows[i][1], out, sizeof(out)));
		cr_expect_str_eq(out, rows[i][2]);
	}
}

Test(beside, a_long_name_is_cut_between_characters)
{
	char path[400], out[PATH_LEN_MAX + 1];

	path[0] = '\0';
	for (int i = 0; i < 120; i++)
		strcat(path, "ä");
	strcat(path, ".odt");
	cr_assert_not_null(name_of(path, "machine", out, sizeof(out)));
	cr_expect_leq(strlen(out), 255);
	cr_expect_gt(strlen(out), 250);
	cr_expect(path_is_clean(out, strlen(out)));
	cr_expect_not_null(strstr(out, "ä (conflict from machine"));
	cr_expect_str_eq(out + strlen(out) - 4, ".odt");
	/* No stem would be left beside such an ending, or such a path. */
	memset(path, 'x', 255);
	path[1] = '.';
	path[255] = '\0';
	cr_expect_null(name_of(path, "machine", out, sizeof(out)));
	cr_expect_null(name_of("abc", "machine", out, 20));
}

static const struct profile no_list;

#define BOTH (SIDE_HOME | SIDE_STORE)

/* Times are nanoseconds since 1970, so all copies have the same date. */
#define COPY " (conflict from self 1970-01-01 00.00.00)"

Test(beside, the_plan_tells_of_the_copy)
{
	static const char rules[] = "beside docs/\nlocal docs/*.tmp\n";
	static const struct {
		const char *why;
		struct trees trees;
		unsigned sides;
		const char *ops;
	} rows[] = {
		{ "here is older",
		    { "docs/ docs/a.odt=1", "docs/ docs/a.odt=2@5",
			"docs/ docs/a.odt=3@9", rules },
		    BOTH,
		    "upload:docs/a" COPY
		    ".odt<docs/a.odt conflict:docs/a.odt" },
		{ "a run that changes the home alone",
		    { "docs/ docs/a.odt=1", "docs/ docs/a.odt=2@5",
			"docs/ docs/a.odt=3@9", rules },
		    SIDE_HOME,
		    "upload:docs/a" COPY
		    ".odt<docs/a.odt conflict:docs/a.odt" },
		{ "the conflict waits",
		    { "docs/ docs/a.odt=1", "docs/ docs/a.odt=2@9",
			"docs/ docs/a.odt=3@5", rules },
		    SIDE_HOME, "conflict:docs/a.odt(pending)" },
		{ "somewhere else",
		    { "a.odt=1", "a.odt=2@5", "a.odt=3@9", rules }, BOTH,
		    "conflict:a.odt" },
	};
	struct err e = { 0 };
	struct world w;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_plan(&w, &rows[i].trees);
		plan_restrict(&w.plan, rows[i].sides);
		cr_assert_eq(beside_plan(&w.plan, &w.in, &no_list,
				 rows[i].sides, &e),
		    0);
		cr_expect_str_eq(world_ops(&w), rows[i].ops, "%s: %s",
		    rows[i].why, world_ops(&w));
		world_free(&w);
	}
}

/* The op of the copy; one of no copy where there is none. */
static const struct op *
copy_of(const struct world *w)
{
	static const struct op none;

	for (size_t i = 0; i < w->plan.count; i++)
		if (w->plan.op[i].beside)
			return &w->plan.op[i];
	return &none;
}

/* What one side alone has by now is no base: it is news for the other. */
Test(beside, the_copy_of_a_one_sided_run_is_new)
{
	static const struct trees trees = { "d/ d/a=1", "d/ d/a=2@5",
		"d/ d/a=3@9", "beside d/\n" };
	static const unsigned sides[] = { BOTH, SIDE_HOME };
	struct err e = { 0 };
	struct world w;

	for (size_t i = 0; i < 2; i++) {
		world_plan(&w, &trees);
		plan_restrict(&w.plan, sides[i]);
		cr_assert_eq(beside_plan(&w.plan, &w.in, &no_list, sides[i],
				 &e),
		    0);
		cr_assert(copy_of(&w)->beside);
		cr_expect_eq(copy_of(&w)->sides, sides[i]);
		cr_expect_eq(copy_of(&w)->from, world_op(&w, "d/a")->loser);
		world_do(&w);
		cr_expect_not_null(strstr(world_new_local(&w), "conflict"));
		cr_expect_eq(strstr(world_new_base(&w), "conflict") != NULL,
		    sides[i] == BOTH);
		world_free(&w);
	}
}

Test(beside, what_lies_there_already_has_not_to_be_kept_again)
{
	struct err e = { 0 };
	struct entry there;
	struct extra extra = { 0 };
	struct world w;

	world_plan(&w,
	    &(struct trees){ "d/ d/a=1", "d/ d/a=2@5", "d/ d/a=3@9",
		"beside d/\n" });
	cr_assert_eq(beside_plan(&w.plan, &w.in, &no_list, BOTH, &e), 0);
	there = *copy_of(&w)->result;
	there.extra = &extra;
	plan_free(&w.plan);
	cr_assert_eq(tree_add(&w.local.tree, &there, &e), 0);
	tree_sort(&w.local.tree);
	cr_assert_eq(plan_make(&w.plan, &w.in, &e), 0);
	cr_assert_eq(beside_plan(&w.plan, &w.in, &no_list, BOTH, &e), 0);
	cr_expect_not(copy_of(&w)->beside);
	cr_expect_null(world_op(&w, "d/a")->loser);
	world_free(&w);
}

Test(beside, so_does_what_the_list_has)
{
	static const char rules[] = "beside d/\n";
	static const struct {
		const char *path;
		const char *ops;
	} rows[] = {
		{ "d/a.odt", "download:d/a" COPY ".odt<d/a.odt" },
		{ "a.odt", "" }, /* somewhere else */
		{ "d/e/a", "" }, /* its directory is gone */
	};
	struct entry loser = { .type = ENTRY_FILE,
		.mode = 0644,
		.size = 1,
		.place = { .gen = 1 } };
	const struct machine self = { .id = "self", .name = "self" };
	struct conflict c = { .id = 7, .loser = &loser, .machine = &self };
	const struct profile list = { .conflict = &c, .conflict_count = 1 };
	struct err e = { 0 };
	struct world w;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		loser.path = rows[i].path;
		loser.path_len = (uint16_t)strlen(loser.path);
		world_plan(&w, &(struct trees){ "d/", "d/", "d/", rules });
		cr_assert_eq(beside_plan(&w.plan, &w.in, &list, BOTH, &e), 0);
		cr_expect_str_eq(world_ops(&w), rows[i].ops, "%s: %s",
		    rows[i].path, world_ops(&w));
		world_free(&w);
	}
}
