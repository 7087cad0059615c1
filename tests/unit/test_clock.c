#include <sys/stat.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/clock.h"

#define NS INT64_C(1000000000)

Test(clock, now_is_nanoseconds_since_1970)
{
	int64_t s = clock_now_ns() / NS;
	time_t now = time(NULL);

	cr_assert_leq(llabs((long long)now - s), 1);
}

/* Racy entries are found by comparing a ctime with this clock: it must not
 * run ahead of the time that a file written later gets. */
Test(clock, a_tick_is_not_after_what_a_file_gets_then)
{
	char name[] = "/tmp/roam-test-XXXXXX";
	int64_t tick = clock_tick_ns();
	struct stat st;
	int fd = mkstemp(name);

	cr_assert_neq(fd, -1);
	cr_assert_eq(fstat(fd, &st), 0);
	unlink(name);
	close(fd);
	cr_assert_leq(tick, st.st_ctim.tv_sec * NS + st.st_ctim.tv_nsec);
	cr_assert_leq(st.st_ctim.tv_sec * NS + st.st_ctim.tv_nsec,
	    clock_now_ns());
}

Test(clock, sleeping_takes_as_long_as_was_asked)
{
	double before = clock_steady_s();

	clock_sleep_ms(30);
	cr_assert_geq(clock_steady_s() - before, 0.030);
	before = clock_steady_s();
	clock_sleep_ms(0);
	cr_assert_lt(clock_steady_s() - before, 5.0);
}
