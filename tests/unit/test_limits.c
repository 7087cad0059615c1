#include <criterion/criterion.h>

#include "sync/limits.h"

#define MIB ((uint64_t)1 << 20)

Test(limits, without_an_end_nothing_is_too_late)
{
	const struct limits l = { .from_s = 5 };
	const struct limits_pace pace = { .from_s = 5, .bytes = 1 };

	cr_expect_eq(limits_receive(&l), 0);
	cr_expect_eq(limits_send(&l), 0);
	cr_expect(!limits_too_late(&l, &pace, UINT64_MAX, 1e9));
}

Test(limits, what_comes_leaves_time_to_put_it_in_place_and_to_send)
{
	const struct limits one = { .from_s = 100, .until_s = 160 };
	const struct limits both = { .from_s = 100,
		.until_s = 160,
		.sends = true };

	cr_expect_lt(limits_receive(&one), 160);
	cr_expect_lt(limits_receive(&both), limits_receive(&one));
	cr_expect_lt(limits_receive(&both), limits_send(&both));
	cr_expect_lt(limits_send(&both), 160);
}

Test(limits, a_large_file_does_not_keep_the_small_ones)
{
	const struct limits l = { .from_s = 0, .until_s = 100 };
	const struct limits_pace known = { .from_s = 10, .bytes = 10 * MIB };
	const struct limits_pace young = { .from_s = 19.9, .bytes = 10 * MIB };
	const struct limits_pace little = { .from_s = 10, .bytes = 1000 };

	/* A MiB a second, and 70 s to go. */
	cr_expect(!limits_too_late(&l, &known, 60 * MIB, 20));
	cr_expect(limits_too_late(&l, &known, 80 * MIB, 20));
	cr_expect(!limits_too_late(&l, &young, 80 * MIB, 20));
	cr_expect(!limits_too_late(&l, &little, 80 * MIB, 20));
	cr_expect(limits_too_late(&l, &little, 1, 90));
}

Test(limits, time_that_is_over_is_too_late_for_anything)
{
	const struct limits l = { .from_s = 100, .until_s = 101 };
	const struct limits_pace pace = { .from_s = 100 };

	cr_expect(limits_too_late(&l, &pace, 0, 102));
}
