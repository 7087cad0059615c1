#ifndef ROAM_TESTS_PROPERTY_HISTORY_H
#define ROAM_TESTS_PROPERTY_HISTORY_H

#include <stdio.h>

#include "world.h"

/*
 * history - a list of steps: acts, runs, and the start, where all computers
 * get the same home. A line of words "kind:pc:a:b:c", behind "pcs:order".
 */
#define STEPS_MAX 128

struct step {
	uint8_t kind; /* an act, or behind them a run */
	uint8_t m;
	uint16_t arg[3];
};

struct history {
	unsigned pcs;
	unsigned order; /* in which they sync at last */
	unsigned count;
	struct step step[STEPS_MAX];
};

void history_draw(struct history *h, uint64_t seed);
/* False where line is none. */
bool history_parse(struct history *h, const char *line);
void history_print(FILE *out, const struct history *h);
/* Plays h in a new world and checks all; w is to be freed. */
void history_play(struct world *w, const struct history *h, bool verbose);
/* Leaves out what h does not need to break a promise. */
void history_shrink(struct history *h);

#endif
