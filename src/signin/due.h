#ifndef ROAM_SIGNIN_DUE_H
#define ROAM_SIGNIN_DUE_H

#include <stdint.h>

/*
 * due - when the next checkpoint of a session is to be: after an interval, or at
 * a time of day; later by chance, so that not all machines come at once. Pure.
 */
struct due {
	uint64_t interval_s;  /* 0: none */
	const char *at;       /* "22:30", local time; "": none */
	uint64_t max_delay_s; /* by chance */
};

/* Seconds from now, which is second of the day (0 .. 86399); 0: never. chance
 * is 0 .. UINT32_MAX. Where both are set the earlier counts. */
uint64_t due_in(const struct due *d, unsigned second, uint32_t chance);

/* "22:30" as a second of the day; -1 where it is no time. */
int due_parse(const char *at);

#endif
