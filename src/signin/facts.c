#include "signin/facts.h"

#include <inttypes.h>
#include <string.h>

#include "signin/pairs.h"

static const char *const words[] = {
	[FACT_UNKNOWN] = "unknown",
	[FACT_NO] = "no",
	[FACT_YES] = "yes",
	NULL,
};

/* All that has a line. Order is that of writing. */
static const struct pair_row rows[] = {
	PAIR_NUMBER_AS(facts, version, "roam-ldap"),
	PAIR_NUMBER_AS(facts, asked_s, "asked"),
	PAIR_TEXT_ROW(facts, account),
	PAIR_TEXT_ROW(facts, host),
	PAIR_TEXT_ROW(facts, server),
	PAIR_TEXT_ROW(facts, site),
	PAIR_TEXT_ROW(facts, domain),
	PAIR_TEXT_ROW(facts, netbios),
	PAIR_WORD_ROW(facts, foreign, words),
	PAIR_WORD_ROW(facts, schema, words),
	PAIR_WORD_ROW(facts, user, words),
	PAIR_TEXT_ROW(facts, user_dn),
	PAIR_WORD_ROW(facts, computer, words),
	PAIR_TEXT_ROW(facts, computer_dn),
	PAIR_WORD_ROW(facts, listed, words),
	PAIR_TEXT_ROW(facts, via),
	PAIR_NUMBER_ROW(facts, values),
	PAIR_WORD_ROW(facts, paths, words),
	PAIR_TEXT_ROW(facts, profile_path),
	PAIR_TEXT_ROW(facts, ts_profile_path),
	PAIR_TEXT_ROW(facts, home_directory),
	PAIR_TEXT_ROW(facts, home_drive),
	PAIR_NUMBER_ROW(facts, round_trips),
	PAIR_TEXT_ROW(facts, error),
	PAIR_NUMBER_ROW(facts, error_kind),
};

static const struct pair_table table = { "facts", rows,
	sizeof(rows) / sizeof(rows[0]), FACTS_BYTES_MAX };

int
facts_parse(struct facts *out, const void *bytes, size_t len, struct err *e)
{
	struct facts f = { 0 };

	if (pairs_parse(&f, &table, bytes, len, e) == -1)
		return -1;
	if (f.version != FACTS_VERSION)
		return err_set(e, ERR_FORMAT,
		    "facts: version %" PRIu64 ", not %d", f.version,
		    FACTS_VERSION);
	*out = f;
	return 0;
}

void
facts_write(struct buf *out, const struct facts *f)
{
	struct facts now = *f;

	now.version = FACTS_VERSION;
	pairs_write(out, &table, &now);
}

size_t
facts_items_len(const void *bytes, size_t len)
{
	const char *from = bytes, *at = from, *end = from + len, *stop;

	while (end - at > 5 && memcmp(at, "item=", 5) == 0) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (stop == NULL)
			break;
		at = stop + 1;
	}
	return (size_t)(at - from);
}

void
facts_take_paths(struct facts *to, const struct facts *from)
{
	to->paths = from->paths;
	memcpy(to->netbios, from->netbios, sizeof(to->netbios));
	memcpy(to->profile_path, from->profile_path, sizeof(to->profile_path));
	memcpy(to->ts_profile_path, from->ts_profile_path,
	    sizeof(to->ts_profile_path));
	memcpy(to->home_directory, from->home_directory,
	    sizeof(to->home_directory));
	memcpy(to->home_drive, from->home_drive, sizeof(to->home_drive));
}

enum answer
facts_answer(const struct facts *f)
{
	const struct {
		enum fact fact;
		enum fact ends; /* with this the answer is known */
		enum answer answer;
	} asked[] = {
		{ f->foreign, FACT_YES, ANSWER_FOREIGN },
		{ f->schema, FACT_NO, ANSWER_UNSUPPORTED },
		{ f->user, FACT_NO, ANSWER_NO_USER },
		{ f->computer, FACT_NO, ANSWER_NO_COMPUTER },
		{ f->listed, FACT_NO, ANSWER_NOT_LISTED },
		{ f->listed, FACT_YES, ANSWER_LISTED },
	};

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		if (asked[i].fact == asked[i].ends)
			return asked[i].answer;
		else if (asked[i].fact == FACT_UNKNOWN)
			return ANSWER_UNKNOWN;
	return ANSWER_UNKNOWN;
}
