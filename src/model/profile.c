#include "model/profile.h"

#include <stdlib.h>
#include <string.h>

void
profile_free(struct profile *p)
{
	tree_free(&p->tree);
	free(p->conflict);
	*p = (struct profile){ 0 };
}

/* Index of the conflict id, or of the first one behind it. */
static size_t
conflict_lower(const struct profile *p, uint64_t id)
{
	size_t low = 0, high = p->conflict_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (p->conflict[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct conflict *
profile_conflict(const struct profile *p, uint64_t id)
{
	size_t i = conflict_lower(p, id);

	if (i == p->conflict_count || p->conflict[i].id != id)
		return NULL;
	return &p->conflict[i];
}

static int
conflict_room(struct profile *p, struct err *e)
{
	size_t cap = p->conflict_count > 0 ? p->conflict_count * 2 : 4;
	struct conflict *grown;

	if (p->conflict_count < p->conflict_cap)
		return 0;
	grown = reallocarray(p->conflict, cap, sizeof(*grown));
	if (grown == NULL)
		return err_sys(e, "conflicts");
	p->conflict = grown;
	p->conflict_cap = cap;
	return 0;
}

int
profile_add_conflict(struct profile *p, const struct conflict *c, struct err *e)
{
	size_t i = conflict_lower(p, c->id);

	if (i < p->conflict_count && p->conflict[i].id == c->id)
		return 0;
	if (p->conflict_count >= CONFLICTS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d conflicts",
		    CONFLICTS_MAX);
	if (conflict_room(p, e) == -1)
		return -1;
	memmove(p->conflict + i + 1, p->conflict + i,
	    (p->conflict_count - i) * sizeof(*c));
	p->conflict[i] = *c;
	p->conflict_count++;
	return 0;
}
