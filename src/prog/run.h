#ifndef ROAM_PROG_RUN_H
#define ROAM_PROG_RUN_H

#include "base/err.h"
#include "prog/options.h"
#include "sync/sync.h"

/* run - a run of sync_run() for a command: settings, progress, report. how
 * says what; the rest of it comes from the options. Returns as a command. */
int run_sync(const struct options *o, struct sync_how how, struct err *e);

#endif
