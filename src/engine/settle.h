#ifndef ROAM_ENGINE_SETTLE_H
#define ROAM_ENGINE_SETTLE_H

#include "engine/plan.h"

/*
 * settle - what the decisions of single paths mean for the directories above
 * them: a directory goes only when everything in it goes, and no file takes
 * the place of a directory that lives.
 *
 * One pass from the last path to the first: a directory stands right before
 * what it holds, so all below it is settled when its turn comes.
 */
void plan_settle(struct plan *p, const struct plan_in *in);

#endif
