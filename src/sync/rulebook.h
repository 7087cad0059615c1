#ifndef ROAM_SYNC_RULEBOOK_H
#define ROAM_SYNC_RULEBOOK_H

#include <stdbool.h>

#include "base/err.h"
#include "model/rules.h"
#include "sync/setup.h"

/*
 * rulebook - where rules lie: the catalogue's directory, the administrator's
 * and the user's file; and which of the overlays in the directories are for
 * this machine: os-ID, os-ID-VERSION, arch-MACHINE, group-NAME, in that order
 * behind the files of the directory itself. See roam-rules(5).
 */
struct rulebook_file {
	enum rules_source source;
	const char *path;
	const char *overlay; /* the name of its directory, or NULL */
	bool known;          /* the overlay is of a kind that there is */
	bool active;         /* it is read on this machine */
	const char *text;
	size_t len;
};

typedef int rulebook_use(void *arg, const struct rulebook_file *f,
    struct err *e);

/* Each file that is read on this machine, in the order of reading; all: then
 * those for other machines, too. The user's in any case, if they may have
 * one. */
int rulebook_each(const struct setup *s, bool all, rulebook_use *use, void *arg,
    struct err *e) MUST_CHECK;

#endif
