#include <stdio.h>
#include <string.h>

#include "base/confine.h"
#include "base/text.h"
#include "engine/json.h"
#include "prog/commands.h"
#include "prog/look.h"
#include "prog/print.h"
#include "signin/occasion.h"
#include "sync/list.h"
#include "sync/memo.h"
#include "sync/sitting.h"

/* How home and store stand; everything a script gets, and no more. */
struct standing {
	const char *type, *state;
	char reason[ERR_TEXT_MAX]; /* "": none */
	struct memo memo;
	struct sitting sitting; /* the last session */
	size_t conflicts;
};

/* What one calls it where the store's answer was an error; other kinds are
 * failures of this command. */
static const char *
state_of(const struct err *e)
{
	switch (e->kind) {
	case ERR_OFFLINE:
	case ERR_AUTH:
		return "offline";
	case ERR_POLICY:
	case ERR_STORE:
		return "refused";
	case ERR_FORMAT:
	case ERR_LIMIT:
	case ERR_GONE:
		return "damaged";
	default:
		return NULL;
	}
}

static void
explain(const struct context *c, struct standing *s)
{
	if (c->store == NULL)
		snprintf(s->reason, sizeof(s->reason),
		    "there is no store yet, the first push makes it");
	else if (c->head.number == 0)
		snprintf(s->reason, sizeof(s->reason),
		    "the store is empty, the first push fills it");
	else if (c->estranged)
		snprintf(s->reason, sizeof(s->reason),
		    "not the store that this home knew, or older than it was: "
		    "both will be united, nothing deleted");
	else if (c->damaged > 0)
		snprintf(s->reason, sizeof(s->reason),
		    "%zu newer generation(s) are damaged, the next push from "
		    "any machine repairs that",
		    c->damaged);
}

/* Looks at the store; where that fails c shows what this home knows. */
static int
look_at_store(struct context *c, struct standing *s, struct err *e)
{
	if (context_open_store(c, CONTEXT_LOOK, e) == 0 &&
	    context_load_head(c, CONTEXT_LOOK, e) == 0) {
		s->state = "roaming";
		explain(c, s);
		return 0;
	}
	if ((s->state = state_of(e)) == NULL)
		return -1;
	snprintf(s->reason, sizeof(s->reason), "%s", e->text);
	c->remote = &c->state.head;
	return 0;
}

/*
 * What the next sign-in would make of it. On a machine that the profile does
 * not roam to by decision, as on one that is not a primary computer, the type
 * stays roaming, and the state says that it is local here.
 */
static bool
is_local(const struct look *l, struct standing *s)
{
	const struct conf *conf = &l->setup.conf.conf;
	struct occasion_in in = {
		.store = l->setup.store,
		.local_only = conf->local_only,
		.read_only = conf->read_only,
		.mandatory = conf->mandatory,
	};
	struct occasion_out out;
	struct err unknown;

	if (profile_type_parse(s->sitting.type, &in.type, &unknown) == -1)
		in.type = TYPE_UNSET;
	out = occasion_decide(&in);
	s->type = profile_type_text(out.type);
	if (out.type != TYPE_LOCAL)
		return false;
	if (out.reason[0] == '\0')
		s->type = profile_type_text(TYPE_ROAMING);
	snprintf(s->reason, sizeof(s->reason), "%s",
	    out.reason[0] != '\0' ? out.reason : s->sitting.reason);
	return true;
}

static int
find_standing(struct look *l, struct standing *s, struct err *e)
{
	struct profile list = { 0 };
	int rc = 0;

	*s = (struct standing){ .state = "local" };
	memo_load(&s->memo, l->c.statefd);
	sitting_load(&s->sitting, l->c.statefd);
	if (is_local(l, s)) {
		l->c.remote = &l->c.state.head;
	} else if (!l->primary.roams) {
		/* As Windows shows it: of type roaming, in state local. */
		snprintf(s->reason, sizeof(s->reason), "%s", l->primary.reason);
		l->c.remote = &l->c.state.head;
	} else if (setup_need_store(&l->setup, e) == -1 ||
	    look_at_store(&l->c, s, e) == -1) {
		return -1;
	}
	if ((rc = list_merged(&l->c, &list, e)) == 0)
		s->conflicts = list.conflict_count;
	profile_free(&list);
	return rc;
}

