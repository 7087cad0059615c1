#include "engine/plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "trees.h"

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

/* In the home a unit comes and goes as a whole, so its files do not move. */
Test(guard, nor_are_units_that_got_another_name)
{
	static char base[16384], then[16384];
	size_t from = 0, to = 0;
	struct world w;

	from = (size_t)snprintf(base, sizeof(base), "u1/ ");
	to = (size_t)snprintf(then, sizeof(then), "u2/ ");
	for (int i = 0; i < 150; i++) {
		from += (size_t)snprintf(base + from, sizeof(base) - from,
		    "u1/f%03d=%d ", i, i + 1);
		to += (size_t)snprintf(then + to, sizeof(then) - to,
		    "u2/f%03d=%d ", i, i + 1);
	}
	world_plan(&w, &(struct trees){ base, base, then, "unit u*/\n" });
	cr_expect_eq(plan_guard(&w.plan, &w.in, &guard), 0);
	cr_expect_eq(plan_find(&w.plan, "u2/f000", 7)->action, ACTION_DOWNLOAD);
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
