#ifndef ROAM_PROG_RUN_H
#define ROAM_PROG_RUN_H

#include "base/err.h"
#include "engine/report.h"
#include "prog/options.h"
#include "sync/sync.h"

/* run - a run of sync_run() for a command: settings, progress, report. how
 * says what; the rest of it comes from the options. Returns as a command. */
int run_sync(const struct options *o, struct sync_how how, struct err *e);

struct totals run_totals(const struct sync_out *out);

/* For 'roam status': how the run went, that failed with why (NULL: it did
 * not). A failure to note it does not undo what was done. */
void run_note(const struct context *c, const struct sync_how *how,
    const struct sync_out *out, const struct err *why);

/* Costs, for those who ask. */
void run_costs(const struct context *c);

#endif
