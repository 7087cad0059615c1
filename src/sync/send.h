#ifndef ROAM_SYNC_SEND_H
#define ROAM_SYNC_SEND_H

#include <stdint.h>

#include "base/err.h"
#include "engine/plan.h"
#include "model/home.h"
#include "sync/contents.h"
#include "sync/context.h"
#include "sync/limits.h"

/*
 * send - makes the next generation: packs the contents that the store lacks,
 * builds its tree and conflict list, and publishes it.
 *
 * A sender outlives a lost race: contents that are packed stay packed.
 */
struct sender {
	struct context *c; /* borrowed */
	struct draft *draft;
	struct contents contents;
	struct hash id; /* of the generation in the making */
};

struct send_in {
	const struct limits *limits;
	bool *late; /* set where files wait because the time is up */
	struct plan *plan;
	const struct home *local;
	int64_t now_ns;
	/* What the state will be once the generation is out: base and local of
	 * it are filled in by this call, and written as "next". */
	int (*intend)(void *arg, const struct profile *head,
	    const struct commit *commit, struct err *e);
	void *arg;
	void (*progress)(uint64_t done, uint64_t of, void *progress_arg);
	void *progress_arg;
};

int sender_new(struct sender *out, struct context *c, struct err *e) MUST_CHECK;
void sender_free(struct sender *s);

/* Is there anything for a new generation: an op, or conflicts to list? */
int send_is_needed(struct context *c, const struct plan *p, bool *needed,
    struct err *e) MUST_CHECK;

/*
 * Carry out the plan's ops of SIDE_STORE. On 0 they are OP_DONE (or OP_FAILED,
 * each alone, a unit as a whole, or OP_PENDING for lack of time), *commit is
 * the new generation, *now what it holds; number 0 where nothing was left to
 * publish. ERR_RACE: load the head, plan again, call again.
 */
int send_generation(struct sender *s, const struct send_in *in,
    struct commit *commit, struct profile *now, struct err *e) MUST_CHECK;

#endif
