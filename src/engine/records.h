#ifndef ROAM_ENGINE_RECORDS_H
#define ROAM_ENGINE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * records - a text cut into pieces, and which pieces of one text another one
 * still holds. Two pieces are the same when they have the same bytes, line end
 * left out.
 */
struct record {
	const char *text; /* borrowed, of the text that was cut */
	size_t len;       /* all of it, line end included */
	size_t body;      /* without the line end */
	uint64_t hash;    /* of the body */
};

struct records {
	struct record *at; /* owned */
	size_t count;
	size_t cap;
};

/* The len bytes at text as one record. */
struct record record_of(const char *text, size_t len);
/* Append them. */
int records_add(struct records *r, const char *text, size_t len,
    struct err *e) MUST_CHECK;
/* Every line a record; the last one may lack its line end. */
int records_lines(struct records *r, const char *text, size_t len,
    struct err *e) MUST_CHECK;
bool record_same(const struct record *a, const struct record *b);
void records_free(struct records *r);

/* The line that begins at text, line end included. */
size_t records_line_len(const char *text, size_t len);

#define RECORD_NONE SIZE_MAX
/*
 * to[i] is the record of b that record i of a became, or RECORD_NONE; they
 * ascend. Records that occur once in each are found first, then what lies
 * between them is compared as long as that is cheap.
 */
int records_match(size_t *to, const struct records *a, const struct records *b,
    struct err *e) MUST_CHECK;

#endif
