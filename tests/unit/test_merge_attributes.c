#include "engine/merge.h"

#include <criterion/criterion.h>
#include <string.h>

#include "made.h"

/* The three fields of an entry, each as one of a few values. */
static struct entry
fields(int mode, int attrs, int group, struct extra *x)
{
	struct entry t = made_file("1", 1);

	t.mode = (uint16_t)(0600 + mode);
	*x = (struct extra){
		.attrs = attrs == 0 ? NULL
		    : attrs == 1    ? made_red
				    : made_blue,
		.attrs_len = attrs == 0 ? 0
		    : attrs == 1        ? MADE_RED_LEN
					: MADE_BLUE_LEN,
		.group = (uint64_t)group,
	};
	t.extra = x;
	return t;
}

/* Who changed a field has it; where both did, the winner. 0: nobody did. */
static int
merged_field(int l, int r, bool local_wins)
{
	if (l == 0 || r == 0)
		return l + r;
	return local_wins ? l : r;
}

Test(merge_attributes, attributes_merge_field_by_field)
{
	/* Each digit base 3: unchanged, changed to 1, changed to 2. */
	for (int i = 0; i < 27 * 27 * 2; i++) {
		int n = i / 2;
		int l[3] = { n % 3, n / 3 % 3, n / 9 % 3 };
		int r[3] = { n / 27 % 3, n / 81 % 3, n / 243 % 3 };
		struct extra bx, lx, rx;
		struct entry b = fields(0, 0, 0, &bx);
		struct entry local = fields(l[0], l[1], l[2], &lx);
		struct entry remote = fields(r[0], r[1], r[2], &rx);
		struct extra wx;
		struct entry want;
		struct decision d;

		local.mtime_ns = i % 2 ? 9 : 1;
		remote.mtime_ns = 5;
		want = fields(merged_field(l[0], r[0], i % 2),
		    merged_field(l[1], r[1], i % 2),
		    merged_field(l[2], r[2], i % 2), &wx);
		d = decide(&b, &local, &remote);
		cr_assert_eq(d.needed,
		    !entry_same(&b, &local) || !entry_same(&b, &remote));
		if (d.needed) {
			cr_assert(entry_same(d.op.result, &want), "case %d", i);
			cr_assert_null(d.op.loser);
		}
		decision_free(&d);
	}
}

Test(merge_attributes, attributes_without_a_base_are_those_of_the_winner)
{
	struct extra lx, rx;
	struct entry l = fields(1, 1, 4, &lx), r = fields(2, 2, 3, &rx);
	struct decision d;

	l.mtime_ns = 9;
	d = decide(NULL, &l, &r);
	cr_expect_eq(d.op.action, ACTION_ATTRIBUTES);
	cr_expect_eq(d.op.sides, SIDE_STORE);
	cr_expect(entry_same(d.op.result, &l));
	cr_expect_eq(d.op.result->mtime_ns, 9);
	decision_free(&d);
	r.mtime_ns = 10;
	d = decide(NULL, &l, &r);
	cr_expect_eq(d.op.sides, SIDE_HOME);
	cr_expect(entry_same(d.op.result, &r));
	cr_expect_eq(d.op.result->mtime_ns, 10);
	decision_free(&d);
}

Test(merge_attributes, new_on_both_sides_and_linked_on_one_is_linked)
{
	for (int i = 0; i < 4; i++) {
		struct extra lx, rx;
		struct entry l = fields(0, 0, i & 1 ? 3 : 0, &lx);
		struct entry r = fields(0, 0, i & 1 ? 0 : 3, &rx);
		struct decision d;

		l.mtime_ns = i & 2 ? 9 : 1;
		r.mtime_ns = 5;
		d = decide(NULL, &l, &r);
		cr_expect_eq(d.op.sides, i & 1 ? SIDE_STORE : SIDE_HOME);
		cr_expect_eq(entry_group(d.op.result), 3);
		decision_free(&d);
	}
}

