#ifndef ROAM_SIGNIN_PACE_H
#define ROAM_SIGNIN_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * pace - is a link to a server slow, as Windows understands it? Its rate is too
 * low, or an answer takes too long. Pure.
 */
struct pace {
	double delay_s; /* of one answer; below 0: not known */
	double rate;    /* bytes a second; 0: not known */
};

struct pace_limits {
	uint64_t delay_ms, rate_kbit; /* 0: none */
};

bool pace_is_slow(const struct pace *p, const struct pace_limits *l);

/* The better of each, where both were measured. */
struct pace pace_better(const struct pace *a, const struct pace *b);

/* "240 kbit/s, 15 ms (slow is below 500 kbit/s or above 120 ms)" */
const char *pace_text(const struct pace *p, const struct pace_limits *l,
    char *out, size_t cap);

#endif
