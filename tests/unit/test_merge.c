#include "engine/merge.h"

#include <criterion/criterion.h>
#include <string.h>

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

Test(merge, swapping_the_sides_mirrors_every_cell)
{
	for (enum change l = 0; l < CHG__COUNT; l++)
		for (enum change r = 0; r < CHG__COUNT; r++)
			cr_expect_eq(merge_cell(l, r),
			    mirrored(merge_cell(r, l)), "cell %d,%d", l, r);
}

Test(merge, only_changes_from_one_base_can_meet)
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
Test(merge, the_same_change_on_both_sides)
{
	cr_expect_eq(merge_cell(CHG_SAME, CHG_SAME), ACT_KEEP);
	cr_expect_eq(merge_cell(CHG_NEW, CHG_NEW), ACT_COMPARE);
	cr_expect_eq(merge_cell(CHG_EDIT, CHG_EDIT), ACT_COMPARE);
	cr_expect_eq(merge_cell(CHG_GONE, CHG_GONE), ACT_FORGET);
}

/* The mirror test would accept a table with push and pull exchanged. */
Test(merge, a_side_that_did_nothing_gives_way)
{
	cr_expect_eq(merge_cell(CHG_NEW, CHG_NONE), ACT_PUSH);
	cr_expect_eq(merge_cell(CHG_EDIT, CHG_SAME), ACT_PUSH);
	cr_expect_eq(merge_cell(CHG_GONE, CHG_SAME), ACT_DROP_STORE);
}

Test(merge, an_edit_outlives_a_removal)
{
	cr_expect_eq(merge_cell(CHG_EDIT, CHG_GONE), ACT_PUSH);
	cr_expect_eq(merge_cell(CHG_GONE, CHG_EDIT), ACT_PULL);
}

static const struct machine ws1 = { "ws1", "ws1" }, ws2 = { "ws2", "ws2" };

static const uint8_t red[] = "\x08\0user.tag\x03\0\0\0red";
static const uint8_t blue[] = "\x08\0user.tag\x04\0\0\0blue";

static const struct extra extras[] = {
	{ .group = 0 },
	{ .group = 7 },
	{ .attrs = red, .attrs_len = sizeof(red) - 1 },
	{ .attrs = blue, .attrs_len = sizeof(blue) - 1 },
	{ .attrs = blue, .attrs_len = sizeof(blue) - 1, .group = 7 },
	{ .attrs = red, .attrs_len = sizeof(red) - 1, .group = 8 },
};
#define EXTRAS (sizeof(extras) / sizeof(extras[0]))

static struct entry
file(const char *content, int64_t mtime_ns)
{
	return (struct entry){
		.path = "x",
		.path_len = 1,
		.type = ENTRY_FILE,
		.mode = 0644,
		.size = strlen(content),
		.hash = hash_of(content, strlen(content)),
		.mtime_ns = mtime_ns,
	};
}

static struct entry
directory(uint16_t mode, int64_t mtime_ns)
{
	return (struct entry){
		.path = "x",
		.path_len = 1,
		.type = ENTRY_DIR,
		.mode = mode,
		.mtime_ns = mtime_ns,
	};
}

static struct entry
symlink_to(const struct extra *x, int64_t mtime_ns)
{
	return (struct entry){
		.path = "x",
		.path_len = 1,
		.type = ENTRY_LINK,
		.mode = 0777,
		.size = strlen(x->target),
		.hash = hash_of(x->target, strlen(x->target)),
		.mtime_ns = mtime_ns,
		.extra = x,
	};
}

/* One decision and what it needs; ended by decision_free(). */
struct decision {
	struct arena arena;
	struct op op;
	bool needed;
};

static struct decision
decide(const struct entry *b, const struct entry *l, const struct entry *r)
{
	struct decision d = { .op = { .base = b, .local = l, .remote = r } };
	struct err e = { 0 };

	cr_assert_eq(merge_path(&d.op, &d.needed, &d.arena, &e), 0, "%s",
	    e.text);
	return d;
}

