#ifndef ROAM_BASE_WHEN_H
#define ROAM_BASE_WHEN_H

#include <stdint.h>

#include "base/err.h"

/*
 * when - a moment in the words of people, in local time:
 *
 *	2026-11-22   2026-11-22 14:00   2026-11-22T13:00:00Z
 *	now   today 9:30   yesterday   yesterday 14:00   14:00
 *	monday   last friday 18:00   2 hours ago   3 days ago
 *
 * A day alone means its end, so that all that happened on it counts; the name
 * of a weekday the last one before today.
 */

/* now_ns and *out_ns: nanoseconds since 1970. ERR_USAGE names text. */
int when_parse(const char *text, int64_t now_ns, int64_t *out_ns,
    struct err *e) MUST_CHECK;

#endif
