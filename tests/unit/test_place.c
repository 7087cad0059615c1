#include <criterion/criterion.h>

#include "model/place.h"

/* Each differs from the one before in one more significant part. */
static const struct place rising[] = {
	{ .gen = 1, .pack = 0, .frame = 10, .frame_len = 5, .at = 0 },
	{ .gen = 1, .pack = 0, .frame = 10, .frame_len = 5, .at = 9 },
	{ .gen = 1, .pack = 0, .frame = 10, .frame_len = 6, .at = 1 },
	{ .gen = 1, .pack = 0, .frame = 11, .frame_len = 2, .at = 0 },
	{ .gen = 1, .pack = 1, .frame = 0, .frame_len = 1, .at = 0 },
	{ .gen = 2, .pack = 0, .frame = 0, .frame_len = 1, .at = 0 },
};
#define COUNT (sizeof(rising) / sizeof(rising[0]))

Test(place, order_is_that_of_the_store)
{
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < COUNT; j++) {
			int order = place_order(&rising[i], &rising[j]);

			cr_expect_eq((order > 0) - (order < 0),
			    (i > j) - (i < j), "%zu and %zu", i, j);
			cr_expect_eq(place_same(&rising[i], &rising[j]),
			    i == j);
		}
}

Test(place, frames_are_the_same_wherever_in_them)
{
	for (size_t i = 1; i < COUNT; i++)
		cr_expect_eq(place_same_frame(&rising[0], &rising[i]), i == 1,
		    "%zu", i);
}

Test(place, what_is_not_stored_lies_nowhere)
{
	struct place none = { .gen = GEN_NONE, .at = 1 }, hole = none, also;

	hole.gen = GEN_HOLE;
	also = hole;
	also.at = 2;
	cr_expect(!place_is_stored(&none));
	cr_expect(!place_is_stored(&hole));
	cr_expect(place_is_stored(&rising[0]));
	cr_expect(place_same(&hole, &also));
	cr_expect(!place_same(&hole, &none));
	cr_expect(!place_same(&hole, &rising[0]));
}
