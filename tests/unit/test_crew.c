#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/crew.h"

struct item {
	unsigned number;
	unsigned square;
};

/* The later an item comes, the sooner it is done. */
static void
square(void *of, void *arg)
{
	struct item *item = of;
	const unsigned *delay_ms = arg;

	clock_sleep_ms(*delay_ms * (3 - item->number % 4));
	item->square = item->number * item->number;
}

static void
check_next(struct crew *c, unsigned *taken)
{
	const struct item *item = crew_take(c);

	cr_assert_not_null(item);
	cr_assert_eq(item->number, *taken);
	cr_assert_eq(item->square, *taken * *taken);
	++*taken;
}

static void
check_order(unsigned count, size_t depth, unsigned delay_ms, unsigned items)
{
	struct item *item = calloc(items, sizeof(*item));
	struct crew *c = NULL;
	unsigned taken = 0;
	struct err e;

	cr_assert_not_null(item);
	cr_assert_eq(crew_new(&c, count, depth, square, &delay_ms, &e), 0);
	cr_assert_null(crew_take(c));
	for (unsigned i = 0; i < items; i++) {
		item[i].number = i;
		if (crew_is_full(c))
			check_next(c, &taken);
		crew_put(c, &item[i]);
	}
	while (taken < items)
		check_next(c, &taken);
	cr_assert_null(crew_take(c));
	cr_assert_null(crew_try_take(c));
	crew_free(c);
	free(item);
}

Test(crew, items_come_back_in_order_from_any_number_of_threads)
{
	for (unsigned count = 0; count <= 4; count++)
		check_order(count, 5, 1, 40);
}

Test(crew, many_short_items_come_back_in_order)
{
	check_order(0, 1, 0, 1000);
	check_order(1, 1, 0, 1000);
	check_order(3, 2, 0, 20000);
	check_order(8, 64, 0, 20000);
}

Test(crew, it_is_full_at_its_depth)
{
	struct item item[3] = { { 0 } };
	unsigned delay_ms = 0;
	struct crew *c = NULL;
	struct err e;

	for (unsigned count = 0; count <= 2; count++) {
		cr_assert_eq(crew_new(&c, count, 3, square, &delay_ms, &e), 0);
		for (unsigned i = 0; i < 3; i++) {
			cr_assert_not(crew_is_full(c));
			crew_put(c, &item[i]);
		}
		cr_assert(crew_is_full(c));
		cr_assert_eq(crew_take(c), &item[0]);
		cr_assert_not(crew_is_full(c));
		crew_free(c);
	}
}

/* Work that lasts until the test lets it go. */
static void
wait_for_lock(void *item, void *arg)
{
	(void)item;
	pthread_mutex_lock(arg);
	pthread_mutex_unlock(arg);
}

Test(crew, trying_to_take_waits_no_longer_than_it_is_told)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct crew *c = NULL;
	struct err e;
	int item;

	cr_assert_eq(crew_new(&c, 1, 2, wait_for_lock, &gate, &e), 0);
	cr_assert(crew_is_idle(c));
	cr_assert_null(crew_take_within(c, 1));
	pthread_mutex_lock(&gate);
	crew_put(c, &item);
	cr_assert_not(crew_is_idle(c));
	cr_assert_null(crew_try_take(c));
	cr_assert_null(crew_take_within(c, 1));
	pthread_mutex_unlock(&gate);
	cr_assert_eq(crew_take_within(c, 60000), &item);
	cr_assert_null(crew_try_take(c));
	cr_assert(crew_is_idle(c));
	crew_free(c);
}

static void
count_up(void *item, void *arg)
{
	(void)arg;
	clock_sleep_ms(1);
	atomic_fetch_add((atomic_int *)item, 1);
}

Test(crew, freeing_waits_for_what_is_under_way)
{
	atomic_int done = 0;
	struct crew *c = NULL;
	struct err e;

	for (unsigned count = 0; count <= 3; count++) {
		atomic_store(&done, 0);
		cr_assert_eq(crew_new(&c, count, 20, count_up, NULL, &e), 0);
		for (int i = 0; i < 20; i++)
			crew_put(c, &done);
		crew_free(c);
		cr_expect_eq(atomic_load(&done), 20);
	}
	crew_free(NULL);
}

/* A sign-out is a signal: it belongs to the thread that drives the run. */
static void
note_mask(void *item, void *arg)
{
	(void)arg;
	pthread_sigmask(SIG_SETMASK, NULL, item);
}

Test(crew, signals_stay_with_the_caller)
{
	struct crew *c = NULL;
	sigset_t theirs, ours;
	struct err e;

	sigemptyset(&theirs);
	cr_assert_eq(crew_new(&c, 1, 1, note_mask, NULL, &e), 0);
	crew_put(c, &theirs);
	cr_assert_eq(crew_take(c), &theirs);
	crew_free(c);
	pthread_sigmask(SIG_SETMASK, NULL, &ours);
	cr_expect_eq(sigismember(&theirs, SIGTERM), 1);
	cr_expect_eq(sigismember(&ours, SIGTERM), 0);
}

Test(crew, its_size_is_a_sensible_number_of_threads)
{
	cr_assert_geq(crew_size(), 1);
	cr_assert_leq(crew_size(), 8);
}
