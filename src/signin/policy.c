#include "signin/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "signin/account.h"
#include "signin/answer_cache.h"
#include "signin/directory.h"
#include "signin/pairs.h"
#include "signin/user_name.h"

#define OS_RELEASE "/usr/lib/os-release"

/* Which of words (up to NULL) is word: checked when the settings were read. */
static unsigned
index_of(const char *const *words, const char *word)
{
	unsigned i = 0;

	while (words[i] != NULL && strcmp(words[i], word) != 0)
		i++;
	return words[i] != NULL ? i : 0;
}

void
policy_question(struct question *out, const struct policy_how *how)
{
	const struct conf *c = how->conf;
	struct question q = { .op = OP_CHECK,
		.deadline_ms = c->directory_timeout_s * 1000,
		.bind = index_of(question_bind_words, c->directory_login),
		.tls = index_of(question_tls_words, c->directory_tls),
		.groups = index_of(question_groups_words, c->group_values),
		.back_link = c->back_link,
		.paths_only = !c->primary_computers,
		.own_cache = how->own_tickets };
	const struct {
		char *to;
		size_t cap;
		const char *from;
	} texts[] = {
		{ q.user, sizeof(q.user), how->user },
		{ q.computer, sizeof(q.computer), c->computer },
		{ q.servers, sizeof(q.servers), c->servers },
		{ q.domain, sizeof(q.domain), c->domain },
		{ q.site, sizeof(q.site), c->site },
		{ q.base, sizeof(q.base), c->base },
		{ q.keytab, sizeof(q.keytab), c->keytab },
		{ q.credentials, sizeof(q.credentials), c->credentials_file },
		{ q.ca_file, sizeof(q.ca_file), c->ca_file },
		{ q.user_attribute, sizeof(q.user_attribute),
		    c->user_attribute },
	};

	/* Those of the settings fit: their checks say so. */
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		(void)pairs_set(texts[i].to, texts[i].cap, texts[i].from,
		    strlen(texts[i].from));
	*out = q;
}

static bool
is_terminal(const struct policy_how *how)
{
	return account_listed(how->conf->terminal_services, how->service);
}

/* Is there anything to ask? */
static bool
needs_directory(const struct policy_how *how, bool exempt)
{
	const struct conf *c = how->conf;

	return (c->primary_computers && !exempt) ||
	    (c->profile_path && (c->store[0] == '\0' || is_terminal(how)));
}

static int
ask(struct policy *p, const struct policy_how *how, struct err *e)
{
	struct question q;
	const struct directory_ask ask = { .program = how->helper,
		.envp = how->envp,
		.q = &q };

	policy_question(&q, how);
	if (q.user[0] == '\0')
		return err_set(e, ERR_USAGE,
		    "the user's name is too long or no text");
	return directory_ask(&p->facts, NULL, &ask, e);
}

/* Is what came worth to be kept? Of a user whose profile roams everywhere that
 * are the paths alone. */
static bool
is_sure(const struct policy *p, const struct policy_how *how)
{
	if (!how->conf->primary_computers)
		return p->facts.paths == FACT_YES;
	return facts_answer(&p->facts) != ANSWER_UNKNOWN;
}

/* Whom an answer is about is what we know, not what the helper said. */
static void
sign(struct facts *f, const struct policy_how *how)
{
	f->asked_s = how->now_s > 0 ? (uint64_t)how->now_s : 0;
	(void)pairs_set(f->account, sizeof(f->account), how->user,
	    strlen(how->user));
	(void)pairs_set(f->host, sizeof(f->host), how->host, strlen(how->host));
}

/* The value of NAME= in os-release(5), without quotes. */
static void
os_value(const struct buf *text, const char *name, char *out, size_t cap)
{
	const char *at = (const char *)text->bytes, *end = at + text->len;
	const char *stop;
	size_t len = strlen(name), n;

	out[0] = '\0';
	for (; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (stop == NULL)
			stop = end;
		if ((size_t)(stop - at) <= len || memcmp(at, name, len) != 0 ||
		    at[len] != '=')
			continue;
		at += len + 1;
		n = (size_t)(stop - at);
		if (n >= 2 && (at[0] == '"' || at[0] == '\'')) {
			at++;
			n -= 2;
		}
		(void)pairs_set(out, cap, at, n);
		return;
	}
}

