#include "model/profile.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "garden.h"

Test(profile, conflicts_are_kept_by_id_and_found)
{
	struct profile p = { 0 };
	struct conflict c = { 0 };
	const struct conflict *found;
	struct err e;

	for (uint64_t i = 0; i < 500; i++) {
		c.id = i * 7919 % 500 + 1;
		c.time_ns = (int64_t)c.id * 3;
		cr_assert_eq(profile_add_conflict(&p, &c, &e), 0);
	}
	cr_assert_eq(p.conflict_count, 500);
	for (uint64_t id = 1; id <= 500; id++) {
		cr_assert_eq(p.conflict[id - 1].id, id);
		cr_assert_not_null(found = profile_conflict(&p, id));
		cr_assert_eq(found->time_ns, (int64_t)id * 3);
	}
	cr_assert_null(profile_conflict(&p, 0));
	cr_assert_null(profile_conflict(&p, 501));
	profile_free(&p);
}

Test(profile, an_id_that_is_there_is_left_as_it_is)
{
	struct profile p = { 0 };
	struct conflict c = { .id = 5, .gen = 1 };
	struct err e;

	cr_assert_eq(profile_add_conflict(&p, &c, &e), 0);
	c.gen = 2;
	cr_assert_eq(profile_add_conflict(&p, &c, &e), 0);
	cr_assert_eq(p.conflict_count, 1);
	cr_assert_eq(p.conflict[0].gen, 1);
	profile_free(&p);
}

Test(profile, an_array_that_somebody_else_made_can_grow)
{
	struct profile p = { 0 };
	struct conflict c = { .id = 2 };
	struct err e;

	cr_assert_not_null(p.conflict = calloc(3, sizeof(c)));
	for (size_t i = 0; i < 3; i++)
		p.conflict[p.conflict_count++].id = 10 + i;
	cr_assert_eq(profile_add_conflict(&p, &c, &e), 0);
	cr_assert_eq(p.conflict_count, 4);
	cr_assert_eq(p.conflict[0].id, 2);
	cr_assert_eq(p.conflict[3].id, 12);
	profile_free(&p);
}

Test(profile, there_is_a_bound_to_conflicts)
{
	struct profile p = { 0 };
	struct conflict c = { 0 };
	struct err e;

	for (c.id = 1; c.id <= CONFLICTS_MAX; c.id++)
		cr_assert_eq(profile_add_conflict(&p, &c, &e), 0);
	cr_assert_eq(profile_add_conflict(&p, &c, &e), -1);
	cr_assert_eq(e.kind, ERR_LIMIT);
	cr_assert_eq(p.conflict_count, CONFLICTS_MAX);
	profile_free(&p);
}

Test(profile, freeing_leaves_an_empty_one)
{
	struct profile p = { 0 };
	struct conflict c = { .id = 5 };
	struct err e;

	cr_assert_eq(profile_add_conflict(&p, &c, &e), 0);
	profile_free(&p);
	cr_assert_eq(p.conflict_count, 0);
	cr_assert_eq(profile_add_conflict(&p, &c, &e), 0);
	profile_free(&p);
	profile_free(&p);
}
