#ifndef ROAM_PROG_COMPARE_H
#define ROAM_PROG_COMPARE_H

#include "base/err.h"
#include "model/entry.h"
#include "sync/context.h"

/* compare - what makes two versions of a file different, for people: the lines
 * where both are text, else what is known of each. */
struct version_of {
	const char *label; /* "conflict 0123..." */
	const struct entry *entry;
	int fd; /* of its content, at its beginning; -1: not there */
};

/* A descriptor of the content of an entry of the store, for reading. */
int compare_content(struct context *c, const struct entry *t,
    struct err *e) MUST_CHECK;

/* Prints to stdout; old and new are read to their ends. */
int compare_print(const struct version_of *old, const struct version_of *new,
    struct err *e) MUST_CHECK;

#endif