static int
find_suffix(char *out, size_t cap, const char *pattern, struct err *e)
{
	struct buf text = { .max = 65536 };
	char os[65] = "linux", version[65] = "";
	struct err ignored;

	if (strchr(pattern, '%') != NULL &&
	    io_load(-1, OS_RELEASE, &text, &ignored) == 0 && text.len > 0) {
		os_value(&text, "ID", os, sizeof(os));
		os_value(&text, "VERSION_ID", version, sizeof(version));
	}
	buf_free(&text);
	return profile_url_suffix(out, cap, pattern, os, version, e);
}

static int
find_unc_url(struct policy *p, const struct policy_how *how, const char *path,
    struct err *e)
{
	struct user_name user;
	const struct profile_names names = { user.account, how->user,
		p->facts.netbios };
	char suffix[65];

	if (user_name_split(&user, how->user, e) == -1 ||
	    find_suffix(suffix, sizeof(suffix), how->conf->profile_suffix, e) ==
		-1)
		return -1;
	return profile_url_from_unc(p->url, sizeof(p->url), path, &names,
	    suffix, e);
}

/* The first that is configured: the path for terminal services, the settings'
 * store, the user's path. Where the directory has not said which there are, no
 * other is taken in their place: homes do not change stores on a guess. */
static int
find_url(struct policy *p, const struct policy_how *how, struct err *e)
{
	const struct conf *c = how->conf;
	const struct facts *f = &p->facts;
	bool terminal = is_terminal(how);
	const char *path = profile_url_pick(f, terminal);

	p->url[0] = '\0';
	if (!c->profile_path || (c->store[0] != '\0' && !terminal))
		return 0;
	if (path[0] == '\0' && f->paths != FACT_YES)
		return err_set(e, ERR_OFFLINE,
		    "the user's profile path is not known: %s",
		    f->error[0] != '\0'         ? f->error
			: p->failure[0] != '\0' ? p->failure
			: f->user == FACT_NO    ? "no such user"
						: "it was not asked for");
	if (path[0] == '\0' ||
	    (c->store[0] != '\0' && path != f->ts_profile_path))
		return 0;
	return find_unc_url(p, how, path, e);
}

void
policy_decide(struct policy *out, const struct policy_how *how)
{
	const struct conf *c = how->conf;
	bool exempt = account_listed(c->primary_exempt, how->user);
	bool needed = needs_directory(how, exempt);
	struct facts kept = { 0 };
	struct decision_input in = { .enabled = c->primary_computers,
		.exempt = exempt,
		.strict = c->require_schema,
		.foreign_ok = c->foreign_users,
		.now_s = how->now_s,
		.max_age_s = c->cache_max_age_s };
	struct err e;

	*out = (struct policy){ 0 };
	sign(&out->facts, how);
	if (needed &&
	    answer_cache_load(&kept, how->cache, how->uid, &out->facts, &e) ==
		0)
		in.kept = &kept;
	if (needed && how->ask) {
		out->asked = ask(out, how, &e) == 0;
		if (!out->asked)
			snprintf(out->failure, sizeof(out->failure), "%s",
			    e.text);
		sign(&out->facts, how);
	}
	in.facts = out->asked ? &out->facts : NULL;
	in.failure = how->ask ? out->failure : "it was not asked again";
	decision_make(&out->decision, &in);
	/* Paths of the last time are better than none. */
	if (in.kept != NULL && out->facts.user == FACT_YES &&
	    out->facts.paths != FACT_YES)
		facts_take_paths(&out->facts, in.kept);
	if (out->asked && how->keep && is_sure(out, how) &&
	    answer_cache_save(how->cache, how->uid, how->gid, &out->facts,
		&e) == -1)
		snprintf(out->keep_error, sizeof(out->keep_error), "%s",
		    e.text);
	if (in.kept != NULL && out->facts.user != FACT_YES)
		out->facts = kept;
	if (find_url(out, how, &e) == -1)
		snprintf(out->url_error, sizeof(out->url_error), "%s", e.text);
}
