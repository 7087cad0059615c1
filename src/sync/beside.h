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
 * A run that may change the home does so by its plan, for what loses in it and
 * for what the list has, from a push or a run that was cut off.
 */

/* To p, whose conflicts are decided: what puts their losers, and those of list,
 * beside. sides: that the run may change, the home among them. */
int beside_plan(struct plan *p, const struct plan_in *in,
    const struct profile *list, unsigned sides, struct err *e) MUST_CHECK;
/* What of list the home has beside already is no conflict any more. */
int beside_drop_known(struct context *c, const struct plan_in *in,
    const struct profile *list, struct err *e) MUST_CHECK;
/* p was carried out in the home: what lies beside now is no conflict. */
int beside_done(struct context *c, struct plan *p, struct err *e) MUST_CHECK;

/* Do rules want the version of a file beside the one that won? */
bool beside_is_due(const struct rules *rules, const struct entry *loser);

/* Name of the file beside path; false where path has no room for it. twin: one
 * more, where another version already has the first. */
bool beside_name(char *out, size_t cap, const struct conflict *lost, bool twin);

#endif
