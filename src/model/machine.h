#ifndef ROAM_MODEL_MACHINE_H
#define ROAM_MODEL_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/entry.h"

/*
 * machine - the machines that wrote a profile, each kept once.
 *
 * The same id and name always give the same pointer, so entries of different
 * generations compare by pointer. Pointers live as long as the arena.
 */
#define MACHINE_TEXT_MAX 255 /* bytes of id and of name */
#define MACHINES_MAX     65535

struct machines {
	struct arena *arena;       /* borrowed */
	const struct machine **at; /* owned */
	size_t count;
	size_t cap;
};

/* May text be the id or name of a machine? Short, and no control bytes, since
 * it is shown to people. */
bool machine_text_valid(const char *text, size_t len);

/* ERR_FORMAT: not valid; ERR_LIMIT: one too many. */
const struct machine *machines_intern(struct machines *m, const char *id,
    const char *name, struct err *e) MUST_CHECK;
void machines_free(struct machines *m);

/* By id, then name; NULL first. The second step of the winner's order. */
int machine_order(const struct machine *a, const struct machine *b);

#endif
