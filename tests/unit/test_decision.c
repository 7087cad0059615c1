#include <criterion/criterion.h>
#include <string.h>

#include "signin/decision.h"

#define NOW 1800000000
#define DAY 86400

/* Facts that come to answer. */
static struct facts
facts_of(enum answer answer)
{
	struct facts f = { .asked_s = NOW,
		.foreign = FACT_NO,
		.schema = FACT_YES,
		.user = FACT_YES,
		.computer = FACT_YES };

	switch (answer) {
	case ANSWER_UNKNOWN:
		f.schema = FACT_UNKNOWN;
		break;
	case ANSWER_UNSUPPORTED:
		f.schema = FACT_NO;
		break;
	case ANSWER_LISTED:
		f.listed = FACT_YES;
		break;
	case ANSWER_NOT_LISTED:
		f.listed = FACT_NO;
		break;
	case ANSWER_NO_COMPUTER:
		f.computer = FACT_NO;
		break;
	case ANSWER_NO_USER:
		f.user = FACT_NO;
		break;
	default:
		f.foreign = FACT_YES;
		break;
	}
	return f;
}

static struct decision
decide(const struct decision_input *in)
{
	struct decision d;

	memset(&d, 'x', sizeof(d));
	decision_make(&d, in);
	cr_expect_not_null(memchr(d.reason, '\0', sizeof(d.reason)));
	cr_expect_gt(strlen(d.reason), 20);
	cr_expect_null(strstr(d.reason, "(null)"));
	return d;
}

static const struct {
	enum answer answer;
	bool strict, foreign_ok;
	enum verdict verdict;
	bool roams;
} sure[] = {
	{ ANSWER_LISTED, false, false, VERDICT_PRIMARY, true },
	{ ANSWER_LISTED, true, true, VERDICT_PRIMARY, true },
	{ ANSWER_NOT_LISTED, false, false, VERDICT_NOT_PRIMARY, false },
	{ ANSWER_NOT_LISTED, true, true, VERDICT_NOT_PRIMARY, false },
	{ ANSWER_NO_COMPUTER, false, false, VERDICT_NOT_PRIMARY, false },
	{ ANSWER_NO_COMPUTER, true, true, VERDICT_NOT_PRIMARY, false },
	{ ANSWER_NO_USER, false, false, VERDICT_NOT_PRIMARY, false },
	{ ANSWER_NO_USER, true, true, VERDICT_NOT_PRIMARY, false },
	{ ANSWER_UNSUPPORTED, false, false, VERDICT_UNSUPPORTED, true },
	{ ANSWER_UNSUPPORTED, false, true, VERDICT_UNSUPPORTED, true },
	{ ANSWER_UNSUPPORTED, true, false, VERDICT_UNSUPPORTED, false },
	{ ANSWER_UNSUPPORTED, true, true, VERDICT_UNSUPPORTED, false },
	{ ANSWER_FOREIGN, false, false, VERDICT_NOT_PRIMARY, false },
	{ ANSWER_FOREIGN, true, false, VERDICT_NOT_PRIMARY, false },
	{ ANSWER_FOREIGN, false, true, VERDICT_NOT_PRIMARY, true },
	{ ANSWER_FOREIGN, true, true, VERDICT_NOT_PRIMARY, true },
};
#define SURE_COUNT (sizeof(sure) / sizeof(sure[0]))

/* The table, by an answer of now, whatever was kept. */
Test(decision, a_sure_answer_decides)
{
	for (size_t i = 0; i < SURE_COUNT; i++)
		for (enum answer kept = 0; kept < ANSWER__COUNT; kept++) {
			struct facts f = facts_of(sure[i].answer);
			struct facts old = facts_of(kept);
			struct decision_input in = { .enabled = true,
				.strict = sure[i].strict,
				.foreign_ok = sure[i].foreign_ok,
				.facts = &f,
				.kept = &old,
				.now_s = NOW,
				.max_age_s = DAY };
			struct decision d = decide(&in);

			cr_expect_eq(d.verdict, sure[i].verdict, "row %zu", i);
			cr_expect_eq(d.roams, sure[i].roams, "row %zu", i);
			cr_expect_not(d.kept);
			cr_expect_eq(decision_facts(&d, &in), &f);
		}
}

