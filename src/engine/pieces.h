#ifndef ROAM_ENGINE_PIECES_H
#define ROAM_ENGINE_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * pieces - a text cut into pieces, and which pieces of one text another one
 * still holds. Two pieces are the same when they have the same bytes, line end
 * left out.
 */
struct piece {
	const char *text; /* borrowed, of the text that was cut */
	size_t len;       /* all of it, line end included */
	size_t body;      /* without the line end */
	uint64_t hash;    /* of the body */
};

struct pieces {
	struct piece *at; /* owned */
	size_t count;
	size_t cap;
};

/* The len bytes at text as one piece. */
struct piece piece_of(const char *text, size_t len);
/* Append them. */
int pieces_add(struct pieces *r, const char *text, size_t len,
    struct err *e) MUST_CHECK;
/* Every line a piece; the last one may lack its line end. */
int pieces_lines(struct pieces *r, const char *text, size_t len,
    struct err *e) MUST_CHECK;
bool piece_same(const struct piece *a, const struct piece *b);
void pieces_free(struct pieces *r);

/* The line that begins at text, line end included. */
size_t pieces_line_len(const char *text, size_t len);

#define PIECE_NONE SIZE_MAX
/*
 * to[i] is the piece of b that piece i of a became, or PIECE_NONE; they
 * ascend. Pieces that occur once in each are found first, then what lies
 * between them is compared as long as that is cheap.
 */
int pieces_match(size_t *to, const struct pieces *a, const struct pieces *b,
    struct err *e) MUST_CHECK;

#endif