/* Of the store that is there, else of the one that was. */
static const struct hash *
store_id(const struct context *c)
{
	const struct hash *id =
	    c->head.number > 0 ? &c->head.store_id : &c->state.store_id;

	return hash_is_zero(id) ? NULL : id;
}

/* How generations get their numbers; NULL: there is no store. */
static const char *
publishing(const struct context *c)
{
	if (c->store == NULL)
		return NULL;
	return store_uses_claims(c->store) ? "claims" : "rename";
}

static int
set_texts(json_t *v, const struct look *l, const struct standing *s)
{
	const struct setup *setup = &l->setup;
	const struct hash *id = store_id(&l->c);
	const char *error = s->memo.last_error;
	char hex[HASH_HEX_MAX];

	return print_set(v, "store",
		   setup->store[0] != '\0' ? setup->store : NULL) == -1 ||
		print_set(v, "store_id",
		    id != NULL ? hash_hex(id, hex) : NULL) == -1 ||
		print_set(v, "machine", setup->machine_name) == -1 ||
		print_set(v, "reason",
		    s->reason[0] != '\0' ? s->reason : NULL) == -1 ||
		print_set(v, "last_error", error[0] != '\0' ? error : NULL) ==
		    -1 ||
		print_set(v, "publishing", publishing(&l->c)) == -1
	    ? -1
	    : 0;
}

/* null: no server has answered. */
static json_t *
connection(const struct store *s)
{
	struct store_facts f;

	if (s == NULL || !store_facts(s, &f))
		return json_null();
	return json_pack("{s:b,s:b,s:s,s:b,s:I}", "encrypted", f.encrypted,
	    "signed", true, "login", f.kerberos ? "kerberos" : "password",
	    "confined", f.confined, "round_trip_us", (json_int_t)f.rtt_us);
}

/* null: there was none. */
static json_t *
session(const struct sitting *s)
{
	if (s->time_ns == 0)
		return json_null();
	return json_pack("{s:s,s:s,s:s?,s:b,s:o}", "occasion", s->occasion,
	    "state", s->state, "reason",
	    s->reason[0] != '\0' ? s->reason : NULL, "owed", (int)s->owed,
	    "time", print_time(s->time_ns));
}

static int
print_json(const struct look *l, const struct standing *s, struct err *e)
{
	const struct memo *m = &s->memo;
	/* In the order of the page; set_texts() fills in the rest. */
	json_t *v = json_pack("{s:n,s:n,s:n,s:s,s:s,s:n,s:o,s:o,s:o,s:o,s:n,s:"
			      "I,s:I,s:I,s:I,s:I,s:s,s:o,s:n,s:o,s:b,s:o}",
	    "store", "store_id", "machine", "type", s->type, "state", s->state,
	    "reason", "head", print_generation(l->c.head.number), "base",
	    print_generation(l->c.state.number), "last_attempt",
	    print_time(m->last_attempt_ns), "last_success",
	    print_time(m->last_success_ns), "last_error", "pending",
	    (json_int_t)m->pending, "conflicts", (json_int_t)s->conflicts,
	    "skipped", (json_int_t)m->skipped, "held_deletes",
	    (json_int_t)m->held_deletes, "held_changes",
	    (json_int_t)m->held_changes, "primary",
	    verdict_word(l->primary.verdict), "answer_age",
	    l->primary.kept ? json_integer((json_int_t)l->primary.age_s)
			    : json_null(),
	    "publishing", "connection", connection(l->c.store), "confined",
	    confine_version() >= CONFINE_MOVES, "session",
	    session(&s->sitting));

	if (v != NULL && set_texts(v, l, s) == -1) {
		json_decref(v);
		v = NULL;
	}
	return json_print(v, e);
}

