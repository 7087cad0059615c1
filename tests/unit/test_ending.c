#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "signin/ending.h"

#define SECOND ((int64_t)1000000000)
#define DAY    (24 * 60 * 60 * SECOND)
#define FRIDAY (1763733720 * SECOND) /* 2025-11-21 14:02 UTC */

static const struct occasion_out roaming = {
	.type = TYPE_ROAMING,
	.duty = DUTY_SYNC,
	.reason = "",
};

static const struct occasion_out mandatory = {
	.type = TYPE_MANDATORY,
	.duty = DUTY_RESET,
	.reason = "",
};

static const struct {
	struct ending_in in;
	const char *text;
} cases[] = {
	{ { .state = ENDING_OK }, "profile up to date" },
	{ { .occasion = OCCASION_LOGOUT, .state = ENDING_OK },
	    "everything is saved" },
	{ { .state = ENDING_OK,
	      .news = { .received = 142, .bytes_down = 31000000 } },
	    "142 files, 31 MB received" },
	{ { .state = ENDING_OK,
	      .news = { .received = 1, .bytes_down = 5, .merged = 2 } },
	    "1 file, 5 B received, 2 merged" },
	{ { .state = ENDING_OK, .news = { .conflicts = 2 } },
	    "profile up to date, 2 conflicts kept, see \"roam conflicts\"" },
	{ { .occasion = OCCASION_LOGOUT,
	      .state = ENDING_OK,
	      .news = { .saved = 1, .bytes_up = 1400 } },
	    "1 change saved, 1.4 KB sent" },
	{ { .state = ENDING_HELD, .news = { .held = 1 } },
	    "profile up to date, 1 deletion held back, see \"roam plan\"" },
	{ { .state = ENDING_HELD, .news = { .held_changes = 300 } },
	    "profile up to date, 300 changed files held back, see \"roam "
	    "plan\"" },
	{ { .state = ENDING_OFFLINE, .has_copy = true, .last_ns = FRIDAY },
	    "server not reachable, working from your local copy of Friday "
	    "14:02" },
	{ { .state = ENDING_OFFLINE },
	    "server not reachable, starting without your profile, it follows "
	    "later" },
	{ { .occasion = OCCASION_LOGOUT, .state = ENDING_OFFLINE },
	    "server not reachable, your changes are saved here and follow "
	    "later" },
	{ { .state = ENDING_SLOW, .has_copy = true, .last_ns = FRIDAY + DAY },
	    "slow connection to the server, working from your local copy of "
	    "Saturday 14:02" },
	{ { .state = ENDING_LATE, .news = { .received = 3, .bytes_down = 9 } },
	    "3 files, 9 B received, the time was up, the rest follows" },
	{ { .state = ENDING_LOCAL, .reason = "not a primary computer" },
	    "working with the profile of this machine: not a primary "
	    "computer" },
	{ { .state = ENDING_FAILED, .reason = "disk: full" },
	    "profile not loaded: disk: full" },
	{ { .state = ENDING_REFUSED, .reason = "server: away" },
	    "no session without your profile: server: away" },
	{ { .occasion = OCCASION_LOGOUT,
	      .state = ENDING_OK,
	      .decision = &mandatory },
	    "your changes were dropped" },
};

Test(ending, each_ending_has_its_line)
{
	char got[ENDING_TEXT_MAX];
	struct ending_in in;

	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		in = cases[i].in;
		in.now_ns = FRIDAY + 3 * DAY;
		if (in.decision == NULL)
			in.decision = &roaming;
		if (in.reason == NULL)
			in.reason = "";
		cr_expect_str_eq(ending_text(&in, got, sizeof(got)),
		    cases[i].text);
	}
}

Test(ending, a_line_is_cut_where_it_is_full)
{
	struct ending_in in = { .state = ENDING_FAILED,
		.decision = &roaming,
		.reason = "a long reason" };
	char got[16];

	cr_assert_str_eq(ending_text(&in, got, sizeof(got)), "profile not loa");
}

