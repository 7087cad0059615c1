#include "model/machine.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct yard {
	struct arena arena;
	struct machines machines;
	struct err e;
};

static void
yard_open(struct yard *y)
{
	*y = (struct yard){ 0 };
	y->machines.arena = &y->arena;
}

static void
yard_close(struct yard *y)
{
	machines_free(&y->machines);
	arena_free(&y->arena);
}

Test(machine, one_id_and_name_is_one_pointer_whatever_comes_between)
{
	const struct machine *first[300], *again;
	char id[16], name[16];
	struct yard y;

	yard_open(&y);
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < 300; i++) {
			/* Up and down, so that it lands in the middle too. */
			unsigned n = i % 2 == 0 ? i : 1000 - i;

			snprintf(id, sizeof(id), "id%u", n / 2);
			snprintf(name, sizeof(name), "ws%u", n);
			again = machines_intern(&y.machines, id, name, &y.e);
			cr_assert_not_null(again);
			cr_assert_str_eq(again->id, id);
			cr_assert_str_eq(again->name, name);
			if (round == 0)
				first[i] = again;
			cr_assert_eq(first[i], again);
		}
	cr_assert_eq(y.machines.count, 300);
	yard_close(&y);
}

Test(machine, the_same_name_with_another_id_is_another_machine)
{
	const struct machine *a, *b, *c;
	struct yard y;

	yard_open(&y);
	a = machines_intern(&y.machines, "1", "ws", &y.e);
	b = machines_intern(&y.machines, "2", "ws", &y.e);
	c = machines_intern(&y.machines, "1", "wt", &y.e);
	cr_assert(a != NULL && b != NULL && c != NULL);
	cr_assert(a != b && a != c && b != c);
	yard_close(&y);
}

Test(machine, order_is_total_by_id_then_name_and_nobody_first)
{
	static const struct machine rising[] = { { "", "" }, { "", "b" },
		{ "a", "" }, { "a", "b" }, { "a\xff", "" }, { "b", "a" } };
	size_t count = sizeof(rising) / sizeof(rising[0]);

	for (size_t i = 0; i < count; i++) {
		cr_assert_lt(machine_order(NULL, &rising[i]), 0);
		cr_assert_gt(machine_order(&rising[i], NULL), 0);
		for (size_t k = 0; k < count; k++) {
			int order = machine_order(&rising[i], &rising[k]);

			cr_assert_eq((order > 0) - (order < 0),
			    (i > k) - (i < k));
		}
	}
	cr_assert_eq(machine_order(NULL, NULL), 0);
}

Test(machine, what_is_no_name_is_refused)
{
	char longest[MACHINE_TEXT_MAX + 2];
	struct yard y;

	yard_open(&y);
	memset(longest, 'x', sizeof(longest));
	longest[MACHINE_TEXT_MAX + 1] = '\0';
	cr_assert_null(machines_intern(&y.machines, longest, "", &y.e));
	cr_assert_eq(y.e.kind, ERR_FORMAT);
	cr_assert_null(machines_intern(&y.machines, "", longest, &y.e));
	longest[MACHINE_TEXT_MAX] = '\0';
	cr_assert_not_null(
	    machines_intern(&y.machines, longest, longest, &y.e));
	cr_assert_null(machines_intern(&y.machines, "a\n", "", &y.e));
	cr_assert_null(machines_intern(&y.machines, "", "\033[2J", &y.e));
	cr_assert_null(machines_intern(&y.machines, "", "\x7f", &y.e));
	cr_assert_eq(y.machines.count, 1);
	yard_close(&y);
}

Test(machine, there_is_a_bound)
{
	struct yard y;
	char id[16];

	yard_open(&y);
	for (unsigned i = 0; i < MACHINES_MAX; i++) {
		snprintf(id, sizeof(id), "%08u", i);
		cr_assert_not_null(machines_intern(&y.machines, id, "", &y.e));
	}
	cr_assert_null(machines_intern(&y.machines, "more", "", &y.e));
	cr_assert_eq(y.e.kind, ERR_LIMIT);
	cr_assert_not_null(machines_intern(&y.machines, id, "", &y.e));
	yard_close(&y);
}
