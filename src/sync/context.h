#ifndef ROAM_SYNC_CONTEXT_H
#define ROAM_SYNC_CONTEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "local/root.h"
#include "local/state.h"
#include "model/machine.h"
#include "model/profile.h"
#include "store/repo.h"
#include "store/store.h"
#include "sync/left.h"
#include "sync/setup.h"

/*
 * context - one home and one store, opened for a command: descriptors, what
 * the home remembers, the store's head and what it holds.
 */
struct context {
	const struct setup *setup; /* borrowed */
	struct arena arena;        /* owns the entries of all trees below */
	struct machines machines;
	const struct machine *self;

	struct root root;
	int statefd; /* -1: the home has no state yet */
	int lockfd;  /* -1: not locked */
	struct state state;
	struct left left; /* see lean.h */

	unsigned slow_ms;    /* as of struct store_how; the caller's */
	struct store *store; /* NULL: there is none yet */
	bool entered;        /* it is open */
	struct repo *repo;
	struct commit head;           /* number 0: the store is empty */
	const struct profile *remote; /* what head holds */
	struct profile fetched;       /* remote, where it is not state.head */
	struct profile mended;        /* see mend.h */
	size_t lost;                  /* entries of it that lost their place */
	/*
	 * The base says nothing about this store: it is another one, or older
	 * than what this home knew. Then nothing is deleted on either side.
	 */
	bool estranged;
	bool hushed;    /* another context of this program has warned already */
	bool settled;   /* "next" was looked at */
	size_t damaged; /* newer generations that had to be passed over */
};

enum context_use {
	CONTEXT_LOOK, /* change nothing, take no lock */
	CONTEXT_WORK, /* make the state directory, take the run lock */
};

void context_init(struct context *c, const struct setup *setup);

/* Home and state. ERR_BUSY after wait_s seconds where another run works. */
int context_open_home(struct context *c, enum context_use use, unsigned wait_s,
    struct err *e) MUST_CHECK;

/* Say more of e where the system refused something in the home: which home,
 * and what helps. */
void context_explain(const struct context *c, struct err *e);

/* The store; with CONTEXT_WORK it may be made. No store is no error. A server
 * is only begun to be reached: context_enter_store() waits until the store is
 * open. In between context_look_at_store() says whether that has failed. */
int context_begin_store(struct context *c, enum context_use use,
    struct err *e) MUST_CHECK;
int context_look_at_store(struct context *c, struct err *e) MUST_CHECK;
int context_enter_store(struct context *c, struct err *e) MUST_CHECK;

/* Both. */
int context_open_store(struct context *c, enum context_use use,
    struct err *e) MUST_CHECK;

/*
 * Find the head and what it holds; may be called again after a lost race. Also
 * settles what an interrupted publication left in the state ("next").
 */
int context_load_head(struct context *c, enum context_use use,
    struct err *e) MUST_CHECK;

/* Has an administrator marked the store's profile as mandatory? Known when the
 * head was loaded. */
bool context_is_mandatory(const struct context *c);

/* The commit and profile of one generation; 0 is the head. The profile's
 * entries live in c's arena, the rest is the caller's. */
int context_generation(struct context *c, uint64_t number, struct commit *out,
    struct profile *profile, struct err *e) MUST_CHECK;

/* Say in a record who we are: machine, user, program. */
int context_sign(const struct context *c, struct commit *out,
    struct err *e) MUST_CHECK;

void context_close(struct context *c);

#endif
