#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "prog/run.h"
#include "sync/memo.h"

void
run_costs(const struct context *c)
{
	if (c->store != NULL)
		log_line(LOG_LEVEL_INFO,
		    "store: %llu calls, %llu bytes read, %llu bytes written",
		    (unsigned long long)c->store->calls,
		    (unsigned long long)c->store->bytes_read,
		    (unsigned long long)c->store->bytes_written);
}

struct totals
run_totals(const struct sync_out *out)
{
	const struct report r = {
		.plan = &out->plan,
		.skipped = out->scan.opaque,
		.skipped_count = out->scan.opaque_count,
	};

	return report_totals(&r);
}

void
run_note(const struct context *c, const struct sync_how *how,
    const struct sync_out *out, const struct err *why)
{
	const struct totals t = run_totals(out);
	struct memo now = {
		.last_attempt_ns = clock_now_ns(),
		.pending = t.pending,
		.skipped = t.skipped + t.failed,
		.held_deletes = out->held,
		.held_changes = out->held_changes,
	};
	uint64_t done = out->published;
	struct err e;

	/* Without the lock somebody else may be noting right now. */
	if (how->dry_run || how->choose != NULL || c->lockfd == -1)
		return;
	for (size_t i = 0; i < ACTION__COUNT; i++)
		done += t.action[i];
	if (why != NULL)
		snprintf(now.last_error, sizeof(now.last_error), "%s",
		    why->text);
	if (memo_note(c->statefd, &now, done > 0, &e) == -1 &&
	    (why == NULL || e.sys != why->sys))
		log_line(LOG_LEVEL_WARN,
		    "what 'roam status' says of this run is missing: %s",
		    e.text);
}
