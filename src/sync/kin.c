#include "sync/kin.h"

#include <stdlib.h>
#include <string.h>

#include "engine/plan.h"

/* How much of a path names what it belongs to: a directory that is a unit, a
 * database, or itself. */
static size_t
name_len(const struct rules *rules, const struct entry *t)
{
	struct ruling ruling;
	size_t stem;

	rules_explain(rules, t->path, t->path_len, t->type == ENTRY_DIR,
	    &ruling);
	if (ruling.unit_len > 0)
		return ruling.unit_len;
	stem = unit_log_stem(t->path, t->path_len);
	return stem > 0 ? stem : t->path_len;
}

int
kin_find(struct kin *out, const struct rules *rules, const struct profile *list,
    const struct conflict *of, struct err *e)
{
	size_t len = name_len(rules, of->loser);

	*out = (struct kin){ .id = NULL };
	out->id = calloc(list->conflict_count, sizeof(*out->id));
	if (out->id == NULL)
		return err_sys(e, "conflicts");
	for (size_t i = 0; i < list->conflict_count; i++) {
		const struct conflict *c = &list->conflict[i];

		if (c->time_ns == of->time_ns &&
		    name_len(rules, c->loser) == len &&
		    memcmp(c->loser->path, of->loser->path, len) == 0)
			out->id[out->count++] = c->id;
	}
	return 0;
}

void
kin_free(struct kin *k)
{
	free(k->id);
	*k = (struct kin){ .id = NULL };
}
