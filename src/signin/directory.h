#ifndef ROAM_SIGNIN_DIRECTORY_H
#define ROAM_SIGNIN_DIRECTORY_H

#include "base/err.h"
#include "signin/facts.h"
#include "signin/question.h"

/*
 * directory - asks the directory, by a helper that is not trusted: roam-ldap(8)
 * runs as a process of its own, says at most FACTS_BYTES_MAX bytes, and is
 * killed when its time is up, since nothing else bounds the libraries that it
 * calls.
 */
struct directory_ask {
	const char *program; /* absolute; NULL: the one that is installed */
	char *const *envp;
	const struct question *q; /* its deadline_ms counts, and is not 0 */
};

/*
 * Its facts, and the lines "item=..." before them behind items (NULL: none are
 * wanted). ERR_OFFLINE where it was not done in time; ERR_FORMAT where it said
 * too much, or nothing that facts_parse() takes; ERR_SYSTEM where it could not
 * be started. That the directory did not answer is no error: then facts are
 * unknown, and their error says why.
 */
int directory_ask(struct facts *out, struct buf *items,
    const struct directory_ask *how, struct err *e) MUST_CHECK;

/* The error that f holds, as one of ours; false: none. */
bool directory_error(const struct facts *f, struct err *e);

#endif
