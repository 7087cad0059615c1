#include "signin/facts.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

enum kind { KIND_NUMBER, KIND_FACT, KIND_TEXT };

/* All that has a line. Order is that of writing. */
static const struct row {
	const char *key;
	enum kind kind;
	size_t offset; /* in struct facts */
	size_t cap;    /* of a text, with its NUL */
} rows[] = {
#define AT(member) offsetof(struct facts, member), 0
#define TEXT(member)                                                           \
	offsetof(struct facts, member), sizeof(((struct facts *)0)->member)
	/* clang-format off */
	{ "roam-ldap", KIND_NUMBER, AT(version) },
	{ "asked", KIND_NUMBER, AT(asked_s) },
	{ "account", KIND_TEXT, TEXT(account) },
	{ "host", KIND_TEXT, TEXT(host) },
	{ "server", KIND_TEXT, TEXT(server) },
	{ "site", KIND_TEXT, TEXT(site) },
	{ "netbios", KIND_TEXT, TEXT(netbios) },
	{ "foreign", KIND_FACT, AT(foreign) },
	{ "schema", KIND_FACT, AT(schema) },
	{ "user", KIND_FACT, AT(user) },
	{ "user_dn", KIND_TEXT, TEXT(user_dn) },
	{ "computer", KIND_FACT, AT(computer) },
	{ "computer_dn", KIND_TEXT, TEXT(computer_dn) },
	{ "listed", KIND_FACT, AT(listed) },
	{ "via", KIND_TEXT, TEXT(via) },
	{ "values", KIND_NUMBER, AT(values) },
	{ "profile_path", KIND_TEXT, TEXT(profile_path) },
	{ "ts_profile_path", KIND_TEXT, TEXT(ts_profile_path) },
	{ "home_directory", KIND_TEXT, TEXT(home_directory) },
	{ "home_drive", KIND_TEXT, TEXT(home_drive) },
	{ "round_trips", KIND_NUMBER, AT(round_trips) },
	{ "error", KIND_TEXT, TEXT(error) },
/* clang-format on */
#undef AT
#undef TEXT
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const char *const fact_words[] = {
	[FACT_UNKNOWN] = "unknown",
	[FACT_NO] = "no",
	[FACT_YES] = "yes",
};
#define FACT_COUNT (sizeof(fact_words) / sizeof(fact_words[0]))

static bool
is_line(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
			return false;
	return text_is_utf8(bytes, len);
}

bool
facts_set(char *out, size_t cap, const char *bytes, size_t len)
{
	out[0] = '\0';
	if (len >= cap || !is_line(bytes, len))
		return false;
	memcpy(out, bytes, len);
	out[len] = '\0';
	return true;
}

static const struct row *
row_of(const char *key, size_t len)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (strlen(rows[i].key) == len &&
		    memcmp(rows[i].key, key, len) == 0)
			return &rows[i];
	return NULL;
}

static int
take_fact(enum fact *out, const char *value, size_t len, struct err *e)
{
	for (size_t i = 0; i < FACT_COUNT; i++)
		if (strlen(fact_words[i]) == len &&
		    memcmp(fact_words[i], value, len) == 0) {
			*out = (enum fact)i;
			return 0;
		}
	return err_set(e, ERR_FORMAT, "not yes, no or unknown");
}

static int
take_number(uint64_t *out, const char *value, size_t len, struct err *e)
{
	char digits[24];

	if (len >= sizeof(digits))
		return err_set(e, ERR_FORMAT, "not a number");
	memcpy(digits, value, len);
	digits[len] = '\0';
	if (text_number(digits, 0, UINT64_MAX, out, e) == -1) {
		e->kind = ERR_FORMAT;
		return -1;
	}
	return 0;
}

static int
take_value(struct facts *f, const struct row *row, const char *value,
    size_t len, struct err *e)
{
	char *at = (char *)f + row->offset;

	switch (row->kind) {
	case KIND_NUMBER:
		return take_number((uint64_t *)(void *)at, value, len, e);
	case KIND_FACT:
		return take_fact((enum fact *)(void *)at, value, len, e);
	case KIND_TEXT:
		break;
	}
	if (!facts_set(at, row->cap, value, len))
		return err_set(e, ERR_FORMAT, "too long, or not a text");
	return 0;
}

/* Lines on their way into f. */
struct intake {
	struct facts f;
	unsigned char seen[ROW_COUNT];
	bool ended;
};

static int
take_line(struct intake *in, const char *line, size_t len, struct err *e)
{
	const char *equals = memchr(line, '=', len);
	const struct row *row;
	size_t key_len;

	if (in->ended)
		return err_set(e, ERR_FORMAT, "a line behind the last one");
	if (equals == NULL || equals == line || !is_line(line, len))
		return err_set(e, ERR_FORMAT, "not of the form key=value");
	key_len = (size_t)(equals - line);
	if (key_len == 3 && memcmp(line, "end", 3) == 0) {
		in->ended = true;
		return 0;
	}
	if ((row = row_of(line, key_len)) == NULL)
		return 0;
	if (in->seen[row - rows]++)
		return err_set(e, ERR_FORMAT, "%s comes twice", row->key);
	if (take_value(&in->f, row, equals + 1, len - key_len - 1, e) == -1)
		return err_wrap(e, "%s", row->key);
	return 0;
}

int
facts_parse(struct facts *out, const void *bytes, size_t len, struct err *e)
{
	struct intake in = { 0 };
	const char *line = bytes, *stop;
	unsigned number = 1;

	if (len > FACTS_BYTES_MAX)
		return err_set(e, ERR_FORMAT, "facts: more than %d bytes",
		    FACTS_BYTES_MAX);
	for (; len > 0; number++) {
		if ((stop = memchr(line, '\n', len)) == NULL)
			return err_set(e, ERR_FORMAT,
			    "facts: line %u is cut off", number);
		if (take_line(&in, line, (size_t)(stop - line), e) == -1)
			return err_wrap(e, "facts: line %u", number);
		len -= (size_t)(stop + 1 - line);
		line = stop + 1;
	}
	if (!in.ended)
		return err_set(e, ERR_FORMAT, "facts: the end is missing");
	if (in.f.version != FACTS_VERSION)
		return err_set(e, ERR_FORMAT,
		    "facts: version %" PRIu64 ", not %d", in.f.version,
		    FACTS_VERSION);
	*out = in.f;
	return 0;
}

/* Nothing is written of what says nothing. */
static void
write_row(struct buf *out, const struct row *row, const char *at)
{
	uint64_t number;
	enum fact fact;

	switch (row->kind) {
	case KIND_NUMBER:
		memcpy(&number, at, sizeof(number));
		if (number != 0)
			buf_text(out, "%s=%" PRIu64 "\n", row->key, number);
		break;
	case KIND_FACT:
		memcpy(&fact, at, sizeof(fact));
		if (fact != FACT_UNKNOWN)
			buf_text(out, "%s=%s\n", row->key, fact_words[fact]);
		break;
	case KIND_TEXT:
		if (at[0] != '\0')
			buf_text(out, "%s=%s\n", row->key, at);
		break;
	}
}

void
facts_write(struct buf *out, const struct facts *f)
{
	struct facts now = *f;

	now.version = FACTS_VERSION;
	for (size_t i = 0; i < ROW_COUNT; i++)
		write_row(out, &rows[i], (const char *)&now + rows[i].offset);
	buf_text(out, "end=\n");
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