Test(ending, errors_and_what_was_left_out_have_states_of_their_own)
{
	const struct ending_news none = { 0 }, odd = { .skipped = 1 },
				 held = { .skipped = 1, .held = 1 };
	struct err e = { .kind = ERR_OFFLINE };

	cr_expect_eq(ending_of(NULL, &none), ENDING_OK);
	cr_expect_eq(ending_of(NULL, &odd), ENDING_SKIPPED);
	cr_expect_eq(ending_of(NULL, &held), ENDING_HELD);
	cr_expect_eq(ending_of(&e, &none), ENDING_OFFLINE);
	e.kind = ERR_AUTH;
	cr_expect_eq(ending_of(&e, &none), ENDING_OFFLINE);
	e.kind = ERR_BUSY;
	cr_expect_eq(ending_of(&e, &none), ENDING_BUSY);
	e.kind = ERR_FORMAT;
	cr_expect_eq(ending_of(&e, &none), ENDING_FAILED);
}

Test(ending, exit_statuses_are_those_of_the_contract)
{
	cr_expect_eq(ending_exit(ENDING_OK), 0);
	cr_expect_eq(ending_exit(ENDING_OFFLINE), 3);
	cr_expect_eq(ending_exit(ENDING_LOCAL), 4);
	cr_expect_eq(ending_exit(ENDING_OVER), 4);
	cr_expect_eq(ending_exit(ENDING_HELD), 5);
	cr_expect_eq(ending_exit(ENDING_BUSY), 6);
	cr_expect_eq(ending_exit(ENDING_SKIPPED), 7);
	for (enum ending_state s = 0; s < ENDING__COUNT; s++)
		cr_expect_not_null(ending_word(s));
}

Test(ending, a_time_is_told_as_people_would)
{
	char out[ENDING_WHEN_MAX];

	setenv("TZ", "UTC", 1);
	tzset();
	cr_expect_str_eq(ending_when(FRIDAY, FRIDAY + SECOND, out), "14:02");
	cr_expect_str_eq(ending_when(FRIDAY, FRIDAY + 5 * DAY, out),
	    "Friday 14:02");
	cr_expect_str_eq(ending_when(FRIDAY, FRIDAY + 7 * DAY, out),
	    "2025-11-21 14:02");
	/* A clock that went back. */
	cr_expect_str_eq(ending_when(FRIDAY, FRIDAY - 2 * DAY, out),
	    "2025-11-21 14:02");
}

Test(ending, counts_are_names_and_numbers)
{
	const struct ending_news news = { .received = 142,
		.bytes_down = UINT64_MAX,
		.held = 3,
		.generation = 43 };
	char text[ENDING_COUNTS_MAX];

	ending_counts(&news, text);
	cr_assert_str_eq(text,
	    "generation=43 received=142 bytes_down=18446744073709551615 "
	    "saved=0 bytes_up=0 removed=0 merged=0 conflicts=0 skipped=0 "
	    "held_deletes=3 held_changes=0 pending=0");
	cr_assert(ending_is_counts(text));
}

Test(ending, the_longest_counts_are_whole)
{
	struct ending_news news;
	char text[ENDING_COUNTS_MAX];

	memset(&news, 0xff, sizeof(news));
	ending_counts(&news, text);
	cr_assert(ending_is_counts(text));
	cr_assert_not_null(strstr(text, "pending=18446744073709551615"));
}

Test(ending, counts_that_somebody_makes_up_are_none)
{
	static const char *const others[] = { "", "a", "a=", "=1", "a=1 ",
		" a=1", "a=1  b=2", "a=1,b=2", "a=x", "A=1", "a=1\nb=2",
		"user=root: all is well", "a=-1" };

	cr_assert(ending_is_counts("a=1 b_c=20"));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_assert_not(ending_is_counts(others[i]), "'%s'", others[i]);
}
