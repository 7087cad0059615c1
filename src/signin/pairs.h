#ifndef ROAM_SIGNIN_PAIRS_H
#define ROAM_SIGNIN_PAIRS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * pairs - a struct as lines "key=value" by a table of its members, and back:
 * how a program and its helper tell each other things. The last line is
 * "end=", so that what was cut off is known.
 */
enum pair_kind {
	PAIR_NUMBER, /* uint64_t */
	PAIR_WORD,   /* an enum, by the words of the row */
	PAIR_TEXT,   /* char[cap]: one line of UTF-8 */
};

struct pair_row {
	const char *key;
	enum pair_kind kind;
	size_t offset;            /* in the struct */
	size_t cap;               /* of a text, with its NUL; else 0 */
	const char *const *words; /* of an enum, up to NULL; else NULL */
};

struct pair_table {
	const char *what; /* put before errors: "facts" */
	const struct pair_row *rows;
	size_t count; /* at most PAIR_ROWS_MAX */
	size_t max;   /* bytes of all lines together */
};
#define PAIR_ROWS_MAX 64

/*
 * The members of to that lines name; the others stay. ERR_FORMAT where a line
 * is malformed, comes twice or is too long for its member, where bytes are no
 * text, where the end is missing or where there are more than t->max bytes.
 * Keys that are not known are passed over. After an error to is half filled.
 */
int pairs_parse(void *to, const struct pair_table *t, const void *bytes,
    size_t len, struct err *e) MUST_CHECK;

/* Lines of all that is not 0 or "", and "end=". */
void pairs_write(struct buf *out, const struct pair_table *t, const void *from);

/* Set a text of cap bytes to len bytes. False, and "", where they do not fit or
 * are not one line of UTF-8. */
bool pairs_set(char *out, size_t cap, const char *bytes, size_t len);

/* Rows of a table, for a member whose key is its name; _AS where it is not. */
#define PAIR_AT(type, member) offsetof(struct type, member)
#define PAIR_NUMBER_AS(type, member, name)                                     \
	{                                                                      \
		name, PAIR_NUMBER, PAIR_AT(type, member), 0, NULL              \
	}
#define PAIR_NUMBER_ROW(type, member) PAIR_NUMBER_AS(type, member, #member)
#define PAIR_WORD_ROW(type, member, words)                                     \
	{                                                                      \
#member, PAIR_WORD, PAIR_AT(type, member), 0, words            \
	}
#define PAIR_TEXT_ROW(type, member)                                            \
	{                                                                      \
#member, PAIR_TEXT, PAIR_AT(type, member),                     \
		    sizeof(((struct type *)0)->member), NULL                   \
	}

#endif
