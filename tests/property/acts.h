#ifndef ROAM_TESTS_PROPERTY_ACTS_H
#define ROAM_TESTS_PROPERTY_ACTS_H

#include "world.h"

/*
 * acts - what users, administrators and mishaps do between two runs.
 *
 * An act takes three numbers and does with them the nearest thing that makes
 * sense in the world as it is, or nothing: so that a history stays one when
 * acts are taken out of it.
 */
struct act {
	const char *name;
	void (*run)(struct world *w, unsigned m, const unsigned arg[3]);
	unsigned weight; /* how often it is drawn */
};
extern const struct act acts[];
extern const unsigned act_count;
extern const unsigned act_user_count; /* those at the front are users' */

#endif
