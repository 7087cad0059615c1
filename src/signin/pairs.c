#include "signin/pairs.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"

static bool
is_line(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
			return false;
	return text_is_utf8(bytes, len);
}

bool
pairs_set(char *out, size_t cap, const char *bytes, size_t len)
{
	out[0] = '\0';
	if (len >= cap || !is_line(bytes, len))
		return false;
	memcpy(out, bytes, len);
	out[len] = '\0';
	return true;
}

static bool
is_word(const char *word, const char *bytes, size_t len)
{
	return strlen(word) == len && memcmp(word, bytes, len) == 0;
}

static int
take_word(void *at, const struct pair_row *row, const char *value, size_t len,
    struct err *e)
{
	int word;

	for (word = 0; row->words[word] != NULL; word++)
		if (is_word(row->words[word], value, len)) {
			memcpy(at, &word, sizeof(word));
			return 0;
		}
	return err_set(e, ERR_FORMAT, "not %s or %s", row->words[word - 1],
	    row->words[word - 2]);
}

static int
take_number(void *at, const char *value, size_t len, struct err *e)
{
	char digits[24];

	if (len >= sizeof(digits))
		return err_set(e, ERR_FORMAT, "not a number");
	memcpy(digits, value, len);
	digits[len] = '\0';
	if (text_number(digits, 0, UINT64_MAX, at, e) == -1) {
		e->kind = ERR_FORMAT;
		return -1;
	}
	return 0;
}

static int
take_value(void *to, const struct pair_row *row, const char *value, size_t len,
    struct err *e)
{
	char *at = (char *)to + row->offset;

	switch (row->kind) {
	case PAIR_NUMBER:
		return take_number(at, value, len, e);
	case PAIR_WORD:
		return take_word(at, row, value, len, e);
	case PAIR_TEXT:
		break;
	}
	if (!pairs_set(at, row->cap, value, len))
		return err_set(e, ERR_FORMAT, "too long, or not a text");
	return 0;
}

/* Lines on their way. */
struct intake {
	void *to;
	const struct pair_table *t;
	bool seen[PAIR_ROWS_MAX];
	bool ended;
};

static int
take_line(struct intake *in, const char *line, size_t len, struct err *e)
{
	const char *equals = memchr(line, '=', len);
	const struct pair_row *row;
	size_t i, key_len;

	if (in->ended)
		return err_set(e, ERR_FORMAT, "a line behind the last one");
	if (equals == NULL || equals == line || !is_line(line, len))
		return err_set(e, ERR_FORMAT, "not of the form key=value");
	key_len = (size_t)(equals - line);
	if (is_word("end", line, key_len)) {
		in->ended = true;
		return 0;
	}
	for (i = 0; i < in->t->count; i++)
		if (is_word(in->t->rows[i].key, line, key_len))
			break;
	if (i == in->t->count)
		return 0;
	row = &in->t->rows[i];
	if (in->seen[i])
		return err_set(e, ERR_FORMAT, "%s comes twice", row->key);
	in->seen[i] = true;
	if (take_value(in->to, row, equals + 1, len - key_len - 1, e) == -1)
		return err_wrap(e, "%s", row->key);
	return 0;
}

int
pairs_parse(void *to, const struct pair_table *t, const void *bytes, size_t len,
    struct err *e)
{
	struct intake in = { .to = to, .t = t };
	const char *line = bytes, *stop;
	unsigned number = 1;

	assert(t->count <= PAIR_ROWS_MAX);
	if (len > t->max)
		return err_set(e, ERR_FORMAT, "%s: more than %zu bytes",
		    t->what, t->max);
	for (; len > 0; number++) {
		if ((stop = memchr(line, '\n', len)) == NULL)
			return err_set(e, ERR_FORMAT, "%s: line %u is cut off",
			    t->what, number);
		if (take_line(&in, line, (size_t)(stop - line), e) == -1)
			return err_wrap(e, "%s: line %u", t->what, number);
		len -= (size_t)(stop + 1 - line);
		line = stop + 1;
	}
	if (!in.ended)
		return err_set(e, ERR_FORMAT, "%s: the end is missing",
		    t->what);
	return 0;
}

static void
write_row(struct buf *out, const struct pair_row *row, const char *at)
{
	uint64_t number;
	int word;

	switch (row->kind) {
	case PAIR_NUMBER:
		memcpy(&number, at, sizeof(number));
		if (number != 0)
			buf_text(out, "%s=%" PRIu64 "\n", row->key, number);
		break;
	case PAIR_WORD:
		memcpy(&word, at, sizeof(word));
		if (word != 0)
			buf_text(out, "%s=%s\n", row->key, row->words[word]);
		break;
	case PAIR_TEXT:
		if (at[0] != '\0')
			buf_text(out, "%s=%s\n", row->key, at);
		break;
	}
}

void
pairs_write(struct buf *out, const struct pair_table *t, const void *from)
{
	for (size_t i = 0; i < t->count; i++)
		write_row(out, &t->rows[i],
		    (const char *)from + t->rows[i].offset);
	buf_text(out, "end=\n");
}
