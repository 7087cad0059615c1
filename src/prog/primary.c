#include "prog/primary.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signin/answer_cache.h"
#include "signin/policy.h"

int
primary_look(struct decision *out, struct setup *s, struct err *e)
{
	char host[HOST_NAME_MAX + 1] = "";
	const struct policy_how how = { .conf = &s->conf.conf,
		.user = s->user,
		.uid = geteuid(),
		.gid = getegid(),
		.host = host,
		.service = "",
		.cache = ANSWER_CACHE_DIR,
		.now_s = time(NULL) };
	struct policy p;
	char *store;

	if (gethostname(host, sizeof(host) - 1) == -1)
		return err_sys(e, "name of the host");
	policy_decide(&p, &how);
	*out = p.decision;
	if (s->store[0] != '\0' || p.url[0] == '\0')
		return 0;
	if ((store = strdup(p.url)) == NULL)
		return err_sys(e, "store");
	free(s->store);
	s->store = store;
	return 0;
}

int
primary_allows(struct setup *s, struct err *e)
{
	struct decision d;

	if (primary_look(&d, s, e) == -1)
		return -1;
	if (d.roams)
		return 0;
	return err_set(e, ERR_POLICY,
	    "profiles roam on primary computers only: %s; see 'roam primary "
	    "check'",
	    d.reason);
}
