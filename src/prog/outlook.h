#ifndef ROAM_PROG_OUTLOOK_H
#define ROAM_PROG_OUTLOOK_H

#include "base/err.h"
#include "engine/json.h"
#include "sync/setup.h"

/* outlook - what a sync would do about one path now, found out by planning
 * one: the real thing, with its units, renames and guards. */
struct outlook {
	bool known;         /* else text says why not */
	const char *action; /* as in --json; NULL: nothing */
	const char *reason; /* in words; NULL: none */
	const char *driver; /* that merges it, or NULL */
	const char *state;  /* why it is not simply done; NULL: it is */
	char text[ERR_TEXT_MAX];
};

void outlook_find(struct outlook *out, const struct setup *setup,
    const char *path);
/* "upload: changed here" */
void outlook_print(const struct outlook *v);
/* null where it is not known. */
json_t *outlook_json(const struct outlook *v);

#endif
