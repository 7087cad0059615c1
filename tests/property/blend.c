#include "engine/driver.h"
#include "engine/merge.h"
#include "run.h"

/* What a driver makes of two contents: the one that holds the other, or one
 * that holds both; always the same of the same two. */
static unsigned
merged_content(struct world *w, unsigned a, unsigned b)
{
	struct set both = w->holds[a];
	unsigned c;

	set_join(&both, &w->holds[b]);
	for (c = 1; c < w->contents; c++)
		if (set_covers(&both, &w->holds[c]) &&
		    set_covers(&w->holds[c], &both))
			return c;
	c = content_new(w, true);
	set_join(&w->holds[c], &both);
	return c;
}

void
blend(struct run *r)
{
	struct world *w = r->w;
	struct entry *made;
	struct hash hash;
	struct err e;
	unsigned l, c;

	for (size_t i = 0; i < r->plan.count; i++) {
		struct op *op = &r->plan.op[i];

		if (op->state != OP_PLANNED || op->driver == DRIVER_NONE ||
		    op->action != ACTION_CONFLICT)
			continue;
		l = (unsigned)content_of(op->local);
		c = (unsigned)content_of(op->remote);
		if ((l ^ c) % 4 == 0 || w->contents > CONTENTS - 8)
			continue;
		c = merged_content(w, l, c);
		hash = content_hash(c);
		if (merge_driven(op, &hash, content_size(c), w->self[r->m],
			&w->arena, &e) == -1)
			world_fail(w, "merge: %s", e.text);
		made = entry_copy(&w->arena, op->result, &e);
		made->place = (struct place){ .gen = 1, .frame = c };
		op->result = made;
	}
}
