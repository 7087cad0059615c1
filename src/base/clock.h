#ifndef ROAM_BASE_CLOCK_H
#define ROAM_BASE_CLOCK_H

#include <stdint.h>

/* clock - the times that a run asks for; nanoseconds since 1970 unless named
 * otherwise. */

int64_t clock_now_ns(void);
/* The kernel's coarse clock: what a file written now gets as its ctime. */
int64_t clock_tick_ns(void);
/* Seconds that only go forward, for durations and deadlines. */
double clock_steady_s(void);
/* The same, and they go on while the machine sleeps. */
double clock_since_boot_s(void);
void clock_sleep_ms(unsigned ms);

#endif