Test(merge_attributes, a_base_of_another_type_tells_nothing_about_attributes)
{
	struct entry b = made_file("1", 1), l = made_directory(0700, 9);
	struct entry r = made_directory(0755, 5);
	struct decision d;

	r.extra = &made_extras[2];
	d = decide(&b, &l, &r);
	cr_expect_eq(d.op.action, ACTION_ATTRIBUTES);
	cr_expect_eq(d.op.sides, SIDE_STORE);
	cr_expect(entry_same(d.op.result, &l));
	decision_free(&d);
}

Test(merge_attributes, content_of_one_side_and_mode_of_the_other_come_together)
{
	struct entry b = made_file("1", 1), l = made_file("1", 1),
		     r = made_file("2", 2);
	struct decision d;

	l.mode = 0600;
	d = decide(&b, &l, &r);
	cr_expect_eq(d.op.action, ACTION_DOWNLOAD);
	cr_expect_eq(d.op.sides, SIDE_HOME | SIDE_STORE);
	cr_expect(entry_same_content(d.op.result, &r));
	cr_expect_eq(d.op.result->mode, 0600);
	decision_free(&d);
	d = decide(&b, &r, &l);
	cr_expect_eq(d.op.action, ACTION_UPLOAD);
	cr_expect_eq(d.op.sides, SIDE_HOME | SIDE_STORE);
	cr_expect(entry_same_content(d.op.result, &r));
	cr_expect_eq(d.op.result->mode, 0600);
	decision_free(&d);
}

/* A mode of a file is none for the symlink that took its place. */
Test(merge_attributes, a_change_of_type_takes_its_own_attributes)
{
	static const struct extra to = { .target = "t" };
	struct entry b = made_file("1", 1), l = made_file("1", 9),
		     r = made_link(&to, 2);
	struct decision d;

	l.mode = 0600;
	d = decide(&b, &l, &r);
	cr_expect_eq(d.op.action, ACTION_DOWNLOAD);
	cr_expect_eq(d.op.sides, SIDE_HOME);
	cr_expect_eq(d.op.result, &r);
	d = decide(&b, &r, &l);
	cr_expect_eq(d.op.action, ACTION_UPLOAD);
	cr_expect_eq(d.op.result, &r);
	decision_free(&d);
}

Test(merge_attributes, a_directory_wins_against_whatever_is_none)
{
	static const struct extra to = { .target = "t" };
	struct entry dir = made_directory(0755, 1), old = made_file("0", 0);
	struct entry other[] = { made_file("1", 9), made_link(&to, 9) };
	const struct entry *bases[] = { NULL, &old };

	for (size_t i = 0; i < 4; i++) {
		struct entry *t = &other[i / 2];
		struct decision d = decide(bases[i % 2], &dir, t);

		cr_expect_eq(d.op.action, ACTION_CONFLICT);
		cr_expect_eq(d.op.reason, REASON_DIRECTORY_WON);
		cr_expect_eq(d.op.result, &dir);
		cr_expect_eq(d.op.loser, t);
		cr_expect_not(d.op.loser_is_local);
		cr_expect_eq(d.op.sides, SIDE_STORE);
		d = decide(bases[i % 2], t, &dir);
		cr_expect_eq(d.op.result, &dir);
		cr_expect_eq(d.op.loser, t);
		cr_expect(d.op.loser_is_local);
		cr_expect_eq(d.op.sides, SIDE_HOME);
	}
}

Test(merge_attributes, a_true_conflict_keeps_the_loser)
{
	struct entry b = made_file("0", 0), l = made_file("1", 2),
		     r = made_file("2", 1);
	struct decision d = decide(&b, &l, &r);

	cr_expect_eq(d.op.action, ACTION_CONFLICT);
	cr_expect_eq(d.op.reason, REASON_BOTH_LOCAL_WON);
	cr_expect_eq(d.op.result, &l);
	cr_expect_eq(d.op.loser, &r);
	cr_expect_eq(d.op.sides, SIDE_STORE);
	d = decide(&b, &r, &l);
	cr_expect_eq(d.op.reason, REASON_BOTH_STORE_WON);
	cr_expect_eq(d.op.result, &l);
	cr_expect_eq(d.op.sides, SIDE_HOME);
}
