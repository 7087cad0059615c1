#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "prog/visit.h"
#include "signin/answer_cache.h"
#include "signin/policy.h"

/*
 * Policy, then the directory: roaming or local. Nothing is removed by a
 * decision; "local" only means that nothing comes and nothing goes.
 */

bool
visit_may_have_store(const struct visit *s)
{
	const struct conf *c = &s->setup.conf.conf;

	return c->store[0] != '\0' || c->profile_path;
}

static void
log_decision(const struct visit *s, const struct policy *p)
{
	char age[48] = "";

	if (p->decision.kept)
		snprintf(age, sizeof(age), " age=%" PRIu64, p->decision.age_s);
	log_line(LOG_LEVEL_INFO,
	    "event=decision user=%s verdict=%s type=%s%s"
	    ": %s",
	    s->who.name, verdict_word(p->decision.verdict),
	    p->decision.roams ? "roaming" : "local", age, p->decision.reason);
	if (p->keep_error[0] != '\0')
		log_line(LOG_LEVEL_WARN, "event=answer-not-kept user=%s: %s",
		    s->who.name, p->keep_error);
}

/* Whoever signs in is asked about; at the sign-out what was said then holds,
 * unless nothing is known any more. */
static void
decide(struct policy *out, struct policy_how *how, bool arriving)
{
	how->ask = arriving;
	policy_decide(out, how);
	if (arriving || out->decision.verdict != VERDICT_UNKNOWN)
		return;
	how->ask = true;
	policy_decide(out, how);
}

/* The settings' store, unless the directory names another. */
static int
find_store(const struct visit *s, const struct policy *p,
    struct visit_plan *out, struct err *e)
{
	if (p->url[0] == '\0')
		return conf_store_url(out->store, sizeof(out->store),
		    s->setup.conf.conf.store, s->who.name, s->who.home, e);
	snprintf(out->store, sizeof(out->store), "%s", p->url);
	return 0;
}

int
visit_decide(struct visit *s, bool arriving, struct visit_plan *out,
    struct err *e)
{
	static char path[] = "PATH=/usr/bin:/bin";
	char *const envp[] = { path, NULL };
	char host[HOST_NAME_MAX + 1] = "";
	struct conf c = s->setup.conf.conf; /* its texts stay borrowed */
	unsigned left_s = visit_left_ms(s) / 1000;
	struct policy p;
	struct policy_how how = { .conf = &c,
		.user = s->who.name,
		.uid = s->who.uid,
		.gid = s->who.gid,
		.host = host,
		.service = s->service != NULL ? s->service : "",
		.envp = envp,
		.cache = ANSWER_CACHE_DIR,
		.keep = true,
		.now_s = time(NULL) };

	*out = (struct visit_plan){ .type = NULL };
	if (gethostname(host, sizeof(host) - 1) == -1)
		return err_sys(e, "name of the host");
	if (left_s > 0 && c.directory_timeout_s > left_s)
		c.directory_timeout_s = left_s;
	decide(&p, &how, arriving);
	log_decision(s, &p);
	if (find_store(s, &p, out, e) == -1)
		return -1;
	if (p.decision.roams && p.url_error[0] == '\0')
		return 0;
	out->type = "local";
	snprintf(out->reason, sizeof(out->reason), "%.*s",
	    (int)sizeof(out->reason) - 1,
	    p.decision.roams ? p.url_error : p.decision.reason);
	return 0;
}
