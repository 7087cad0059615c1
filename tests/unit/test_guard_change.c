#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "trees.h"

#define FILES 20

static const struct guard guard = { .percent = 50, .count = 5 };

/* FILES files, of which the first n have another name or content: of each
 * "fNN" + ext (or gone) + "=" + text. */
static const char *
home_of(char *out, size_t cap, int n, const char *ext, const char *text)
{
	size_t used = 0;

	out[0] = '\0';
	for (int i = 0; i < FILES; i++)
		used +=
		    (size_t)snprintf(out + used, cap - used, "f%02d%s=%s%d ", i,
			i < n ? ext : ".odt", i < n ? text : "one", i);
	return out;
}

struct world_texts {
	char base[2048], now[2048];
};

static size_t
held_here(int n, const char *ext, const char *text, const struct guard *g,
    struct world *w)
{
	static struct world_texts t;

	world_plan(w,
	    &(struct trees){ home_of(t.base, sizeof(t.base), 0, "", ""),
		home_of(t.now, sizeof(t.now), n, ext, text), t.base });
	return plan_guard_changes(&w->plan, &w->in, g);
}

static size_t
held_there(int n, const char *ext, const char *text, const struct guard *g,
    struct world *w)
{
	static struct world_texts t;

	world_plan(w,
	    &(struct trees){ home_of(t.base, sizeof(t.base), 0, "", ""), t.base,
		home_of(t.now, sizeof(t.now), n, ext, text) });
	return plan_guard_changes(&w->plan, &w->in, g);
}

Test(guard_change, rewritten_files_are_held_beyond_share_and_number)
{
	static const struct {
		struct guard guard;
		int changed;
		size_t held;
	} cases[] = {
		{ { 50, 5 }, 10, 0 },
		{ { 50, 5 }, 11, 11 },
		{ { 50, 11 }, 11, 0 },
		{ { 20, 5 }, 5, 0 },
		{ { 20, 5 }, 6, 6 },
		{ { 0, 0 }, 1, 1 },
		{ { 100, 0 }, 20, 0 },
	};
	struct world w;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(held_here(cases[i].changed, ".odt", "xyz",
				 &cases[i].guard, &w),
		    cases[i].held, "here, case %zu", i);
		world_free(&w);
		cr_expect_eq(held_there(cases[i].changed, ".odt", "xyz",
				 &cases[i].guard, &w),
		    cases[i].held, "there, case %zu", i);
		world_free(&w);
	}
}

Test(guard_change, so_are_those_whose_ending_changed_with_their_content)
{
	static const char *const endings[] = { ".odt.locked", ".locked" };
	struct world w;

	for (size_t i = 0; i < 2; i++) {
		cr_expect_eq(held_here(11, endings[i], "xyz", &guard, &w), 11,
		    "%s here", endings[i]);
		cr_expect_eq(world_op(&w, "f00.odt")->state, OP_SUSPECT);
		/* So they are no deletions either. */
		cr_expect_eq(plan_guard(&w.plan, &w.in, &guard), 0);
		world_free(&w);
		cr_expect_eq(held_there(11, endings[i], "xyz", &guard, &w), 11,
		    "%s there", endings[i]);
		world_free(&w);
	}
}

Test(guard_change, what_is_held_changes_nothing_and_comes_again)
{
	struct world w;

	cr_expect_eq(held_here(20, ".odt.locked", "xyz", &guard, &w), 20);
	world_do(&w);
	cr_expect_null(strstr(world_new_store(&w), "locked"));
	cr_expect_not_null(strstr(world_new_store(&w), "f00.odt="));
	cr_expect_not_null(strstr(world_new_base(&w), "f19.odt="));
	world_free(&w);
}

Test(guard_change, renames_never_count)
{
	static const struct guard strict = { .percent = 0, .count = 0 };
	struct world w;

	cr_expect_eq(held_here(20, ".txt", "one", &strict, &w), 0);
	world_free(&w);
	cr_expect_eq(held_there(20, ".odt.bak", "one", &strict, &w), 0);
	world_free(&w);
}

Test(guard_change, nor_do_new_files_removals_modes_and_first_runs)
{
	static const struct trees cases[] = {
		{ "a.x=1", "a.x=1 b.x=2 c.y=3", "a.x=1" },
		{ "a.x=1 b.x=1 c.x=1", "a.x=1", "a.x=1 b.x=1 c.x=1" },
		{ "a=1 b=1", "a=1%600 b=1%600", "a=1 b=1" },
		{ NULL, "a=1 b=1", "a=2 b=2" },
		{ NULL, "a=1 b=1", NULL },
		{ "d/ d/.x=1", "d/ d/.y=2", "d/ d/.x=1" },
	};
	static const struct guard strict = { .percent = 0, .count = 0 };
	struct world w;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world_plan(&w, &cases[i]);
		cr_expect_eq(plan_guard_changes(&w.plan, &w.in, &strict), 0,
		    "case %zu: %s", i, world_ops(&w));
		world_free(&w);
	}
}

Test(guard_change, a_run_for_the_other_side_holds_nothing_of_this_one)
{
	struct world w;
	static struct world_texts t;

	world_plan(&w,
	    &(struct trees){ home_of(t.base, sizeof(t.base), 0, "", ""),
		home_of(t.now, sizeof(t.now), 20, ".odt", "xyz"), t.base });
	plan_restrict(&w.plan, SIDE_HOME);
	cr_expect_eq(plan_guard_changes(&w.plan, &w.in, &guard), 0);
	cr_expect_eq(world_op(&w, "f00.odt")->state, OP_PENDING);
	world_free(&w);
}

Test(guard_change, an_emptied_store_takes_nothing_unasked)
{
	static const struct guard wide = { .percent = 50, .count = 100 };
	struct world w;

	world_plan(&w, &(struct trees){ "a=1 d/ d/x=1", "a=1 d/ d/x=1", NULL });
	cr_expect_eq(plan_guard(&w.plan, &w.in, &wide), 3);
	world_free(&w);
	world_plan(&w, &(struct trees){ "a=1 b=1", "a=1 b=1", "b=1" });
	cr_expect_eq(plan_guard(&w.plan, &w.in, &wide), 0);
	world_free(&w);
}
