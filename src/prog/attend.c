#include "prog/attend.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/json.h"
#include "prog/announce.h"
#include "prog/print.h"
#include "prog/run.h"
#include "signin/ending.h"
#include "sync/memo.h"
#include "sync/sitting.h"

/* One occasion on its way. */
struct attend {
	const struct options *o;
	struct announce announce;
	struct setup setup;
	struct occasion_in facts;
	struct occasion_out decision;
	struct sitting before; /* what the last occasion left */
	struct memo memo;      /* how the last run went */
	int statefd;           /* -1: none */
	struct ending_in ending;
	char why[ERR_TEXT_MAX]; /* the error behind the ending; "": none */
	char text[ENDING_TEXT_MAX];
};

/*
 * A file of settings that cannot be read must not keep anybody out. Without it
 * nothing is known of what the administrator wants, so nothing is uploaded.
 */
static int
load_setup(struct attend *a, struct err *e)
{
	struct setup_how how = options_setup(a->o);
	struct err why;

	if (setup_load(&a->setup, &how, &why) == 0)
		return 0;
	how.defaults = true;
	if (setup_load(&a->setup, &how, e) == -1)
		return -1;
	a->facts.read_only = true;
	snprintf(a->why, sizeof(a->why), "%s", why.text);
	announce_error(&a->announce, why.text);
	return 0;
}

static void
load_facts(struct attend *a)
{
	const struct conf *conf = &a->setup.conf.conf;

	a->facts.store = a->setup.store;
	a->facts.local_only = conf->local_only;
	a->facts.mandatory = conf->mandatory;
	a->facts.read_only |= conf->read_only;
}

/* What is remembered lies in the home, and so does not go without it. */
static int
open_notes(struct attend *a, struct err *e)
{
	struct root root;

	if (root_open(&root, a->setup.home, e) == -1)
		return -1;
	a->statefd = root_state_dir(&root, true, e);
	root_close(&root);
	if (a->statefd == -1)
		return -1;
	sitting_load(&a->before, a->statefd);
	memo_load(&a->memo, a->statefd);
	a->facts.owed = a->before.owed;
	a->ending.has_copy = a->memo.last_success_ns != 0;
	a->ending.last_ns = a->memo.last_success_ns;
	return 0;
}

static struct ending_news
news_of(const struct sync_out *out)
{
	const struct totals t = run_totals(out);
	struct ending_news n = {
		.bytes_down = out->bytes_down,
		.bytes_up = out->bytes_up,
		.removed = t.action[ACTION_DELETE_LOCAL],
		.merged = t.action[ACTION_MERGE],
		.conflicts = out->conflicts,
		.skipped = t.skipped + t.failed,
		.held = out->held,
		.pending = t.pending,
	};

	for (size_t i = 0; i < out->plan.count; i++) {
		const struct op *op = &out->plan.op[i];

		if (op->state != OP_DONE || op->action == ACTION_NONE)
			continue;
		n.received += op->action == ACTION_DOWNLOAD &&
		    op->result != NULL && op->result->type == ENTRY_FILE;
		n.saved += (op->sides & SIDE_STORE) != 0;
	}
	return n;
}

static int
run_duty(struct attend *a, struct err *e)
{
	static const unsigned sides[DUTY__COUNT] = {
		[DUTY_PULL] = SIDE_HOME,
		[DUTY_PUSH] = SIDE_STORE,
		[DUTY_SYNC] = SIDE_HOME | SIDE_STORE,
		[DUTY_RESET] = SIDE_HOME,
	};
	const struct sync_how how = {
		.sides = sides[a->decision.duty],
		.reset = a->decision.duty == DUTY_RESET,
		.wait_s = (unsigned)a->o->wait_s,
		.progress = announce_progress,
		.arg = &a->announce,
	};
	struct sync_out out = { .held = 0 };
	struct context c;
	int rc = -1;

	/* A profile for many is not any user's own. */
	if (a->decision.duty == DUTY_RESET)
		a->setup.conf.conf.check_owner = false;
	context_init(&c, &a->setup);
	if (setup_need_store(&a->setup, e) == 0 &&
	    setup_load_rules(&a->setup, e) == 0) {
		rc = sync_run(&c, &how, &out, e);
		run_note(&c, &how, &out, rc == -1 ? e : NULL);
	}
	a->ending.news = news_of(&out);
	run_costs(&c);
	sync_out_free(&out);
	context_close(&c);
	return rc;
}

static void
do_duty(struct attend *a)
{
	struct err why;
	int rc = run_duty(a, &why);

	a->ending.state = ending_of(rc == -1 ? &why : NULL, &a->ending.news);
	if (rc == 0)
		return;
	snprintf(a->why, sizeof(a->why), "%s", why.text);
	announce_error(&a->announce, a->why);
	if (a->decision.needs_server && a->facts.occasion == OCCASION_LOGIN)
		a->ending.state = ENDING_REFUSED;
}

