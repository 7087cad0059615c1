#include "sync/limits.h"

#define RECEIVE_SHARE      0.75 /* of the time, where nothing is sent */
#define RECEIVE_SHARE_BOTH 0.5
#define SEND_SHARE         0.9

/* A pace is known after so much. */
#define PACE_S     0.5
#define PACE_BYTES ((uint64_t)256 << 10)

static double
share(const struct limits *l, double part)
{
	if (l->until_s <= 0)
		return 0;
	return l->from_s + (l->until_s - l->from_s) * part;
}

double
limits_receive(const struct limits *l)
{
	return share(l, l->sends ? RECEIVE_SHARE_BOTH : RECEIVE_SHARE);
}

double
limits_send(const struct limits *l)
{
	return share(l, SEND_SHARE);
}

bool
limits_too_late(const struct limits *l, const struct limits_pace *pace,
    uint64_t size, double now_s)
{
	double spent = now_s - pace->from_s, end = limits_send(l);

	if (l->until_s <= 0)
		return false;
	if (now_s >= end)
		return true;
	if (spent < PACE_S || pace->bytes < PACE_BYTES)
		return false;
	return (double)size > (double)pace->bytes / spent * (end - now_s);
}
