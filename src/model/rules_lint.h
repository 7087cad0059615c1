#ifndef ROAM_MODEL_RULES_LINT_H
#define ROAM_MODEL_RULES_LINT_H

#include "model/rules.h"

/*
 * rules_lint - what is wrong with rules: lines that cannot be read, and lines
 * that can but never decide anything.
 */

/* Called for each fault; the strings are gone when it returns. */
typedef void rules_fault(void *arg, const char *file, unsigned line,
    const char *what);

enum rules_care {
	RULES_CARE_LINES, /* each line is a rule, a comment or empty */
	RULES_CARE_ALL,   /* and has its reason, and the file its version */
};

/* A file with its lines' faults; those without are added to r, for
 * rules_lint_dead(). -1 only where r could not take them. */
struct rules_file {
	enum rules_source source;
	const char *name;
	const char *text;
	size_t len;
};
int rules_lint_file(struct rules *r, const struct rules_file *f,
    enum rules_care care, rules_fault *fault, void *arg,
    struct err *e) MUST_CHECK;

/*
 * The rules of all files together that decide about no path: a later one of
 * their source always does, or they lie below what another made local, or no
 * name is like that. Never a rule that decides about one path at least.
 */
void rules_lint_dead(const struct rules *r, rules_fault *fault, void *arg);

/* The number N of the comment "# Version: N" in text; 0 without one. */
unsigned rules_version(const char *text, size_t len);

#endif
