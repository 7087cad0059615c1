#ifndef ROAM_BASE_CONFINE_H
#define ROAM_BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * confine - a process gives up, for good, what it will not need.
 */

/* No core dump, no tracer, no privileges by exec, SIGPIPE ignored. */
int confine_process(struct err *e) MUST_CHECK;

/*
 * From now on only these files, and what lies below these directories, can be
 * opened: the first read_count of them for reading, the others for writing,
 * too. One that does not exist is passed over. *done is false where the kernel
 * knows no way to do that (Landlock): nothing has changed then.
 */
int confine_files(const char *const *paths, size_t read_count, size_t count,
    bool *done, struct err *e) MUST_CHECK;

#endif
