#ifndef ROAM_PROG_PAST_H
#define ROAM_PROG_PAST_H

#include "base/err.h"
#include "prog/look.h"

/*
 * past - the generations of a store, for commands that look at them.
 *
 * Other than with LOOK_STORE neither the head nor what this home knows of it
 * has to hold: history is also there to find out what is wrong with a store.
 */

/* look_open() with the home's state; then the store and its list of
 * generations. ERR_GONE: there is no store yet. On -1 nothing stays open. */
int past_open(struct look *l, const struct options *o,
    struct err *e) MUST_CHECK;

/* The same without a home, for what concerns the store alone. */
int past_open_store(struct look *l, const struct options *o,
    struct err *e) MUST_CHECK;

/* Index in the list of the oldest generation that was not collected: what is
 * before it has no more than its record left. */
int past_first(const struct context *c, size_t *out, struct err *e) MUST_CHECK;

/* -1, where e says of a generation that something is missing: whether it was
 * collected, or never was. */
int past_explain(const struct context *c, uint64_t number,
    struct err *e) MUST_CHECK;

/*
 * The generation that text names: "42", "head" (0), or the newest one that was
 * there at a time as when_parse() reads it. ERR_USAGE; ERR_GONE where all are
 * younger. The store's generations are listed (past_open(), or a run).
 */
int past_generation(struct context *c, const char *text, uint64_t *out,
    struct err *e) MUST_CHECK;
/* Does text name a generation, and not a path? */
bool past_is_generation(const char *text);

/*
 * What a generation holds; 0 is the newest that holds as a whole. ERR_GONE says
 * which there are, or that it was collected. The profile's entries live in the
 * arena of l.
 */
int past_load(struct look *l, uint64_t number, struct commit *out,
    struct profile *profile, struct err *e) MUST_CHECK;

#endif
