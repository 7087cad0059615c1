#include "model/home.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/path.h"
#include "garden.h"

Test(home, stamps_go_where_their_entries_go)
{
	struct profile p;
	struct home h;
	struct garden g;
	struct stamp stamp;
	struct err e;

	for (uint64_t seed = 0; seed < 30; seed++) {
		garden_open(&g, seed);
		garden_profile(&g, &p, seed * 10);
		h = (struct home){ 0 };
		/* From both ends, so that sorting has to move them. */
		for (size_t i = 0; i < p.tree.count; i++) {
			size_t at =
			    i % 2 == 0 ? i / 2 : p.tree.count - 1 - i / 2;

			stamp = (struct stamp){ at + 1, (int64_t)at * 2 };
			cr_assert_eq(home_add(&h, p.tree.entry[at], &stamp, &e),
			    0);
		}
		for (int twice = 0; twice < 2; twice++) {
			cr_assert_eq(home_sort(&h, &e), 0);
			cr_assert_eq(h.tree.count, p.tree.count);
			for (size_t i = 0; i < h.tree.count; i++) {
				cr_assert_eq(h.tree.entry[i], p.tree.entry[i]);
				cr_assert_eq(h.stamp[i].inode, i + 1);
				cr_assert_eq(h.stamp[i].ctime_ns,
				    (int64_t)i * 2);
			}
		}
		home_free(&h);
		profile_free(&p);
		garden_close(&g);
	}
}

/* The slow and obvious way. */
static bool
covered(const struct home *h, const struct entry *t)
{
	for (size_t i = 0; i < h->opaque_count; i++)
		if (path_is_within(t->path, t->path_len, h->opaque[i].path,
			h->opaque[i].path_len))
			return true;
	return false;
}

Test(home, the_cursor_over_opaque_paths_agrees_with_looking_at_all)
{
	const struct entry *t;
	struct profile p;
	struct home h;
	struct garden g;
	size_t next, yes = 0, no = 0;
	struct err e;
	bool is;

	for (uint64_t seed = 0; seed < 100; seed++) {
		garden_open(&g, seed);
		garden_profile(&g, &p, 60);
		h = (struct home){ 0 };
		for (size_t i = p.tree.count; i-- > 0;) {
			t = p.tree.entry[i];
			if (garden_draw(&g, 8) == 0)
				cr_assert_eq(home_add_opaque(&h, t->path,
						 t->path_len, WHY_DENIED, &e),
				    0);
		}
		cr_assert_eq(home_sort(&h, &e), 0);
		next = 0;
		for (size_t i = 0; i < p.tree.count; i++) {
			t = p.tree.entry[i];
			is = opaque_covers(h.opaque, h.opaque_count, &next,
			    t->path, t->path_len);
			cr_assert_eq(is, covered(&h, t));
			is ? yes++ : no++;
		}
		home_free(&h);
		profile_free(&p);
		garden_close(&g);
	}
	cr_assert(yes > 100 && no > 100); /* both have been tried */
}

Test(home, a_name_that_begins_like_an_opaque_one_is_not_covered)
{
	struct home h = { 0 };
	size_t next = 0;
	struct err e;

	cr_assert_eq(home_add_opaque(&h, "ab", 2, WHY_RULE, &e), 0);
	cr_assert_eq(home_sort(&h, &e), 0);
	cr_assert(!opaque_covers(h.opaque, 1, &next, "a", 1));
	cr_assert(opaque_covers(h.opaque, 1, &next, "ab", 2));
	cr_assert(opaque_covers(h.opaque, 1, &next, "ab/c", 4));
	cr_assert(!opaque_covers(h.opaque, 1, &next, "ab.c", 4));
	cr_assert(!opaque_covers(h.opaque, 1, &next, "abc", 3));
	home_free(&h);
}

Test(home, without_opaque_paths_nothing_is_covered)
{
	size_t next = 0;

	cr_assert(!opaque_covers(NULL, 0, &next, "a", 1));
}

Test(home, every_reason_has_a_text_of_its_own)
{
	for (int i = 0; i < WHY__COUNT; i++) {
		cr_assert_not_null(why_text((enum why)i));
		for (int k = 0; k < i; k++)
			cr_assert_str_neq(why_text((enum why)i),
			    why_text((enum why)k));
	}
	cr_assert_not_null(why_text((enum why)WHY__COUNT));
}
