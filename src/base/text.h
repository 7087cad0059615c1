#ifndef ROAM_BASE_TEXT_H
#define ROAM_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * text - numbers, sizes, durations and times to and from the words of people.
 */

/* A decimal number of nothing but digits, min..max. */
int text_number(const char *s, uint64_t min, uint64_t max, uint64_t *out,
    struct err *e) MUST_CHECK;
/* "30d", "12h", "5m", "10s", "2w", "0"; in seconds. A bare number: seconds. */
int text_duration(const char *s, uint64_t *out_s, struct err *e) MUST_CHECK;
/* "300M", "2G", "64K", "1T", bare bytes; powers of 1024. */
int text_size(const char *s, uint64_t *out, struct err *e) MUST_CHECK;
/* yes/no, true/false, on/off, 1/0. */
int text_bool(const char *s, bool *out, struct err *e) MUST_CHECK;

#define TEXT_SIZE_MAX 16
/* "0 B", "1.4 KB", "31 MB" (powers of 1000, as disks and people count). */
const char *text_size_human(uint64_t bytes, char out[TEXT_SIZE_MAX]);

#define TEXT_TIME_MAX 32
/* Nanoseconds since 1970 as "2026-11-22T10:00:00Z". */
const char *text_time_utc(int64_t ns, char out[TEXT_TIME_MAX]);
/* The same as local time "2026-11-22 11:00". */
const char *text_time_local(int64_t ns, char out[TEXT_TIME_MAX]);

/*
 * Show a name that may hold any bytes: control bytes, backslash, what turns the
 * direction of writing and what is not UTF-8 become \xNN. At most cap - 1 bytes, cut with "..."; returns out.
 */
const char *text_show(const char *bytes, size_t len, char *out, size_t cap);

/* The same in place, for a whole message: '?' for each such byte, but for
 * backslashes, since names in it may have been shown already. */
void text_tame(char *text);

bool text_is_utf8(const char *bytes, size_t len);

#endif
