#include "signin/due.h"

#include <stddef.h>
#include <string.h>

#define HOUR 3600
#define DAY  ((uint64_t)24 * HOUR)

/* Two digits, at most max; -1. */
static int
two_digits(const char *s, int max)
{
	int v;

	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return -1;
	v = (s[0] - '0') * 10 + (s[1] - '0');
	return v <= max ? v : -1;
}

int
due_parse(const char *at)
{
	int hour, minute;

	if (strlen(at) != 5 || at[2] != ':')
		return -1;
	hour = two_digits(at, 23);
	minute = two_digits(at + 3, 59);
	return hour == -1 || minute == -1 ? -1 : hour * HOUR + minute * 60;
}

uint64_t
due_in(const struct due *d, unsigned second, uint32_t chance)
{
	uint64_t wait = d->interval_s, until;
	int at = due_parse(d->at);

	if (at != -1) {
		/* This very second has had its turn. */
		until = ((uint64_t)at + DAY - second % DAY) % DAY;
		if (until == 0)
			until = DAY;
		if (wait == 0 || until < wait)
			wait = until;
	}
	if (wait == 0)
		return 0;
	return wait + d->max_delay_s * chance / UINT32_MAX;
}
