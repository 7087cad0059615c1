#ifndef ROAM_SYNC_BESIDE_H
#define ROAM_SYNC_BESIDE_H

#include <stdbool.h>

#include "base/err.h"
#include "engine/plan.h"
#include "sync/context.h"

/*
 * beside - conflicts in folders of documents, for people who never look at a
 * list: the version that lost becomes a file beside the one that won, by the
 * name "letter (conflict from ws2 2026-11-22 10.04.05).odt", and the conflict
 * is settled. The name is made of what the list says, so that machines that do
 * this at once make one and the same file, and none twice.
 *
 * A run that may change the home does so by its plan. What lost elsewhere, by a
 * push or in a run that was cut off, is found in the list by the next one.
 */

/* To p, whose conflicts are decided: what puts their losers beside. sides: that
 * the run may change. */
int beside_plan(struct plan *p, const struct plan_in *in, unsigned sides,
    struct err *e) MUST_CHECK;
/* p was carried out in the home: what lies beside now is no conflict. */
int beside_done(struct context *c, struct plan *p, struct err *e) MUST_CHECK;

/* Under the run lock, with the head loaded. What cannot be put there stays
 * listed. *made: a scan of before does not know all of the home any more. */
int beside_settle(struct context *c, bool *made, struct err *e) MUST_CHECK;

/* Do rules want the version of a file beside the one that won? */
bool beside_is_due(const struct rules *rules, const struct entry *loser);

/* Name of the file beside path; false where path has no room for it. twin: one
 * more, where another version already has the first. */
bool beside_name(char *out, size_t cap, const struct conflict *lost, bool twin);

#endif