static void
print_when(const char *label, int64_t ns)
{
	char text[TEXT_TIME_MAX];

	print_field(label, "%s", ns != 0 ? text_time_local(ns, text) : "never");
}

static void
print_generations(const struct context *c, bool answered)
{
	unsigned long long head = c->head.number, base = c->state.number;

	if (head != 0)
		print_field("Head", "%llu", head);
	else
		print_field("Head", "%s", answered ? "none yet" : "unknown");
	if (base != 0)
		print_field("Base", "%llu%s", base,
		    head > base && !c->estranged ? ", behind the head" : "");
	else
		print_field("Base", "none yet");
}

/* A count, and what one does about it; nothing where it is 0. */
static void
print_count(const char *label, uint64_t count, const char *hint)
{
	if (count > 0)
		print_field(label, "%llu, %s", (unsigned long long)count, hint);
}

static void
print_connection(const struct store *s)
{
	struct store_facts f;

	if (s == NULL || !store_facts(s, &f))
		return;
	print_field("Connection", "%s, login by %s, round trip %u.%u ms%s",
	    f.encrypted ? "encrypted" : "signed, not encrypted",
	    f.kerberos ? "Kerberos" : "password", f.rtt_us / 1000,
	    f.rtt_us / 100 % 10,
	    f.confined ? "" : ", not kept from the home by this kernel");
}

static void
print_session(const struct sitting *s)
{
	char text[sizeof(s->reason) + sizeof(s->occasion) + sizeof(s->state) +
	    8];

	if (s->time_ns == 0)
		return;
	snprintf(text, sizeof(text), "%s: %s%s%s", s->occasion, s->state,
	    s->reason[0] != '\0' ? ", " : "", s->reason);
	print_prose("Session", text);
}

static void
print_text(const struct look *l, const struct standing *s)
{
	const struct memo *m = &s->memo;
	const char *store = l->setup.store;

	print_field("Store", "%s", store[0] != '\0' ? store : "none");
	print_field("Machine", "%s", l->setup.machine_name);
	print_field("Type", "%s", s->type);
	print_field("State", "%s", s->state);
	if (s->reason[0] != '\0')
		print_prose("Reason", s->reason);
	if (store[0] != '\0')
		print_generations(&l->c, strcmp(s->state, "roaming") == 0);
	print_connection(l->c.store);
	if (confine_version() < CONFINE_MOVES)
		print_prose("Confinement",
		    "none: this kernel has no Landlock, so sign-ins are not "
		    "kept to the home");
	if (l->c.store != NULL && store_uses_claims(l->c.store))
		print_prose("Publishing",
		    "by claims, since the server renames no directories: see "
		    "roam-store(5)");
	print_session(&s->sitting);
	print_when("Last success", m->last_success_ns);
	if (m->last_attempt_ns != m->last_success_ns)
		print_when("Last attempt", m->last_attempt_ns);
	if (m->last_error[0] != '\0')
		print_prose("Last error", m->last_error);
	print_count("Pending", m->pending, "wait for 'roam sync'");
	print_count("Conflicts", s->conflicts, "see 'roam conflicts'");
	print_count("Skipped", m->skipped, "see 'roam plan'");
	print_count("Held back", m->held_deletes,
	    "deletions; --allow-deletes lets them pass");
	print_count("Held back", m->held_changes,
	    "changed files; --allow-changes lets them pass");
}

int
cmd_status(const struct options *o, struct err *e)
{
	struct standing s;
	struct look l;
	int rc;

	if (look_open(&l, o, LOOK_STATE, e) == -1)
		return -1;
	rc = find_standing(&l, &s, e);
	if (rc == 0 && o->json)
		rc = print_json(&l, &s, e);
	else if (rc == 0 && !o->quiet)
		print_text(&l, &s);
	look_close(&l);
	return rc;
}
