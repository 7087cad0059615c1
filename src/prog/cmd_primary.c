#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "prog/commands.h"
#include "prog/look.h"
#include "prog/print.h"
#include "signin/answer_cache.h"
#include "signin/directory.h"
#include "signin/pairs.h"
#include "signin/policy.h"

/*
 * primary - an administrator's view of the computers that the directory lists
 * for a user, and what this computer would decide.
 */

/* The environment of the helper: where Kerberos finds its things. */
struct helper {
	char path[4096];
	char *envp[4];
	char text[3][4096];
};

static void
add_variable(struct helper *h, size_t *count, const char *name)
{
	const char *value = getenv(name);

	if (value == NULL ||
	    (size_t)snprintf(h->text[*count], sizeof(h->text[0]), "%s=%s", name,
		value) >= sizeof(h->text[0]))
		return;
	h->envp[*count] = h->text[*count];
	(*count)++;
}

static void
find_helper(struct helper *h)
{
	const char *dir = getenv("ROAM_LIBEXEC");
	size_t count = 0;

	*h = (struct helper){ 0 };
	snprintf(h->path, sizeof(h->path), "%s/roam-ldap",
	    dir != NULL && dir[0] == '/' ? dir : ROAM_LIBEXECDIR);
	add_variable(h, &count, "KRB5CCNAME");
	add_variable(h, &count, "KRB5_CONFIG");
}

/* Settings and whatever else is known before the directory is asked. */
struct primary {
	const struct options *o;
	struct setup setup;
	struct helper helper;
	struct policy_how how;
};

static int
begin(struct primary *p, const struct options *o, struct err *e)
{
	struct setup_how how = options_setup(o);

	if (setup_load(&p->setup, &how, e) == -1)
		return -1;
	find_helper(&p->helper);
	p->o = o;
	p->how = (struct policy_how){ .conf = &p->setup.conf.conf,
		.user = p->setup.user,
		.uid = geteuid(),
		.gid = getegid(),
		.host = p->setup.machine_name,
		.service = "",
		.helper = p->helper.path,
		.envp = p->helper.envp,
		.cache = ANSWER_CACHE_DIR,
		.now_s = time(NULL) };
	return 0;
}

/* --- list, users, add, remove ---------------------------------------------- */

/* Who asks: these are an administrator's, by a ticket of their own, unless
 * root works with the computer's. */
static int
ask(struct primary *p, enum question_op op, const char *user,
    const char *computer, struct buf *items, struct err *e)
{
	struct question q;
	struct facts f;
	const struct directory_ask how = { .program = p->helper.path,
		.envp = p->helper.envp,
		.q = &q };

	p->how.own_tickets = geteuid() != 0 || getenv("KRB5CCNAME") != NULL;
	policy_question(&q, &p->how);
	q.op = op;
	if (!pairs_set(q.user, sizeof(q.user), user, strlen(user)) ||
	    !pairs_set(q.computer, sizeof(q.computer), computer,
		strlen(computer)))
		return err_set(e, ERR_USAGE, "%s: too long, or not a text",
		    user[0] != '\0' ? user : computer);
	if (directory_ask(&f, items, &how, e) == -1)
		return -1;
	return directory_error(&f, e) ? -1 : 0;
}

/* The value of the next line "item=..."; NULL behind the last. */
static const char *
next_item(struct buf *items, size_t *at)
{
	char *item = (char *)items->bytes + *at + strlen("item=");
	char *stop;

	if (*at >= items->len)
		return NULL;
	stop = memchr(item, '\n', items->len - *at - strlen("item="));
	if (stop == NULL)
		return NULL;
	*stop = '\0';
	*at += (size_t)(stop + 1 - item) + strlen("item=");
	return item;
}

static int
print_items(const struct options *o, struct buf *items, const char *key,
    struct err *e)
{
	json_t *list = o->json ? json_array() : NULL;
	const char *item;
	size_t at = 0;

	while ((item = next_item(items, &at)) != NULL)
		if (o->json)
			json_array_append_new(list, json_string(item));
		else
			printf("%s\n", item);
	if (!o->json)
		return 0;
	return json_print(json_pack("{s:o}", key, list), e);
}

static int
run_list(struct primary *p, struct err *e)
{
	struct buf items = { 0 };
	int rc;

	rc = ask(p, OP_LIST, p->o->operand[1], "", &items, e);
	if (rc == 0)
		rc = print_items(p->o, &items, "computers", e);
	buf_free(&items);
	return rc;
}

static int
run_users(struct primary *p, struct err *e)
{
	struct buf items = { 0 };
	int rc;

	rc = ask(p, OP_USERS, "", p->o->operand[1], &items, e);
	if (rc == 0)
		rc = print_items(p->o, &items, "users", e);
	buf_free(&items);
	return rc;
}

