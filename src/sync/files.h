#ifndef ROAM_SYNC_FILES_H
#define ROAM_SYNC_FILES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * files - settings and rules as they lie around a system: whole files, and all
 * files of a directory with one ending, by name.
 */

/* What is done with a file; path and text are gone afterwards. */
typedef int files_use(void *arg, const char *path, const char *text, size_t len,
    struct err *e);

/* One file. Absent is fine, unless it is needed: then ERR_USAGE. */
int files_one(const char *path, bool needed, files_use *use, void *arg,
    struct err *e) MUST_CHECK;

/* The files of dir whose names end so and do not begin with a dot; none where
 * there is no such directory. */
int files_all(const char *dir, const char *ending, files_use *use, void *arg,
    struct err *e) MUST_CHECK;

/* The first line of a file, cut to out[cap]; "" where there is none. */
void files_first_line(const char *path, char *out, size_t cap);

#endif
