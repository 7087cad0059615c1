#include <criterion/criterion.h>

#include "signin/pace.h"

static const struct pace_limits windows = { .delay_ms = 120, .rate_kbit = 500 };

Test(pace, a_link_is_slow_by_either_limit)
{
	static const struct {
		struct pace p;
		bool slow;
	} cases[] = {
		{ { 0.015, 1e6 }, false },
		{ { 0.120, 62500 }, false },
		{ { 0.121, 1e6 }, true },
		{ { 0.015, 62000 }, true },
		/* What is not known is not slow. */
		{ { -1, 0 }, false },
		{ { 0.015, 0 }, false },
		{ { -1, 62000 }, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(pace_is_slow(&cases[i].p, &windows), cases[i].slow,
		    "case %zu", i);
}

Test(pace, without_limits_nothing_is_slow)
{
	const struct pace_limits none = { 0 };
	const struct pace crawl = { 20, 1 };

	cr_expect(!pace_is_slow(&crawl, &none));
}

Test(pace, the_better_of_two_counts)
{
	const struct pace unknown = { -1, 0 }, a = { 0.2, 50 }, b = { 0.1, 10 };
	struct pace got = pace_better(&unknown, &a);

	cr_expect_eq(got.delay_s, 0.2);
	got = pace_better(&got, &b);
	cr_expect_eq(got.delay_s, 0.1);
	cr_expect_eq(got.rate, 50);
	got = pace_better(&got, &unknown);
	cr_expect_eq(got.delay_s, 0.1);
}

Test(pace, its_text_names_what_was_measured_and_the_limits)
{
	const struct pace p = { 0.0154, 30000 }, young = { 0.2, 0 };
	char out[128];

	cr_expect_str_eq(pace_text(&p, &windows, out, sizeof(out)),
	    "240 kbit/s, 15 ms (slow is below 500 kbit/s or above 120 ms)");
	cr_expect_str_eq(pace_text(&young, &windows, out, sizeof(out)),
	    "200 ms (slow is below 500 kbit/s or above 120 ms)");
}
