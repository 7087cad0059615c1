#include <criterion/criterion.h>
#include <string.h>

#include "signin/range.h"

static struct err e;

Test(range, an_attribute_is_known_by_its_name_and_range)
{
	static const struct {
		const char *description;
		bool is;
		uint64_t low, next;
	} cases[] = {
		{ "member", true, 0, 0 },
		{ "MEMBER", true, 0, 0 },
		{ "member;range=0-1499", true, 0, 1500 },
		{ "Member;Range=1500-2999", true, 1500, 3000 },
		{ "member;range=3000-*", true, 3000, 0 },
		{ "member;binary;range=0-4", true, 0, 5 },
		{ "member;range=0-4;binary", true, 0, 5 },
		{ "member;binary", true, 0, 0 },
		{ "memberOf", false, 0, 0 },
		{ "membe", false, 0, 0 },
		{ "", false, 0, 0 },
	};
	struct range r;
	bool is;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(range_parse(&r, &is, cases[i].description,
				 "member", &e),
		    0, "%s", cases[i].description);
		cr_expect_eq(is, cases[i].is, "%s", cases[i].description);
		cr_expect_eq(r.low, cases[i].low);
		cr_expect_eq(r.next, cases[i].next);
	}
}

Test(range, a_range_that_makes_no_sense_is_refused)
{
	static const char *const cases[] = { "member;range=", "member;range=1",
		"member;range=-5", "member;range=5-4", "member;range=*-5",
		"member;range=0-1x", "member;range=0-18446744073709551615",
		"member;range=0-1000001", "member;range=0-1;range=0-1",
		"member;range=00000000000000000000000000000000000000000-1" };
	struct range r;
	bool is;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(range_parse(&r, &is, cases[i], "member", &e), -1,
		    "%s", cases[i]);
		cr_expect_eq(e.kind, ERR_FORMAT);
	}
}

Test(range, the_next_piece_is_asked_for)
{
	const struct range r = { .low = 0, .next = 1500 };
	char out[RANGE_NAME_MAX];

	cr_expect_str_eq(range_next(&r, "memberOf", out),
	    "memberOf;range=1500-*");
}