/* 1 changed, 0 it was so before, -1. */
static int
change_one(struct primary *p, enum question_op op, const char *computer,
    struct err *e)
{
	const char *user = p->o->operand[1];
	int rc = 1;

	if (ask(p, op, user, computer, NULL, e) == -1) {
		if (e->kind != ERR_RACE)
			return -1;
		rc = 0;
	}
	if (!p->o->json && !p->o->quiet)
		printf("%s: %s\n", computer,
		    rc == 0            ? "nothing to do"
			: op == OP_ADD ? "added"
				       : "removed");
	return rc;
}

static int
change(struct primary *p, enum question_op op, struct err *e)
{
	json_t *changed = json_array(), *same = json_array();
	int rc = 0;

	for (int i = 2; rc != -1 && i < p->o->count; i++) {
		const char *computer = p->o->operand[i];

		rc = change_one(p, op, computer, e);
		if (rc != -1)
			json_array_append_new(rc == 1 ? changed : same,
			    json_string(computer));
	}
	if (rc != -1 && p->o->json)
		return json_print(json_pack("{s:s,s:o,s:o}", "user",
				      p->o->operand[1], "changed", changed,
				      "unchanged", same),
		    e);
	json_decref(changed);
	json_decref(same);
	return rc == -1 ? -1 : 0;
}

static int
run_add(struct primary *p, struct err *e)
{
	return change(p, OP_ADD, e);
}

static int
run_remove(struct primary *p, struct err *e)
{
	return change(p, OP_REMOVE, e);
}

/* --- check ----------------------------------------------------------------- */

static const char *
fact_word(enum fact fact)
{
	return fact == FACT_YES ? "yes" : fact == FACT_NO ? "no" : "unknown";
}

/* Every fact that took part. */
static const struct shown {
	const char *key, *label;
	enum { SHOW_FACT, SHOW_TEXT, SHOW_NUMBER } kind;
	size_t offset; /* in struct facts */
} shown[] = {
#define AT(member) offsetof(struct facts, member)
	{ "server", "Server", SHOW_TEXT, AT(server) },
	{ "site", "Site", SHOW_TEXT, AT(site) },
	{ "foreign", "Other forest", SHOW_FACT, AT(foreign) },
	{ "schema", "Schema", SHOW_FACT, AT(schema) },
	{ "user_found", "User known", SHOW_FACT, AT(user) },
	{ "user_dn", "User object", SHOW_TEXT, AT(user_dn) },
	{ "computer_found", "This known", SHOW_FACT, AT(computer) },
	{ "computer_dn", "This object", SHOW_TEXT, AT(computer_dn) },
	{ "computers", "Computers", SHOW_NUMBER, AT(values) },
	{ "listed", "Listed", SHOW_FACT, AT(listed) },
	{ "via", "By", SHOW_TEXT, AT(via) },
	{ "profile_path", "Profile path", SHOW_TEXT, AT(profile_path) },
	{ "ts_profile_path", "Terminal path", SHOW_TEXT, AT(ts_profile_path) },
	{ "home_directory", "Home folder", SHOW_TEXT, AT(home_directory) },
	{ "home_drive", "Home drive", SHOW_TEXT, AT(home_drive) },
	{ "round_trips", "Questions", SHOW_NUMBER, AT(round_trips) },
#undef AT
};
#define SHOWN_COUNT (sizeof(shown) / sizeof(shown[0]))

static json_t *
facts_json(const struct facts *f)
{
	json_t *v = json_object();
	uint64_t number;
	enum fact fact;
	int rc = v != NULL ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < SHOWN_COUNT; i++) {
		const char *at = (const char *)f + shown[i].offset;

		memcpy(&number, at, sizeof(number));
		memcpy(&fact, at, sizeof(fact));
		if (shown[i].kind == SHOW_NUMBER)
			rc = json_object_set_new(v, shown[i].key,
			    json_integer((json_int_t)number));
		else if (shown[i].kind == SHOW_FACT)
			rc = json_object_set_new(v, shown[i].key,
			    fact == FACT_UNKNOWN
				? json_null()
				: json_boolean(fact == FACT_YES));
		else
			rc = print_set(v, shown[i].key,
			    at[0] != '\0' ? at : NULL);
	}
	if (rc == -1) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static void
