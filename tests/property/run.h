#ifndef ROAM_TESTS_PROPERTY_RUN_H
#define ROAM_TESTS_PROPERTY_RUN_H

#include "world.h"

/*
 * run - one pull, push or sync of a computer, as a real one goes, with what
 * can happen to it; and the promises, checked at each step.
 */
enum fault {
	FAULT_NONE,
	FAULT_FAIL,    /* some ops fail */
	FAULT_CUT,     /* killed while the home is changed */
	FAULT_CUT_OFF, /* killed after publishing, before the base is saved */
	FAULT_RACE,    /* another computer publishes first */
	FAULT_EDIT,    /* the user goes on working */
	FAULT_GUARD,   /* deletions are held back */
	FAULT__COUNT
};

struct how {
	unsigned sides;
	enum fault fault;
	unsigned arg;   /* when, or which */
	unsigned other; /* who races */
	bool again;     /* right after another one */
};

void world_run(struct world *w, unsigned m, const struct how *how);

/* A run under way. */
struct run {
	struct world *w;
	struct pc *pc;
	unsigned m;
	const struct how *how;
	struct look look;
	struct node before[SPOTS]; /* the home at the start */
	const struct entry *base_before[SPOTS];
	const struct entry *base[SPOTS];
	struct node local[SPOTS]; /* as far as the run knows */
	struct plan plan;
	unsigned applied;
	uint64_t rng;
	bool cut;
};

uint64_t draw(uint64_t *rng, uint64_t below);

/* What plan_make() gets, and the memory for it. */
struct inputs {
	const struct entry *base_at[SPOTS], *known_at[SPOTS];
	const struct entry *local_at[SPOTS], *remote_at[SPOTS];
	struct stamp known_stamp[SPOTS], local_stamp[SPOTS];
	struct tree base, known, remote;
	struct home local;
	struct plan_in in;
};
void inputs_of(struct run *r, struct inputs *i);

/* The drivers' part of a plan, as sync/blend.c has it; now and then a driver is
 * unsure. */
void blend(struct run *r);

/* Carry out the home's side of r->plan; sets r->cut where it was killed. */
void apply(struct run *r);

/* check.c: the promises. */
void check_plan(struct run *r, const struct inputs *i);
void check_published(struct run *r, const struct entry *const *was);
void check_home(struct run *r);
void check_settled(struct run *r);
bool is_clean(const struct run *r);
void check_converged(struct world *w);

#endif
