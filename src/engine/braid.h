#ifndef ROAM_ENGINE_BRAID_H
#define ROAM_ENGINE_BRAID_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/pieces.h"

/*
 * braid - three versions of a list of named things (keys, groups, members,
 * bookmarks) become one list. A name that occurs twice is two names: the first
 * of it, the second.
 */
struct strand {
	const char *id; /* borrowed, as the text is */
	size_t id_len;
	uint32_t kind; /* names of different kinds are never the same */
	uint32_t nth;  /* of those with that name; braid() counts */
	struct piece text;
};

struct strands {
	struct strand *at; /* owned */
	size_t count;
	size_t cap;
};

/* A strand whose name is the id_len bytes at id, and text all of it. */
int strands_add(struct strands *s, const struct strand *strand,
    struct err *e) MUST_CHECK;
void strands_free(struct strands *s);

/* One thing of the outcome, as the three versions have it (NULL: lacks it). */
struct braided {
	const struct strand *base, *local, *remote;
	enum pick {
		PICK_LOCAL,
		PICK_REMOTE,
		PICK_NEITHER, /* both wrote it: the caller has to look inside */
	} pick;
};

/*
 * The outcome in *out, malloc()ed: in the order of local, what only remote has
 * behind what it stands behind there. What one side removed is gone unless the
 * other one changed it.
 */
int braid(struct braided **out, size_t *count, struct strands *base,
    struct strands *local, struct strands *remote, struct err *e) MUST_CHECK;

#endif
