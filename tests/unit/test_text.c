#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/text.h"

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))
#define NS           INT64_C(1000000000)

/* What a reader of words is expected to make of one. */
struct word {
	const char *text;
	bool good;
	uint64_t value;
};

typedef int read_word(const char *s, uint64_t *out, struct err *e);

static void
check_words(const struct word *words, size_t count, read_word *read)
{
	for (size_t i = 0; i < count; i++) {
		struct err e = { 0 };
		uint64_t v = 4711;
		int rc = read(words[i].text, &v, &e);

		cr_expect_eq(rc, words[i].good ? 0 : -1, "'%s'", words[i].text);
		cr_expect_eq(v, words[i].good ? words[i].value : 4711, "'%s'",
		    words[i].text);
		cr_expect_eq(e.kind, words[i].good ? ERR_NONE : ERR_USAGE,
		    "'%s'", words[i].text);
	}
}

static int
number_to_99(const char *s, uint64_t *out, struct err *e)
{
	return text_number(s, 10, 99, out, e);
}

static int
any_number(const char *s, uint64_t *out, struct err *e)
{
	return text_number(s, 0, UINT64_MAX, out, e);
}

Test(text, a_number_is_digits_within_its_bounds)
{
	static const struct word words[] = {
		{ "10", true, 10 },
		{ "99", true, 99 },
		{ "0042", true, 42 },
		{ "9", false, 0 },
		{ "100", false, 0 },
		{ "", false, 0 },
		{ " 12", false, 0 },
		{ "12 ", false, 0 },
		{ "+12", false, 0 },
		{ "-12", false, 0 },
		{ "0x20", false, 0 },
		{ "12a", false, 0 },
		{ "18446744073709551628", false, 0 },
	};

	check_words(words, LENGTH_OF(words), number_to_99);
}

Test(text, a_number_ends_where_64_bits_end)
{
	static const struct word words[] = {
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "99999999999999999999999999", false, 0 },
	};

	check_words(words, LENGTH_OF(words), any_number);
}

Test(text, a_duration_has_one_unit_or_means_seconds)
{
	static const struct word words[] = {
		{ "0", true, 0 },
		{ "90", true, 90 },
		{ "10s", true, 10 },
		{ "5m", true, 300 },
		{ "12h", true, 43200 },
		{ "30d", true, 2592000 },
		{ "2w", true, 1209600 },
		{ "30500568904943w", true, UINT64_C(18446744073709526400) },
		{ "30500568904944w", false, 0 },
		{ "", false, 0 },
		{ "d", false, 0 },
		{ "1y", false, 0 },
		{ "1D", false, 0 },
		{ "1dd", false, 0 },
		{ "1d2h", false, 0 },
		{ "-1d", false, 0 },
		{ "1 d", false, 0 },
		{ "1.5h", false, 0 },
	};

	check_words(words, LENGTH_OF(words), text_duration);
}

Test(text, a_size_has_one_unit_or_means_bytes)
{
	static const struct word words[] = {
		{ "0", true, 0 },
		{ "4096", true, 4096 },
		{ "64K", true, 65536 },
		{ "300M", true, 314572800 },
		{ "2G", true, INT64_C(2147483648) },
		{ "1T", true, INT64_C(1099511627776) },
		{ "16777215T", true, UINT64_C(18446742974197923840) },
		{ "16777216T", false, 0 },
		{ "", false, 0 },
		{ "K", false, 0 },
		{ "1KB", false, 0 },
		{ "1k", false, 0 },
		{ "-1", false, 0 },
		{ "1P", false, 0 },
	};

	check_words(words, LENGTH_OF(words), text_size);
}

