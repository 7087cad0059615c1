#include "engine/merge.h"

#include <criterion/criterion.h>
#include <string.h>

#include "made.h"

/* A file, directory, symlink or nothing, all fields drawn. */
static struct entry
draw(uint64_t *seed, bool *there)
{
	static const struct extra links[] = {
		{ .target = "a" },
		{ .target = "b" },
	};
	uint32_t r;
	struct entry t;

	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	r = (uint32_t)(*seed >> 33);
	switch (r % 8) {
	case 0:
		t = made_directory(0700, r >> 3 & 3);
		break;
	case 1:
		t = made_link(&links[r >> 3 & 1], r >> 4 & 3);
		break;
	default:
		t = made_file(r >> 3 & 1 ? "1" : "22", r >> 4 & 3);
		t.mode = r >> 6 & 1 ? 0644 : 0600;
		t.extra = &made_extras[(r >> 7) % MADE_EXTRAS];
	}
	t.machine = r >> 20 & 1 ? (r >> 21 & 1 ? &made_ws1 : &made_ws2) : NULL;
	*there = (r >> 22 & 3) != 0;
	return t;
}

#define DRAWS 64

Test(merge, the_winner_is_a_total_order)
{
	struct entry t[DRAWS];
	uint64_t seed = 1;
	bool there;

	for (size_t i = 0; i < DRAWS; i++)
		t[i] = draw(&seed, &there);
	for (size_t i = 0; i < DRAWS; i++)
		for (size_t j = 0; j < DRAWS; j++) {
			int ij = merge_winner(&t[i], &t[j]);

			cr_assert_eq(ij > 0, merge_winner(&t[j], &t[i]) < 0);
			if (ij == 0)
				cr_assert(entry_same(&t[i], &t[j]) &&
				    t[i].mtime_ns == t[j].mtime_ns);
			for (size_t k = 0; ij >= 0 && k < DRAWS; k++)
				if (merge_winner(&t[j], &t[k]) > 0)
					cr_assert_gt(merge_winner(&t[i], &t[k]),
					    0);
		}
}

Test(merge, the_winner_is_the_newer_then_by_machine_then_by_hash)
{
	struct entry a = made_file("1", 5), b = made_file("2", 4);
	struct hash low = { .b = { 1 } }, high = { .b = { 2 } };

	a.machine = &made_ws1;
	b.machine = &made_ws2;
	a.hash = low;
	b.hash = high;
	cr_expect_gt(merge_winner(&a, &b), 0);
	b.mtime_ns = 5;
	cr_expect_lt(merge_winner(&a, &b), 0, "ws2 is behind ws1");
	b.machine = &made_ws1;
	cr_expect_lt(merge_winner(&a, &b), 0, "the hash is higher");
	b.hash = low;
	cr_expect_eq(merge_winner(&a, &b), 0);
}

/* What the op says to someone who looks from the other side. */
static bool
is_mirror(const struct op *a, const struct op *b)
{
	static const enum action other[ACTION__COUNT] = {
		[ACTION_NONE] = ACTION_NONE,
		[ACTION_UPLOAD] = ACTION_DOWNLOAD,
		[ACTION_DOWNLOAD] = ACTION_UPLOAD,
		[ACTION_DELETE_LOCAL] = ACTION_DELETE_STORE,
		[ACTION_DELETE_STORE] = ACTION_DELETE_LOCAL,
		[ACTION_CONFLICT] = ACTION_CONFLICT,
		[ACTION_ATTRIBUTES] = ACTION_ATTRIBUTES,
	};
	unsigned sides = (b->sides & SIDE_HOME ? SIDE_STORE : 0u) |
	    (b->sides & SIDE_STORE ? SIDE_HOME : 0u);

	return a->action == other[b->action] && a->sides == sides &&
	    entry_same(a->result, b->result) && a->loser == b->loser &&
	    (a->loser == NULL || a->loser_is_local != b->loser_is_local) &&
	    a->state == b->state;
}

Test(merge, a_decision_looks_the_same_from_both_sides)
{
	uint64_t seed = 2;

	for (int i = 0; i < 20000; i++) {
		bool has_b, has_l, has_r;
		struct entry b = draw(&seed, &has_b), l = draw(&seed, &has_l),
			     r = draw(&seed, &has_r);
		struct decision one = decide(has_b ? &b : NULL,
		    has_l ? &l : NULL, has_r ? &r : NULL);
		struct decision two = decide(has_b ? &b : NULL,
		    has_r ? &r : NULL, has_l ? &l : NULL);

		cr_assert_eq(one.needed, two.needed, "draw %d", i);
		if (one.needed && two.needed && merge_winner(&l, &r) != 0)
			cr_assert(is_mirror(&one.op, &two.op), "draw %d", i);
		decision_free(&one);
		decision_free(&two);
	}
}

/*
 * What a decision may never do: change a side without saying so, drop content
 * that only one side has, or say that it is done when the sides differ.
 */
