#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "signin/facts.h"
#include "signin/pairs.h"

static struct err e;

static int
parse(struct facts *f, const char *text)
{
	return facts_parse(f, text, strlen(text), &e);
}

Test(facts, what_is_written_is_read_back)
{
	struct facts f = { .asked_s = 1700000000,
		.schema = FACT_YES,
		.foreign = FACT_NO,
		.user = FACT_YES,
		.computer = FACT_YES,
		.listed = FACT_NO,
		.values = 3,
		.round_trips = 4,
		.account = "alice",
		.user_dn = "CN=al\xc3\xad"
			   "ce,CN=Users,DC=lab,DC=example",
		.profile_path = "\\\\srv\\profiles\\%username%",
		.home_drive = "H:" };
	struct facts back;
	struct buf out = { .max = FACTS_BYTES_MAX };

	facts_write(&out, &f);
	cr_assert_eq(buf_check(&out, &e), 0);
	memset(&back, 'x', sizeof(back));
	cr_assert_eq(facts_parse(&back, out.bytes, out.len, &e), 0, "%s",
	    e.text);
	f.version = FACTS_VERSION;
	cr_expect_eq(back.values, 3);
	cr_assert_arr_eq(&f, &back, sizeof(f));
	buf_free(&out);
}

/* Each text as long as it can be, by what the parser takes. */
Test(facts, the_longest_facts_fit)
{
	struct facts f = { .asked_s = UINT64_MAX,
		.values = UINT64_MAX,
		.round_trips = UINT64_MAX,
		.error_kind = UINT64_MAX,
		.schema = FACT_YES,
		.foreign = FACT_YES,
		.user = FACT_YES,
		.computer = FACT_YES,
		.listed = FACT_YES };
	struct {
		char *at;
		size_t cap;
	} texts[] = {
#define TEXT(member) { f.member, sizeof(f.member) }
		TEXT(account), TEXT(host), TEXT(server), TEXT(site),
		TEXT(netbios), TEXT(user_dn), TEXT(computer_dn), TEXT(via),
		TEXT(profile_path), TEXT(ts_profile_path), TEXT(home_directory),
		TEXT(home_drive), TEXT(error)
#undef TEXT
	};
	struct buf out = { .max = FACTS_BYTES_MAX };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		memset(texts[i].at, 'x', texts[i].cap - 1);
	facts_write(&out, &f);
	cr_assert_eq(buf_check(&out, &e), 0, "%s", e.text);
	cr_assert_eq(facts_parse(&f, out.bytes, out.len, &e), 0, "%s", e.text);
	buf_free(&out);
}

Test(facts, lines_that_are_none_are_refused)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "the end is missing" },
		{ "roam-ldap=1\n", "the end is missing" },
		{ "roam-ldap=1\nend=", "cut off" },
		{ "roam-ldap=1\nuser=y", "cut off" },
		{ "end=\n", "version" },
		{ "roam-ldap=2\nend=\n", "version" },
		{ "roam-ldap=1\nend=\nuser=yes\n", "behind the last" },
		{ "roam-ldap=1\nuser=maybe\nend=\n", "user: not yes" },
		{ "roam-ldap=1\nuser=yes\nuser=yes\nend=\n", "twice" },
		{ "roam-ldap=1\nvalues=-1\nend=\n", "values" },
		{ "roam-ldap=1\nvalues=1e3\nend=\n", "values" },
		{ "roam-ldap=1\nvalues=99999999999999999999\nend=\n",
		    "values" },
		{ "roam-ldap=1\nvalues=000000000000000000000000001\nend=\n",
		    "values" },
		{ "roam-ldap=1\nuser\nend=\n", "key=value" },
		{ "roam-ldap=1\n=yes\nend=\n", "key=value" },
		{ "roam-ldap=1\n\nend=\n", "key=value" },
		{ "roam-ldap=1\nsite=a\tb\nend=\n", "key=value" },
		{ "roam-ldap=1\nsite=\xff\nend=\n", "key=value" },
		{ "roam-ldap=1\nhome_drive=HOME:\nend=\n", "home_drive" },
		{ "<html>\n", "key=value" },
	};
	struct facts f;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(parse(&f, cases[i].text), -1, "case %zu", i);
		cr_expect_eq(e.kind, ERR_FORMAT, "case %zu", i);
		cr_expect_not_null(strstr(e.text, cases[i].says),
		    "case %zu: %s", i, e.text);
	}
	cr_expect_eq(facts_parse(&f, "roam-ldap=1\nsite=a\0b\nend=\n", 27, &e),
	    -1);
}

