#include "signin/question.h"

#include "signin/pairs.h"

static const char *const op_words[] = { "check", "list", "users", "add",
	"remove", NULL };
const char *const question_bind_words[] = { "kerberos", "simple", "anonymous",
	NULL };
const char *const question_tls_words[] = { "no", "starttls", "ldaps", NULL };
const char *const question_groups_words[] = { "no", "direct", "nested", NULL };

static const struct pair_row rows[] = {
	PAIR_WORD_ROW(question, op, op_words),
	PAIR_TEXT_ROW(question, user),
	PAIR_TEXT_ROW(question, computer),
	PAIR_NUMBER_ROW(question, deadline_ms),
	PAIR_TEXT_ROW(question, servers),
	PAIR_TEXT_ROW(question, domain),
	PAIR_TEXT_ROW(question, site),
	PAIR_TEXT_ROW(question, base),
	PAIR_WORD_ROW(question, bind, question_bind_words),
	PAIR_WORD_ROW(question, tls, question_tls_words),
	PAIR_TEXT_ROW(question, keytab),
	PAIR_TEXT_ROW(question, credentials),
	PAIR_TEXT_ROW(question, ca_file),
	PAIR_TEXT_ROW(question, user_attribute),
	PAIR_WORD_ROW(question, groups, question_groups_words),
	PAIR_NUMBER_ROW(question, back_link),
	PAIR_NUMBER_ROW(question, paths_only),
	PAIR_NUMBER_ROW(question, own_cache),
};

static const struct pair_table table = { "question", rows,
	sizeof(rows) / sizeof(rows[0]), QUESTION_BYTES_MAX };

int
question_parse(struct question *out, const void *bytes, size_t len,
    struct err *e)
{
	struct question q = { 0 };

	if (pairs_parse(&q, &table, bytes, len, e) == -1)
		return -1;
	*out = q;
	return 0;
}

void
question_write(struct buf *out, const struct question *q)
{
	pairs_write(out, &table, q);
}
