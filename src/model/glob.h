#ifndef ROAM_MODEL_GLOB_H
#define ROAM_MODEL_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * glob - one pattern of gitignore's kind, cut into the parts between slashes.
 *
 * A part is exact text, or has wildcards, or is "**" and stands for any number
 * of components. A pattern that may match at any depth begins with such a part,
 * so that matching knows anchored patterns only. All bytes live in the arena
 * that the pattern was parsed into. Names are bytes: '?' is one of them.
 */
enum glob_kind { GLOB_EXACT, GLOB_WILD, GLOB_DEEP };

struct glob_part {
	const char *text; /* exact: without its escapes; NUL behind */
	uint16_t len;
	uint8_t kind; /* enum glob_kind */
};

struct glob {
	const struct glob_part *part;
	const char *lead; /* the exact parts at the front, joined by '/' */
	uint16_t count;
	uint16_t lead_len;
	uint16_t lead_count; /* parts in lead */
	bool dir_only;       /* was written with a '/' at its end */
};

#define GLOB_TEXT_MAX 4096 /* bytes */

/* ERR_USAGE "what", for a pattern that could never match as it was meant. */
int glob_parse(struct glob *out, struct arena *a, const char *text, size_t len,
    struct err *e) MUST_CHECK;

/*
 * Do the parts from number from match all of path ("" or clean)? Time is at
 * most the product of both lengths. Whether path is a directory, where the
 * glob asks for one, is the caller's to know.
 */
bool glob_match(const struct glob *g, size_t from, const char *path,
    size_t len);

/*
 * A path that the whole glob matches, to out of cap bytes; its length, or 0
 * where there is none of that number (0 to GLOB_EXAMPLES - 1) or no room.
 * Where a wildcard stands, the examples have bytes that nobody puts into a
 * name, so that another glob matches them all only if it is as wide.
 */
#define GLOB_EXAMPLES 3u
size_t glob_example(const struct glob *g, unsigned number, char *out,
    size_t cap);

#endif