Test(facts, more_than_four_kibibytes_are_refused)
{
	char text[FACTS_BYTES_MAX + 2];
	struct facts f;

	memset(text, 'x', sizeof(text));
	memcpy(text, "roam-ldap=1\n?=", 14);
	memcpy(text + sizeof(text) - 6, "\nend=\n", 6);
	cr_expect_eq(facts_parse(&f, text, sizeof(text), &e), -1);
	cr_expect_not_null(strstr(e.text, "more than"));
}

Test(facts, keys_of_a_newer_helper_are_passed_over)
{
	struct facts f;

	cr_assert_eq(parse(&f, "roam-ldap=1\nmood=fine\nsite=here\nend=\n"), 0,
	    "%s", e.text);
	cr_expect_str_eq(f.site, "here");
}

Test(facts, nothing_is_written_where_parsing_fails)
{
	struct facts f = { .values = 42 };

	cr_assert_eq(parse(&f, "roam-ldap=1\nvalues=1\n"), -1);
	cr_expect_eq(f.values, 42);
}

Test(facts, a_text_is_whole_or_empty)
{
	char out[4] = "old";

	cr_expect(pairs_set(out, sizeof(out), "abc", 3));
	cr_expect_str_eq(out, "abc");
	cr_expect_not(pairs_set(out, sizeof(out), "abcd", 4));
	cr_expect_str_eq(out, "");
	cr_expect_not(pairs_set(out, sizeof(out), "a\n", 2));
	cr_expect_not(pairs_set(out, sizeof(out), "\xc3", 1));
}

Test(facts, items_stand_before_facts)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{ "", 0 },
		{ "item=", 0 },
		{ "item=a", 0 },
		{ "item=a\n", 7 },
		{ "item=a\nitem=b\nroam-ldap=1\n", 14 },
		{ "roam-ldap=1\nitem=a\n", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(facts_items_len(cases[i].text,
				 strlen(cases[i].text)),
		    cases[i].len, "case %zu", i);
}

Test(facts, the_first_unknown_fact_ends_the_answer)
{
	/* Facts in the order foreign, schema, user, computer, listed. */
	static const struct {
		enum fact f[5];
		enum answer want;
	} cases[] = {
#define U FACT_UNKNOWN
#define N FACT_NO
#define Y FACT_YES
		{ { N, Y, Y, Y, Y }, ANSWER_LISTED },
		{ { N, Y, Y, Y, N }, ANSWER_NOT_LISTED },
		{ { N, Y, Y, Y, U }, ANSWER_UNKNOWN },
		{ { N, Y, Y, N, U }, ANSWER_NO_COMPUTER },
		{ { N, Y, Y, U, Y }, ANSWER_UNKNOWN },
		{ { N, Y, N, U, U }, ANSWER_NO_USER },
		{ { N, Y, U, Y, Y }, ANSWER_UNKNOWN },
		{ { N, N, U, U, U }, ANSWER_UNSUPPORTED },
		/* An old schema answers everything else, with nothing. */
		{ { N, N, Y, Y, N }, ANSWER_UNSUPPORTED },
		{ { N, U, Y, Y, N }, ANSWER_UNKNOWN },
		{ { N, U, Y, Y, Y }, ANSWER_UNKNOWN },
		{ { Y, U, U, U, U }, ANSWER_FOREIGN },
		{ { U, Y, Y, Y, Y }, ANSWER_UNKNOWN },
		{ { U, U, U, U, U }, ANSWER_UNKNOWN },
#undef U
#undef N
#undef Y
	};
	struct facts f = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.foreign = cases[i].f[0];
		f.schema = cases[i].f[1];
		f.user = cases[i].f[2];
		f.computer = cases[i].f[3];
		f.listed = cases[i].f[4];
		cr_expect_eq(facts_answer(&f), cases[i].want, "case %zu", i);
	}
}
