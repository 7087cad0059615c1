#include <criterion/criterion.h>

#include "signin/due.h"

#define NOON (12u * 3600)

Test(due, without_interval_and_time_it_never_is)
{
	const struct due d = { .at = "", .max_delay_s = 3600 };

	cr_expect_eq(due_in(&d, NOON, UINT32_MAX), 0);
}

Test(due, an_interval_counts_from_now)
{
	const struct due d = { .at = "", .interval_s = 900 };

	cr_expect_eq(due_in(&d, NOON, UINT32_MAX), 900);
}

Test(due, a_time_of_day_is_today_or_tomorrow)
{
	const struct due d = { .at = "12:30" };

	cr_expect_eq(due_in(&d, NOON, 0), 1800);
	cr_expect_eq(due_in(&d, NOON + 1800, 0), 24 * 3600);
	cr_expect_eq(due_in(&d, NOON + 1801, 0), 24 * 3600 - 1);
}

Test(due, of_both_the_earlier_counts)
{
	const struct due d = { .at = "12:30", .interval_s = 3600 };

	cr_expect_eq(due_in(&d, NOON, 0), 1800);
	cr_expect_eq(due_in(&d, NOON + 1800, 0), 3600);
}

Test(due, chance_makes_it_later_and_never_by_more_than_is_set)
{
	const struct due d = { .at = "", .interval_s = 100, .max_delay_s = 60 };

	cr_expect_eq(due_in(&d, 0, 0), 100);
	cr_expect_eq(due_in(&d, 0, UINT32_MAX / 2), 129);
	cr_expect_eq(due_in(&d, 0, UINT32_MAX), 160);
}

Test(due, only_hours_and_minutes_are_a_time)
{
	static const char *const bad[] = { "", "1:00", "24:00", "12:60",
		"12.00", "12:00:00", "ab:cd" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(due_parse(bad[i]), -1, "%s", bad[i]);
	cr_expect_eq(due_parse("23:59"), 23 * 3600 + 59 * 60);
}
