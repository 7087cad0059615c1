#ifndef ROAM_PROG_PROGRESS_H
#define ROAM_PROG_PROGRESS_H

#include <stdbool.h>

#include "prog/options.h"
#include "sync/sync.h"

/* progress - one line on stderr that shows how far a run is: only on a
 * terminal, a few times a second, wiped at the end. */
struct progress {
	bool on;
	double began_s; /* of the present stage */
	double shown_s;
	enum sync_stage stage;
};

void progress_open(struct progress *p, const struct options *o);
/* A call-back of sync_run(); arg is the struct progress. */
void progress_show(enum sync_stage stage, uint64_t done, uint64_t of,
    void *arg);
void progress_close(struct progress *p);

#endif
