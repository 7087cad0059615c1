#include "engine/merge.h"

#include <criterion/criterion.h>

/* What act means to someone who looks from the other side. */
static enum act
mirrored(enum act act)
{
	static const enum act other[ACT__COUNT] = {
		[ACT_NEVER] = ACT_NEVER,
		[ACT_KEEP] = ACT_KEEP,
		[ACT_PULL] = ACT_PUSH,
		[ACT_PUSH] = ACT_PULL,
		[ACT_DROP_LOCAL] = ACT_DROP_STORE,
		[ACT_DROP_STORE] = ACT_DROP_LOCAL,
		[ACT_FORGET] = ACT_FORGET,
		[ACT_COMPARE] = ACT_COMPARE,
	};

	return other[act];
}

Test(merge_table, swapping_the_sides_mirrors_every_cell)
{
	for (enum change l = 0; l < CHG__COUNT; l++)
		for (enum change r = 0; r < CHG__COUNT; r++)
			cr_expect_eq(merge_cell(l, r),
			    mirrored(merge_cell(r, l)), "cell %d,%d", l, r);
}

Test(merge_table, only_changes_from_one_base_can_meet)
{
	for (enum change l = 0; l < CHG__COUNT; l++)
		for (enum change r = 0; r < CHG__COUNT; r++) {
			bool new_l = l == CHG_NONE || l == CHG_NEW;
			bool new_r = r == CHG_NONE || r == CHG_NEW;
			bool can =
			    new_l == new_r && !(l == CHG_NONE && r == CHG_NONE);

			cr_expect_eq(merge_cell(l, r) != ACT_NEVER, can,
			    "cell %d,%d", l, r);
		}
}

/* These cells are their own mirror, so they are named one by one. */
Test(merge_table, the_same_change_on_both_sides)
{
	cr_expect_eq(merge_cell(CHG_SAME, CHG_SAME), ACT_KEEP);
	cr_expect_eq(merge_cell(CHG_NEW, CHG_NEW), ACT_COMPARE);
	cr_expect_eq(merge_cell(CHG_EDIT, CHG_EDIT), ACT_COMPARE);
	cr_expect_eq(merge_cell(CHG_GONE, CHG_GONE), ACT_FORGET);
}

/* The mirror test would accept a table with push and pull exchanged. */
Test(merge_table, a_side_that_did_nothing_gives_way)
{
	cr_expect_eq(merge_cell(CHG_NEW, CHG_NONE), ACT_PUSH);
	cr_expect_eq(merge_cell(CHG_EDIT, CHG_SAME), ACT_PUSH);
	cr_expect_eq(merge_cell(CHG_GONE, CHG_SAME), ACT_DROP_STORE);
}

Test(merge_table, an_edit_outlives_a_removal)
{
	cr_expect_eq(merge_cell(CHG_EDIT, CHG_GONE), ACT_PUSH);
	cr_expect_eq(merge_cell(CHG_GONE, CHG_EDIT), ACT_PULL);
}