Test(text, yes_and_no_have_four_words_each)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };
	static const char *const neither[] = { "", "y", "YES", "2", "yes " };
	struct err e;
	bool b;

	for (size_t i = 0; i < LENGTH_OF(yes); i++) {
		b = false;
		cr_expect_eq(text_bool(yes[i], &b, &e), 0);
		cr_expect(b, "%s", yes[i]);
		cr_expect_eq(text_bool(no[i], &b, &e), 0);
		cr_expect_not(b, "%s", no[i]);
	}
	for (size_t i = 0; i < LENGTH_OF(neither); i++) {
		b = true;
		cr_expect_eq(text_bool(neither[i], &b, &e), -1);
		cr_expect_eq(e.kind, ERR_USAGE);
		cr_expect(b);
	}
}

Test(text, a_message_shows_a_hostile_word_harmlessly)
{
	struct err e;
	uint64_t v;

	cr_assert_eq(text_size("7\033[2J", &v, &e), -1);
	cr_assert_str_eq(e.text, "'7\\x1b[2J': unknown unit");
}

Test(text, sizes_are_rounded_to_two_or_three_digits)
{
	static const struct {
		uint64_t bytes;
		const char *want;
	} cases[] = {
		{ 0, "0 B" },
		{ 999, "999 B" },
		{ 1000, "1.0 KB" },
		{ 1049, "1.0 KB" },
		{ 1050, "1.1 KB" },
		{ 9949, "9.9 KB" },
		{ 9950, "10 KB" },
		{ 999499, "999 KB" },
		{ 999500, "1.0 MB" },
		{ 31000000, "31 MB" },
		{ UINT64_C(2500000000), "2.5 GB" },
		{ UINT64_MAX, "18 EB" },
	};
	char out[TEXT_SIZE_MAX];

	for (size_t i = 0; i < LENGTH_OF(cases); i++)
		cr_expect_str_eq(text_size_human(cases[i].bytes, out),
		    cases[i].want);
}

Test(text, times_are_written_the_same_on_every_machine)
{
	static const struct {
		int64_t ns;
		const char *want;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 1795341600 * NS, "2026-11-22T10:00:00Z" },
		{ 1795341600 * NS + NS - 1, "2026-11-22T10:00:00Z" },
		{ -1, "1969-12-31T23:59:59Z" },
		{ -NS, "1969-12-31T23:59:59Z" },
		{ -NS - 1, "1969-12-31T23:59:58Z" },
		{ INT64_MAX, "2262-04-11T23:47:16Z" },
		{ INT64_MIN, "1677-09-21T00:12:43Z" },
	};
	char out[TEXT_TIME_MAX];

	for (size_t i = 0; i < LENGTH_OF(cases); i++)
		cr_expect_str_eq(text_time_utc(cases[i].ns, out),
		    cases[i].want);
}

Test(text, local_time_follows_the_zone)
{
	char out[TEXT_TIME_MAX];

	setenv("TZ", "EAST-1", 1);
	cr_expect_str_eq(text_time_local(1795341600 * NS, out),
	    "2026-11-22 11:00");
	setenv("TZ", "WEST+2", 1);
	cr_expect_str_eq(text_time_local(1795341600 * NS, out),
	    "2026-11-22 08:00");
}

Test(text, what_could_move_a_terminal_is_shown_as_hex)
{
	static const struct {
		const char *bytes;
		const char *want;
	} cases[] = {
		{ "plain name", "plain name" },
		{ "a\nb\tc", "a\\x0ab\\x09c" },
		{ "\033[31m\177", "\\x1b[31m\\x7f" },
		{ "back\\slash", "back\\x5cslash" },
		{ "\303\244\342\202\254\360\237\230\200",
		    "\303\244\342\202\254\360\237\230\200" },
		{ "\302\233 is CSI", "\\xc2\\x9b is CSI" },
		{ "\302\240 is not", "\302\240 is not" },
		{ "latin \344", "latin \\xe4" },
		{ "cut \342\202", "cut \\xe2\\x82" },
		{ "a\342\200\256gpj.exe", "a\\xe2\\x80\\xaegpj.exe" },
		{ "\342\200\216\342\200\217\330\234",
		    "\\xe2\\x80\\x8e\\xe2\\x80\\x8f\\xd8\\x9c" },
		{ "\342\200\250\342\201\246\342\201\251",
		    "\\xe2\\x80\\xa8\\xe2\\x81\\xa6\\xe2\\x81\\xa9" },
		{ "\342\200\215\342\200\223\342\201\252",
		    "\342\200\215\342\200\223\342\201\252" },
		{ "\330\233\330\235", "\330\233\330\235" },
	};
	char out[128];

	for (size_t i = 0; i < LENGTH_OF(cases); i++)
		cr_expect_str_eq(text_show(cases[i].bytes,
				     strlen(cases[i].bytes), out, sizeof(out)),
		    cases[i].want);
	cr_expect_str_eq(text_show("a\0b", 3, out, sizeof(out)), "a\\x00b");
}

