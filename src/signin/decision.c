#include "signin/decision.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What an answer means, and what it means where the setting that it depends on
 * says otherwise. Only what is known to be wanted roams. */
static const struct row {
	enum verdict verdict;
	bool roams;
	bool roams_otherwise; /* with strict or foreign_ok */
	const char *reason;
	const char *otherwise;
} rows[] = {
	[ANSWER_UNKNOWN] = { VERDICT_UNKNOWN, false, false,
	    "the directory did not say whether this is a primary computer",
	    NULL },
	[ANSWER_UNSUPPORTED] = { VERDICT_UNSUPPORTED, true, false,
	    "the directory's schema knows no primary computers, so that each "
	    "computer counts as one",
	    "the directory's schema knows no primary computers, and "
	    "require_schema is set" },
	[ANSWER_LISTED] = { VERDICT_PRIMARY, true, true,
	    "this is one of the user's primary computers", NULL },
	[ANSWER_NOT_LISTED] = { VERDICT_NOT_PRIMARY, false, false,
	    "this is not one of the user's primary computers", NULL },
	[ANSWER_NO_COMPUTER] = { VERDICT_NOT_PRIMARY, false, false,
	    "the directory has no object of this computer, so that it cannot "
	    "be "
	    "a primary computer",
	    NULL },
	[ANSWER_NO_USER] = { VERDICT_NOT_PRIMARY, false, false,
	    "the directory has no such user", NULL },
	[ANSWER_FOREIGN] = { VERDICT_NOT_PRIMARY, false, true,
	    "the user is of another forest, and foreign_users is not set",
	    "the user is of another forest, and foreign_users is set" },
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) == ANSWER__COUNT,
    "every answer has a row");

static const char *const words[] = {
	[VERDICT_DISABLED] = "disabled",
	[VERDICT_EXEMPT] = "exempt",
	[VERDICT_PRIMARY] = "primary",
	[VERDICT_NOT_PRIMARY] = "not-primary",
	[VERDICT_UNSUPPORTED] = "unsupported",
	[VERDICT_UNKNOWN] = "unknown",
};
_Static_assert(sizeof(words) / sizeof(words[0]) == VERDICT__COUNT,
    "every verdict has a word");

const char *
verdict_word(enum verdict verdict)
{
	return words[verdict];
}

/* Is the answer's row the one of a setting that was switched? */
static bool
is_otherwise(const struct decision_input *in, enum answer answer)
{
	return (answer == ANSWER_UNSUPPORTED && in->strict) ||
	    (answer == ANSWER_FOREIGN && in->foreign_ok);
}

static void
by_answer(struct decision *out, const struct decision_input *in,
    enum answer answer)
{
	const struct row *row = &rows[answer];
	bool otherwise = is_otherwise(in, answer);

	out->verdict = row->verdict;
	out->roams = otherwise ? row->roams_otherwise : row->roams;
	snprintf(out->reason, sizeof(out->reason), "%s",
	    otherwise ? row->otherwise : row->reason);
}

/* Is what was kept young enough? *age is right then. */
static bool
is_young(const struct decision_input *in, uint64_t *age)
{
	uint64_t asked = in->kept->asked_s;
	uint64_t now = in->now_s > 0 ? (uint64_t)in->now_s : 0;

	if (asked == 0 || facts_answer(in->kept) == ANSWER_UNKNOWN)
		return false;
	*age = now > asked ? now - asked : 0;
	/* From further ahead, nobody knows how old it really is. */
	if (asked > now && asked - now > DECISION_SKEW_S)
		return false;
	return *age <= in->max_age_s;
}

static const char *
failure_of(const struct decision_input *in)
{
	if (in->facts != NULL && in->facts->error[0] != '\0')
		return in->facts->error;
	if (in->failure != NULL && in->failure[0] != '\0')
		return in->failure;
	return "the directory gave no answer";
}

/* "; " and one more clause. */
static void PRINTF_LIKE(2, 3)
    add_reason(struct decision *out, const char *fmt, ...)
{
	size_t used = strlen(out->reason);
	va_list ap;

	used += (size_t)snprintf(out->reason + used, sizeof(out->reason) - used,
	    "; ");
	if (used >= sizeof(out->reason))
		return;
	va_start(ap, fmt);
	vsnprintf(out->reason + used, sizeof(out->reason) - used, fmt, ap);
	va_end(ap);
}

static void
by_what_was_kept(struct decision *out, const struct decision_input *in)
{
	uint64_t age = 0;

	if (in->kept != NULL && is_young(in, &age)) {
		by_answer(out, in, facts_answer(in->kept));
		out->kept = true;
		out->age_s = age;
		add_reason(out, "so it was %" PRIu64 " %s ago (%s)",
		    age < 7200 ? age / 60 : age / 3600,
		    age < 7200 ? "minutes" : "hours", failure_of(in));
		return;
	}
	by_answer(out, in, ANSWER_UNKNOWN);
	add_reason(out, "%s", failure_of(in));
	if (in->kept != NULL)
		add_reason(out,
		    "the last answer is older than cache_max_age "
		    "allows, or from a clock that was wrong");
}

void
decision_make(struct decision *out, const struct decision_input *in)
{
	enum answer now;

	*out = (struct decision){ .verdict = VERDICT_DISABLED, .roams = true };
	if (!in->enabled || in->exempt) {
		out->verdict = in->enabled ? VERDICT_EXEMPT : VERDICT_DISABLED;
		snprintf(out->reason, sizeof(out->reason), "%s",
		    in->enabled ? "the user is exempt from primary computers"
				: "profiles roam on every computer, since "
				  "primary_computers is not set");
		return;
	}
	now = in->facts != NULL ? facts_answer(in->facts) : ANSWER_UNKNOWN;
	if (now == ANSWER_UNKNOWN)
		by_what_was_kept(out, in);
	else
		by_answer(out, in, now);
}

const struct facts *
decision_facts(const struct decision *d, const struct decision_input *in)
{
	if (d->kept)
		return in->kept;
	if (in->facts != NULL && facts_answer(in->facts) != ANSWER_UNKNOWN)
		return in->facts;
	return NULL;
}
