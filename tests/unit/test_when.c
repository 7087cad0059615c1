#include <stdlib.h>

#include <criterion/criterion.h>

#include "base/text.h"
#include "base/when.h"

/* Wednesday, 2026-11-25 12:00 UTC. */
#define NOW ((int64_t)1795608000 * 1000000000)

static void
set_zone(void)
{
	setenv("TZ", "Europe/Berlin", 1);
}

Test(when, a_moment_is_local_time_in_the_words_of_people, .init = set_zone)
{
	static const struct {
		const char *text, *utc;
	} rows[] = {
		{ "now", "2026-11-25T12:00:00Z" },
		{ "2026-11-22", "2026-11-22T22:59:59Z" },
		{ "2026-11-22 14:00", "2026-11-22T13:00:00Z" },
		{ "2026-11-22T14:00:05", "2026-11-22T13:00:05Z" },
		{ "2026-11-22T14:00:05Z", "2026-11-22T14:00:05Z" },
		{ "2026-07-01 12:00", "2026-07-01T10:00:00Z" },
		{ "yesterday 14:00", "2026-11-24T13:00:00Z" },
		{ "Yesterday", "2026-11-24T22:59:59Z" },
		{ "today 9:05", "2026-11-25T08:05:00Z" },
		{ "  9:05 ", "2026-11-25T08:05:00Z" },
		{ "monday", "2026-11-23T22:59:59Z" },
		{ "last Tuesday 18:30", "2026-11-24T17:30:00Z" },
		{ "wednesday 01:00", "2026-11-18T00:00:00Z" },
		{ "2 hours ago", "2026-11-25T10:00:00Z" },
		{ "1 day ago", "2026-11-24T12:00:00Z" },
		{ "90 minutes ago", "2026-11-25T10:30:00Z" },
		{ "2 weeks ago", "2026-11-11T12:00:00Z" },
	};
	char utc[TEXT_TIME_MAX];
	int64_t ns = 0;
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(when_parse(rows[i].text, NOW, &ns, &e), 0, "%s",
		    e.text);
		cr_expect_str_eq(text_time_utc(ns, utc), rows[i].utc, "%s",
		    rows[i].text);
	}
}

Test(when, what_is_no_moment_is_named, .init = set_zone)
{
	static const char *const rows[] = { "", " ", "soon", "42", "2026-13-01",
		"2026-00-10", "2026-02-30", "2026-2-3", "25:00", "12:60",
		"12:", "12:0:", "12", "yesterday yesterday",
		"yesterday 12:00 12:00", "2 hours", "2 hours hence",
		"hours ago 2", "99999999999 days ago", "last",
		"2 fortnights ago", "2026-11-22 14:00 x", "a b c d e",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };
	int64_t ns = 0;
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(when_parse(rows[i], NOW, &ns, &e), -1, "%s",
		    rows[i]);
		cr_expect_eq(e.kind, ERR_USAGE);
	}
}