static void
decision_free(struct decision *d)
{
	arena_free(&d->arena);
}

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
		t = directory(0700, r >> 3 & 3);
		break;
	case 1:
		t = symlink_to(&links[r >> 3 & 1], r >> 4 & 3);
		break;
	default:
		t = file(r >> 3 & 1 ? "1" : "22", r >> 4 & 3);
		t.mode = r >> 6 & 1 ? 0644 : 0600;
		t.extra = &extras[(r >> 7) % EXTRAS];
	}
	t.machine = r >> 20 & 1 ? (r >> 21 & 1 ? &ws1 : &ws2) : NULL;
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
	struct entry a = file("1", 5), b = file("2", 4);
	struct hash low = { .b = { 1 } }, high = { .b = { 2 } };

	a.machine = &ws1;
	b.machine = &ws2;
	a.hash = low;
	b.hash = high;
	cr_expect_gt(merge_winner(&a, &b), 0);
	b.mtime_ns = 5;
	cr_expect_lt(merge_winner(&a, &b), 0, "ws2 is behind ws1");
	b.machine = &ws1;
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
	struct entry b = file("1", 1), l = file("1", 2), r = file("1", 3);
	struct decision d;

	cr_expect_eq(merge_change(&b, &l), CHG_SAME);
	d = decide(&b, &l, &r);
	cr_expect_not(d.needed);
	l = directory(0755, 9);
	b = directory(0755, 1);
	cr_expect_eq(merge_change(&b, &l), CHG_SAME);
}

Test(merge, the_same_new_file_on_both_sides_is_no_conflict)
{
	struct entry l = file("1", 1), r = file("1", 2);
	struct decision d = decide(NULL, &l, &r);

	cr_expect_eq(d.op.action, ACTION_NONE);
	cr_expect_eq(d.op.reason, REASON_AGREED);
	cr_expect_eq(d.op.state, OP_DONE);
	cr_expect_eq(d.op.result, &r, "the store knows where it lies");
	r = file("2", 2);
	d = decide(NULL, &l, &r);
	cr_expect_eq(d.op.action, ACTION_CONFLICT);
	cr_expect_eq(d.op.loser, &l);
	cr_expect(d.op.loser_is_local);
}

Test(merge, every_change_on_one_side_says_what_it_is)
{
	struct entry one = file("1", 1), two = file("2", 1), mode = one;
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

/* The three fields of an entry, each as one of a few values. */
static struct entry
fields(int mode, int attrs, int group, struct extra *x)
{
	struct entry t = file("1", 1);

	t.mode = (uint16_t)(0600 + mode);
	*x = (struct extra){
		.attrs = attrs == 0 ? NULL
		    : attrs == 1    ? red
				    : blue,
		.attrs_len = attrs == 0 ? 0
		    : attrs == 1        ? sizeof(red) - 1
					: sizeof(blue) - 1,
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

Test(merge, attributes_merge_field_by_field)
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

Test(merge, attributes_without_a_base_are_those_of_the_winner)
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

Test(merge, new_on_both_sides_and_linked_on_one_is_linked)
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

Test(merge, a_base_of_another_type_tells_nothing_about_attributes)
{
	struct entry b = file("1", 1), l = directory(0700, 9);
	struct entry r = directory(0755, 5);
	struct decision d;

	r.extra = &extras[2];
	d = decide(&b, &l, &r);
	cr_expect_eq(d.op.action, ACTION_ATTRIBUTES);
	cr_expect_eq(d.op.sides, SIDE_STORE);
	cr_expect(entry_same(d.op.result, &l));
	decision_free(&d);
}

Test(merge, content_of_one_side_and_mode_of_the_other_come_together)
{
	struct entry b = file("1", 1), l = file("1", 1), r = file("2", 2);
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
Test(merge, a_change_of_type_takes_its_own_attributes)
{
	static const struct extra to = { .target = "t" };
	struct entry b = file("1", 1), l = file("1", 9), r = symlink_to(&to, 2);
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

Test(merge, a_directory_wins_against_whatever_is_none)
{
	static const struct extra to = { .target = "t" };
	struct entry dir = directory(0755, 1), old = file("0", 0);
	struct entry other[] = { file("1", 9), symlink_to(&to, 9) };
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

Test(merge, a_true_conflict_keeps_the_loser)
{
	struct entry b = file("0", 0), l = file("1", 2), r = file("2", 1);
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
