#ifndef ROAM_PROG_HISTORY_H
#define ROAM_PROG_HISTORY_H

#include "base/err.h"
#include "prog/look.h"

/* history - what the generations of a store say of one path; l is open with
 * past_open(). Each prints, as text or JSON. */

/* The generations in which path, or something below it, became what it is. */
int history_log(struct look *l, const struct options *o, const char *path,
    struct err *e) MUST_CHECK;
/* What a generation has at path: a file's content, a directory's list. */
int history_show(struct look *l, const struct options *o, uint64_t number,
    const char *path, struct err *e) MUST_CHECK;

#endif