Test(merge, a_decision_loses_nothing_and_names_every_side_it_changes)
{
	uint64_t seed = 3;

	for (int i = 0; i < 20000; i++) {
		bool has_b, has_l, has_r;
		struct entry b = draw(&seed, &has_b), l = draw(&seed, &has_l),
			     r = draw(&seed, &has_r);
		struct decision d = decide(has_b ? &b : NULL, has_l ? &l : NULL,
		    has_r ? &r : NULL);
		const struct op *op = &d.op;

		if (!d.needed) {
			cr_assert(entry_same(op->local, op->remote));
			decision_free(&d);
			continue;
		}
		cr_assert_eq((op->sides & SIDE_HOME) != 0,
		    !entry_same(op->result, op->local), "draw %d", i);
		cr_assert_eq((op->sides & SIDE_STORE) != 0,
		    !entry_same(op->result, op->remote), "draw %d", i);
		cr_assert_eq(op->state == OP_DONE, op->sides == 0);
		for (int side = 0; side < 2; side++) {
			const struct entry *t = side ? op->local : op->remote;

			cr_assert(t == NULL ||
				(op->base != NULL &&
				    entry_same_content(t, op->base)) ||
				(op->result != NULL &&
				    entry_same_content(t, op->result)) ||
				t == op->loser,
			    "draw %d: content is lost", i);
		}
		decision_free(&d);
	}
}

Test(merge, a_merged_entry_is_one_that_can_exist)
{
	uint64_t seed = 4;

	for (int i = 0; i < 20000; i++) {
		bool there;
		struct entry b = draw(&seed, &there), l = draw(&seed, &there),
			     r = draw(&seed, &there);
		struct decision d = decide(&b, &l, &r);
		const struct entry *t = d.needed ? d.op.result : NULL;

		if (t != NULL && t->type == ENTRY_LINK)
			cr_assert(t->mode == 0777 && entry_group(t) == 0 &&
				t->extra->attrs == NULL &&
				entry_target(t) != NULL,
			    "draw %d: a symlink", i);
		if (t != NULL && t->type != ENTRY_LINK)
			cr_assert_null(entry_target(t), "draw %d", i);
		decision_free(&d);
	}
}

Test(merge, a_changed_mtime_alone_is_no_change)
{
	struct entry b = made_file("1", 1), l = made_file("1", 2),
		     r = made_file("1", 3);
	struct decision d;

	cr_expect_eq(merge_change(&b, &l), CHG_SAME);
	d = decide(&b, &l, &r);
	cr_expect_not(d.needed);
	l = made_directory(0755, 9);
	b = made_directory(0755, 1);
	cr_expect_eq(merge_change(&b, &l), CHG_SAME);
}

Test(merge, the_same_new_file_on_both_sides_is_no_conflict)
{
	struct entry l = made_file("1", 1), r = made_file("1", 2);
	struct decision d = decide(NULL, &l, &r);

	cr_expect_eq(d.op.action, ACTION_NONE);
	cr_expect_eq(d.op.reason, REASON_AGREED);
	cr_expect_eq(d.op.state, OP_DONE);
	cr_expect_eq(d.op.result, &r, "the store knows where it lies");
	r = made_file("2", 2);
	d = decide(NULL, &l, &r);
	cr_expect_eq(d.op.action, ACTION_CONFLICT);
	cr_expect_eq(d.op.loser, &l);
	cr_expect(d.op.loser_is_local);
}

Test(merge, every_change_on_one_side_says_what_it_is)
{
	struct entry one = made_file("1", 1), two = made_file("2", 1),
		     mode = one;
	const struct {
		const struct entry *base, *local, *remote;
		enum action action;
		enum reason reason;
	} cases[] = {
		{ NULL, &one, NULL, ACTION_UPLOAD, REASON_NEW_HERE },
		{ NULL, NULL, &one, ACTION_DOWNLOAD, REASON_NEW_THERE },
		{ &one, &two, &one, ACTION_UPLOAD, REASON_CHANGED_HERE },
		{ &one, &one, &two, ACTION_DOWNLOAD, REASON_CHANGED_THERE },
		{ &one, &mode, &one, ACTION_ATTRIBUTES, REASON_ATTRS_HERE },
		{ &one, &one, &mode, ACTION_ATTRIBUTES, REASON_ATTRS_THERE },
		{ &one, NULL, &one, ACTION_DELETE_STORE, REASON_REMOVED_HERE },
		{ &one, &one, NULL, ACTION_DELETE_LOCAL, REASON_REMOVED_THERE },
		{ &one, &two, NULL, ACTION_UPLOAD, REASON_EDIT_OUTLIVES },
		{ &one, NULL, &two, ACTION_DOWNLOAD, REASON_EDIT_OUTLIVES },
		{ &one, &mode, NULL, ACTION_UPLOAD, REASON_EDIT_OUTLIVES },
		{ &one, NULL, NULL, ACTION_NONE, REASON_GONE },
		{ &one, &two, &two, ACTION_NONE, REASON_AGREED },
	};

	mode.mode = 0600;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct decision d =
		    decide(cases[i].base, cases[i].local, cases[i].remote);

		cr_expect_eq(d.op.action, cases[i].action, "case %zu", i);
		cr_expect_eq(d.op.reason, cases[i].reason, "case %zu", i);
	}
}
