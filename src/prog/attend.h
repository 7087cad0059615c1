#ifndef ROAM_PROG_ATTEND_H
#define ROAM_PROG_ATTEND_H

#include "base/err.h"
#include "prog/announce.h"
#include "prog/options.h"
#include "signin/ending.h"
#include "signin/occasion.h"
#include "sync/sitting.h"

/*
 * attend - carries out an occasion: looks at settings and at what this home
 * remembers, does what signin/occasion.h decides, says how it ended, and leaves
 * that for 'roam status' and the next occasion. Returns as a command; what is
 * in the way of the profile is told as a result, not as an error.
 */
int attend(const struct options *o, enum occasion occasion, struct err *e);

/* One occasion on its way; the parts of attend share it. */
struct attend {
	const struct options *o;
	struct announce announce;
	struct setup setup;
	struct occasion_in facts;
	struct occasion_out decision;
	struct sitting before; /* what the last occasion left */
	int statefd;           /* -1: none */
	double until_s;        /* by the steady clock; 0: no limit */
	bool fresh;            /* see sync/sitting.h; of this occasion */
	bool marked;           /* the store says that it is mandatory */
	bool slow, over;       /* what consent was refused for */
	struct ending_in ending;
	char why[ERR_TEXT_MAX]; /* the error behind the ending; "": none */
	char text[ENDING_TEXT_MAX];
};

/* attend_run.c: the store is met, and the ending's state, news and why filled
 * in. */
void attend_run(struct attend *a);

/* attend_drop.c: is nothing in the home but what every new one has? And it is so
 * again; the ending's state and why are filled in. */
bool attend_is_fresh(const struct attend *a);
void attend_drop(struct attend *a);

/* attend_watch.c: checkpoints while the session lasts, by a process behind it,
 * where the settings want them; and the end of them. */
void attend_watch(struct attend *a);
void attend_end_watch(const struct attend *a);

/* attend_tell.c: for the next occasion and 'roam status'; then the line, and
 * the object of --json. Returns as a command. */
int attend_tell(struct attend *a, struct err *e);

#endif
