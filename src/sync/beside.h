#ifndef ROAM_SYNC_BESIDE_H
#define ROAM_SYNC_BESIDE_H

#include <stdbool.h>

#include "base/err.h"
#include "sync/context.h"

/*
 * beside - conflicts in folders of documents, for people who never look at a
 * list: the version that lost becomes a file beside the one that won, by the
 * name "letter (conflict from ws2 2026-11-22 10.04.05).odt", and the conflict
 * is settled. The name is made of what the list says, so that machines that do
 * this at once make one and the same file, and none twice.
 */

/* Under the run lock, with the head loaded. What cannot be put there stays
 * listed. *made: a scan of before does not know all of the home any more. */
int beside_settle(struct context *c, bool *made, struct err *e) MUST_CHECK;

/* How many of list are to be settled so. */
size_t beside_count(const struct context *c, const struct profile *list);

/* Name of the file beside path; false where path has no room for it. */
bool beside_name(char *out, size_t cap, const struct conflict *lost);

#endif