/* The same table by what was kept, as long as it is young. */
Test(decision, without_an_answer_the_last_one_decides)
{
	struct facts unknown = facts_of(ANSWER_UNKNOWN);

	for (size_t i = 0; i < SURE_COUNT; i++)
		for (int asked = 0; asked < 2; asked++) {
			struct facts old = facts_of(sure[i].answer);
			struct decision_input in = { .enabled = true,
				.strict = sure[i].strict,
				.foreign_ok = sure[i].foreign_ok,
				.facts = asked ? &unknown : NULL,
				.failure = "it is away",
				.kept = &old,
				.now_s = NOW + DAY,
				.max_age_s = DAY };
			struct decision d = decide(&in);

			cr_expect_eq(d.verdict, sure[i].verdict, "row %zu", i);
			cr_expect_eq(d.roams, sure[i].roams, "row %zu", i);
			cr_expect(d.kept);
			cr_expect_eq(d.age_s, DAY);
			cr_expect_eq(decision_facts(&d, &in), &old);
			cr_expect_not_null(strstr(d.reason, "24 hours ago"));
			cr_expect_not_null(strstr(d.reason, "it is away"));
		}
}

Test(decision, only_a_young_answer_of_a_sane_clock_counts)
{
	static const struct {
		int64_t now;
		uint64_t asked, max_age;
		bool counts;
		uint64_t age;
	} cases[] = {
		{ NOW, NOW, DAY, true, 0 },
		{ NOW + DAY, NOW, DAY, true, DAY },
		{ NOW + DAY + 1, NOW, DAY, false, 0 },
		{ NOW + 1, NOW, 0, false, 0 },
		{ NOW, NOW, 0, true, 0 },
		/* The clock was set back. */
		{ NOW - 1, NOW, DAY, true, 0 },
		{ NOW - DECISION_SKEW_S, NOW, DAY, true, 0 },
		{ NOW - DECISION_SKEW_S - 1, NOW, DAY, false, 0 },
		{ 0, NOW, DAY, false, 0 },
		{ -1, NOW, DAY, false, 0 },
		{ NOW, 0, UINT64_MAX, false, 0 },
		{ NOW, UINT64_MAX, UINT64_MAX, false, 0 },
		{ INT64_MAX, 1, UINT64_MAX, true, INT64_MAX - 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts old = facts_of(ANSWER_LISTED);
		struct decision_input in = { .enabled = true,
			.kept = &old,
			.now_s = cases[i].now,
			.max_age_s = cases[i].max_age };
		struct decision d;

		old.asked_s = cases[i].asked;
		d = decide(&in);
		cr_expect_eq(d.kept, cases[i].counts, "case %zu", i);
		cr_expect_eq(d.roams, cases[i].counts, "case %zu", i);
		cr_expect_eq(d.verdict,
		    cases[i].counts ? VERDICT_PRIMARY : VERDICT_UNKNOWN);
		if (cases[i].counts)
			cr_expect_eq(d.age_s, cases[i].age, "case %zu", i);
	}
}

Test(decision, nothing_known_is_local)
{
	struct facts unknown = facts_of(ANSWER_UNKNOWN);
	struct decision_input in = { .enabled = true,
		.kept = &unknown,
		.now_s = NOW,
		.max_age_s = DAY };
	struct decision d;

	strcpy(unknown.error, "dc1 refuses");
	for (int asked = 0; asked < 2; asked++) {
		in.facts = asked ? &unknown : NULL;
		d = decide(&in);
		cr_expect_eq(d.verdict, VERDICT_UNKNOWN);
		cr_expect_not(d.roams);
		cr_expect_not(d.kept);
		cr_expect_null(decision_facts(&d, &in));
		cr_expect_not_null(
		    strstr(d.reason, asked ? "dc1 refuses" : "gave no answer"));
	}
}

Test(decision, a_setting_that_is_off_needs_no_directory)
{
	struct facts not_listed = facts_of(ANSWER_NOT_LISTED);

	for (int exempt = 0; exempt < 2; exempt++)
		for (int known = 0; known < 2; known++) {
			struct decision_input in = { .enabled = exempt,
				.exempt = true,
				.strict = true,
				.facts = known ? &not_listed : NULL,
				.kept = known ? &not_listed : NULL,
				.now_s = NOW };
			struct decision d = decide(&in);

			cr_expect_eq(d.verdict,
			    exempt ? VERDICT_EXEMPT : VERDICT_DISABLED);
			cr_expect(d.roams);
		}
}

Test(decision, every_verdict_has_its_own_word)
{
	for (enum verdict a = 0; a < VERDICT__COUNT; a++)
		for (enum verdict b = 0; b < a; b++)
			cr_expect_str_neq(verdict_word(a), verdict_word(b));
}