Test(text, what_is_shown_is_cut_with_dots_between_characters)
{
	static const struct {
		const char *bytes;
		size_t cap;
		const char *want;
	} cases[] = {
		{ "abcdef", 7, "abcdef" },
		{ "abcdef", 6, "ab..." },
		{ "ab\303\244\303\244x", 8, "ab\303\244\303\244x" },
		{ "ab\303\244\303\244xy", 8, "ab\303\244..." },
		{ "ab\303\244\303\244x", 7, "ab..." },
		{ "ab\nc", 7, "ab..." },
		{ "abcdef", 4, "..." },
		{ "abcdef", 3, ".." },
		{ "abcdef", 1, "" },
		{ "", 1, "" },
	};
	char out[16];

	for (size_t i = 0; i < LENGTH_OF(cases); i++) {
		memset(out, '#', sizeof(out));
		text_show(cases[i].bytes, strlen(cases[i].bytes), out,
		    cases[i].cap);
		cr_expect_str_eq(out, cases[i].want);
		cr_expect_eq(out[cases[i].cap], '#', "cap %zu", cases[i].cap);
	}
}

Test(text, utf8_is_what_the_standard_says)
{
	static const struct {
		const char *why;
		const char *bytes;
		bool want;
	} cases[] = {
		{ "nothing", "", true },
		{ "letters", "abc", true },
		{ "smallest of two", "\302\200", true },
		{ "largest of two", "\337\277", true },
		{ "smallest of three", "\340\240\200", true },
		{ "before surrogates", "\355\237\277", true },
		{ "behind surrogates", "\356\200\200", true },
		{ "smallest of four", "\360\220\200\200", true },
		{ "largest of all", "\364\217\277\277", true },
		{ "continuation alone", "\200", false },
		{ "long form of NUL", "\300\200", false },
		{ "long form of slash", "\301\257", false },
		{ "long form of three", "\340\237\277", false },
		{ "surrogate", "\355\240\200", false },
		{ "long form of four", "\360\217\277\277", false },
		{ "beyond 10FFFF", "\364\220\200\200", false },
		{ "five bytes", "\370\210\200\200\200", false },
		{ "FF", "\377", false },
		{ "cut after one", "\303", false },
		{ "cut after two", "\342\202", false },
		{ "cut after three", "\360\237\230", false },
		{ "letter in third place", "\342\202a", false },
		{ "good then bad", "a\303\244\344", false },
	};

	for (size_t i = 0; i < LENGTH_OF(cases); i++)
		cr_expect_eq(text_is_utf8(cases[i].bytes,
				 strlen(cases[i].bytes)),
		    cases[i].want, "%s", cases[i].why);
	cr_expect(text_is_utf8("a\0b", 3));
}

Test(text, a_message_keeps_its_words_and_loses_what_moves_a_cursor)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "plain \\x0a \xc3\xa9", "plain \\x0a \xc3\xa9" },
		{ "a\nb\x1b[31m\x7f", "a?b?[31m?" },
		{ "\xff\xfe.\xed\xa0\x80", "??.???" },
		{ "cut \xe2\x82", "cut ??" },
		{ "\xc2\x9b", "??" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s", rows[i].in);
		text_tame(text);
		cr_expect_str_eq(text, rows[i].out);
	}
}
