#include <errno.h>
#include <time.h>

#include "base/clock.h"

#define NS_PER_S 1000000000

static int64_t
nanoseconds(clockid_t clock)
{
	struct timespec t = { 0 };

	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t
clock_now_ns(void)
{
	return nanoseconds(CLOCK_REALTIME);
}

int64_t
clock_tick_ns(void)
{
	return nanoseconds(CLOCK_REALTIME_COARSE);
}

double
clock_steady_s(void)
{
	return (double)nanoseconds(CLOCK_MONOTONIC) / NS_PER_S;
}

double
clock_since_boot_s(void)
{
	return (double)nanoseconds(CLOCK_BOOTTIME) / NS_PER_S;
}

void
clock_sleep_ms(unsigned ms)
{
	struct timespec t = {
		.tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000) * 1000000,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}
