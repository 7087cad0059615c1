#include "signin/pace.h"

#include <inttypes.h>
#include <stdio.h>

#define BITS 8
#define KILO 1000.0

static double
kbit(double rate)
{
	return rate * BITS / KILO;
}

bool
pace_is_slow(const struct pace *p, const struct pace_limits *l)
{
	if (l->delay_ms > 0 && p->delay_s * KILO > (double)l->delay_ms)
		return true;
	return l->rate_kbit > 0 && p->rate > 0 &&
	    kbit(p->rate) < (double)l->rate_kbit;
}

struct pace
pace_better(const struct pace *a, const struct pace *b)
{
	struct pace best = *a;

	if (best.delay_s < 0 || (b->delay_s >= 0 && b->delay_s < best.delay_s))
		best.delay_s = b->delay_s;
	if (b->rate > best.rate)
		best.rate = b->rate;
	return best;
}

const char *
pace_text(const struct pace *p, const struct pace_limits *l, char *out,
    size_t cap)
{
	char rate[32] = "";

	if (p->rate > 0)
		snprintf(rate, sizeof(rate), "%.0f kbit/s, ", kbit(p->rate));
	snprintf(out, cap,
	    "%s%.0f ms (slow is below %" PRIu64 " kbit/s or above %" PRIu64
	    " ms)",
	    rate, p->delay_s < 0 ? 0.0 : p->delay_s * KILO, l->rate_kbit,
	    l->delay_ms);
	return out;
}
