#include "sync/contents.h"

static int
resolve(struct extents *x, const struct content *t, const struct run *runs,
    struct err *e)
{
	int rc = 0;

	runs += t->run_first;
	if (t->parts == NULL)
		return extents_add_runs(x, runs, t->run_count, 0, t->size, e);
	for (size_t i = 0; i < t->parts->count && rc == 0; i++) {
		const struct part *part = &t->parts->at[i];

		rc = part->from == PART_PLACED
		    ? extents_add(x, &part->place, part->len, e)
		    : extents_add_runs(x, runs, t->run_count, part->from,
			  part->len, e);
	}
	return rc;
}

int
contents_place(const struct contents *c, struct entry *like,
    const struct run *runs, struct arena *a, struct err *e)
{
	uint32_t slot = *contents_slot(c, &like->hash, like->size);
	struct extents x = { 0 };
	int rc;

	if (slot == 0)
		return err_set(e, ERR_FORMAT, "%s: was not packed", like->path);
	rc = resolve(&x, &c->at[slot - 1], runs, e);
	if (rc == 0)
		rc = extents_set(&x, like, a, e);
	extents_free(&x);
	return rc;
}