facts_text(const struct facts *f)
{
	uint64_t number;
	enum fact fact;

	for (size_t i = 0; i < SHOWN_COUNT; i++) {
		const char *at = (const char *)f + shown[i].offset;

		memcpy(&number, at, sizeof(number));
		memcpy(&fact, at, sizeof(fact));
		if (shown[i].kind == SHOW_NUMBER)
			print_field(shown[i].label, "%llu",
			    (unsigned long long)number);
		else if (shown[i].kind == SHOW_FACT)
			print_field(shown[i].label, "%s", fact_word(fact));
		else if (at[0] != '\0')
			print_plain(shown[i].label, at);
	}
}

static int
check_json(const struct primary *p, const struct policy *policy, struct err *e)
{
	const struct decision *d = &policy->decision;
	json_t *facts = facts_json(&policy->facts);
	json_t *v;

	if (facts == NULL)
		return print_no_memory(e);
	v = json_pack("{s:s,s:s,s:s,s:s,s:b,s:o,s:o}", "verdict",
	    verdict_word(d->verdict), "type", d->roams ? "roaming" : "local",
	    "user", p->how.user, "host", p->how.host, "kept", d->kept, "age",
	    d->kept ? json_integer((json_int_t)d->age_s) : json_null(), "facts",
	    facts);
	if (v != NULL &&
	    (print_set(v, "reason", d->reason) == -1 ||
		print_set(v, "failure",
		    policy->failure[0] != '\0' ? policy->failure : NULL) ==
		    -1 ||
		print_set(v, "store",
		    policy->url[0] != '\0' ? policy->url : NULL) == -1 ||
		print_set(v, "store_error",
		    policy->url_error[0] != '\0' ? policy->url_error : NULL) ==
		    -1)) {
		json_decref(v);
		v = NULL;
	}
	return json_print(v, e);
}

static void
check_text(const struct primary *p, const struct policy *policy)
{
	const struct decision *d = &policy->decision;

	print_plain("User", p->how.user);
	print_plain("Machine", p->how.host);
	print_field("Decision", "%s", verdict_word(d->verdict));
	print_field("Type", "%s", d->roams ? "roaming" : "local");
	print_prose("Reason", d->reason);
	if (policy->url[0] != '\0')
		print_field("Store", "%s", policy->url);
	if (d->roams && policy->url_error[0] != '\0')
		print_prose("No store", policy->url_error);
	if (policy->asked || d->kept)
		facts_text(&policy->facts);
}

/* Of somebody else: who keeps an answer about them has their number. */
static int
set_user(struct primary *p, const char *name, struct err *e)
{
	const struct passwd *pw;

	p->how.user = name;
	errno = 0;
	if ((pw = getpwnam(name)) != NULL)
		p->how.uid = pw->pw_uid;
	else if (errno != 0 && errno != ENOENT)
		return err_sys(e, "%s", name);
	return 0;
}

static int
run_check(struct primary *p, struct err *e)
{
	struct policy policy;
	int rc = 0;

	if (p->o->count > 1 && set_user(p, p->o->operand[1], e) == -1)
		return -1;
	p->how.ask = true;
	p->how.own_tickets = geteuid() != 0;
	policy_decide(&policy, &p->how);
	if (p->o->json)
		rc = check_json(p, &policy, e);
	else if (!p->o->quiet)
		check_text(p, &policy);
	if (rc == -1 || policy.decision.roams)
		return rc;
	/* Said already: only the status is left. */
	e->kind = policy.decision.verdict == VERDICT_UNKNOWN ? ERR_OFFLINE
							     : ERR_POLICY;
	return err_exit_code(e);
}

/* The words behind 'roam primary', and how many more there have to be. */
static const struct verb {
	const char *name;
	int min, max; /* max -1: any number */
	int (*run)(struct primary *p, struct err *e);
} verbs[] = {
	{ "list", 1, 1, run_list },
	{ "add", 2, -1, run_add },
	{ "remove", 2, -1, run_remove },
	{ "users", 1, 1, run_users },
	{ "check", 0, 1, run_check },
};

int
cmd_primary(const struct options *o, struct err *e)
{
	struct primary p = { 0 };
	int rc, rest = o->count - 1;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const struct verb *v = &verbs[i];

		if (strcmp(o->operand[0], v->name) != 0)
			continue;
		if (rest < v->min || (v->max != -1 && rest > v->max))
			return err_set(e, ERR_USAGE,
			    "primary %s: too %s arguments", v->name,
			    rest < v->min ? "few" : "many");
		for (int n = 1; n <= rest; n++)
			if (o->operand[n][0] == '\0')
				return err_set(e, ERR_USAGE,
				    "primary %s: an empty name", v->name);
		if (begin(&p, o, e) == -1)
			return -1;
		rc = v->run(&p, e);
		setup_free(&p.setup);
		return rc;
	}
	return err_set(e, ERR_USAGE,
	    "primary %s: not one of list, add, remove, users, check",
	    o->operand[0]);
}
