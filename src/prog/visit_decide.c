#include <stdio.h>
#include <string.h>

#include "prog/visit.h"

/*
 * Policy, then the directory: roaming or local. Nothing is removed by a
 * decision; "local" only means that nothing comes and nothing goes.
 */
int
visit_decide(struct visit *s, struct visit_plan *out, struct err *e)
{
	const struct conf *c = &s->setup.conf.conf;

	*out = (struct visit_plan){ .type = NULL };
	return conf_store_url(out->store, sizeof(out->store), c->store,
	    s->who.name, s->who.home, e);
}
