#ifndef ROAM_MODEL_RULES_LINE_H
#define ROAM_MODEL_RULES_LINE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/glob.h"
#include "model/rules.h"

/*
 * rules_line - the lines of a rules file, one by one, for those that read it
 * to follow it (rules.c) and those that read it to find fault (rules_lint.c).
 */

/* CLASS PATTERN [# REASON]; the strings are in the arena, the driver ours. */
struct rules_line {
	enum rules_class class;
	const char *driver; /* NULL unless of class merge */
	const char *pattern;
	const char *reason; /* "" if none */
	struct glob glob;
};

/* The text of a file; line starts at 0. */
struct rules_text {
	const char *p, *end; /* what is left; p is NULL behind the last line */
	unsigned line;       /* that was handed out last, from 1 on */
};

void rules_text_init(struct rules_text *t, const char *text, size_t len);
/* The next line without what ends it, or NULL behind the last. */
const char *rules_text_next(struct rules_text *t, size_t *len);

/* 1: *out is the rule; 0: the line is empty or a comment; -1 and ERR_USAGE
 * "what", without file and line. */
int rules_line_parse(struct rules_line *out, struct arena *a, const char *line,
    size_t len, struct err *e) MUST_CHECK;

#endif