/* The type is known, nothing is to be done. */
static void
do_nothing(struct attend *a)
{
	a->ending.state = a->decision.type == TYPE_TEMPORARY ? ENDING_TEMPORARY
							     : ENDING_LOCAL;
	if (a->o->reason != NULL)
		snprintf(a->why, sizeof(a->why), "%s", a->o->reason);
	else if (a->decision.reason[0] != '\0')
		snprintf(a->why, sizeof(a->why), "%s", a->decision.reason);
}

/* Are there edits now that the store may lack? */
static bool
is_owed(const struct attend *a)
{
	enum ending_state s = a->ending.state;

	if (a->decision.type != TYPE_ROAMING)
		return a->before.owed;
	if (a->facts.occasion != OCCASION_LOGOUT)
		return true;
	return a->decision.duty == DUTY_SYNC &&
	    (a->ending.news.pending > 0 ||
		(s != ENDING_OK && s != ENDING_SKIPPED && s != ENDING_HELD));
}

static void
leave_notes(struct attend *a)
{
	struct sitting s = { .owed = is_owed(a), .time_ns = a->ending.now_ns };
	struct err why;

	if (a->statefd == -1)
		return;
	snprintf(s.occasion, sizeof(s.occasion), "%s",
	    occasion_text(a->facts.occasion));
	snprintf(s.type, sizeof(s.type), "%s",
	    profile_type_text(a->decision.type));
	snprintf(s.state, sizeof(s.state), "%s", ending_word(a->ending.state));
	snprintf(s.reason, sizeof(s.reason), "%s", a->why);
	if (sitting_save(a->statefd, &s, &why) == -1)
		log_line(LOG_LEVEL_WARN,
		    "what 'roam status' says of this session is missing: %s",
		    why.text);
}

static int
print_json(const struct attend *a, struct err *e)
{
	const struct ending_news *n = &a->ending.news;
	json_t *v = json_pack("{s:s,s:s,s:s,s:n,s:n,s:{s:I,s:I,s:I,s:I,s:I,s:I,"
			      "s:I,s:I}}",
	    "command", occasion_text(a->facts.occasion), "type",
	    profile_type_text(a->decision.type), "state",
	    ending_word(a->ending.state), "reason", "message", "summary",
	    "received", (json_int_t)n->received, "saved", (json_int_t)n->saved,
	    "removed", (json_int_t)n->removed, "bytes_down",
	    (json_int_t)n->bytes_down, "bytes_up", (json_int_t)n->bytes_up,
	    "conflicts", (json_int_t)n->conflicts, "skipped",
	    (json_int_t)n->skipped, "held_deletes", (json_int_t)n->held);

	if (v != NULL &&
	    (print_set(v, "reason", a->why[0] != '\0' ? a->why : NULL) == -1 ||
		print_set(v, "message", a->text) == -1)) {
		json_decref(v);
		v = NULL;
	}
	return json_print(v, e);
}

static int
conclude(struct attend *a, struct err *e)
{
	a->ending.decision = &a->decision;
	a->ending.occasion = a->facts.occasion;
	a->ending.reason = a->why;
	ending_text(&a->ending, a->text, sizeof(a->text));
	leave_notes(a);
	announce_result(&a->announce, ending_word(a->ending.state), a->text);
	if (a->o->json && print_json(a, e) == -1)
		return -1;
	return ending_exit(a->ending.state);
}

/* There is not even a home to speak of: the session is not ours to judge. */
static int
fail(struct attend *a, struct err *e)
{
	a->ending.state = ENDING_FAILED;
	snprintf(a->why, sizeof(a->why), "%s", e->text);
	announce_error(&a->announce, a->why);
	(void)conclude(a, &(struct err){ 0 });
	return err_exit_code(e);
}

int
attend(const struct options *o, enum occasion occasion, struct err *e)
{
	struct attend a = {
		.o = o,
		.facts = { .occasion = occasion, .store = "" },
		.decision = { .reason = "" },
		.statefd = -1,
		.ending = { .now_ns = clock_now_ns() },
	};
	int rc;

	if (o->type != NULL &&
	    profile_type_parse(o->type, &a.facts.type, e) == -1)
		return err_wrap(e, "--type");
	if (announce_open(&a.announce, o->report_fd, o->quiet || o->json, e) ==
	    -1)
		return -1;
	if (load_setup(&a, e) == -1 || open_notes(&a, e) == -1) {
		rc = fail(&a, e);
	} else {
		load_facts(&a);
		a.decision = occasion_decide(&a.facts);
		if (a.decision.duty == DUTY_NONE)
			do_nothing(&a);
		else
			do_duty(&a);
		rc = conclude(&a, e);
	}
	if (a.statefd != -1)
		close(a.statefd);
	setup_free(&a.setup);
	return rc;
}
