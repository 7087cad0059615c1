#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/json.h"
#include "prog/attend.h"
#include "prog/print.h"

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
	struct sitting s = { .owed = is_owed(a),
		.fresh = a->fresh,
		.marked = a->marked,
		.time_ns = a->ending.now_ns };
	struct err why;

	if (a->statefd == -1)
		return;
	snprintf(s.occasion, sizeof(s.occasion), "%s",
	    occasion_text(a->facts.occasion));
	snprintf(s.type, sizeof(s.type), "%s",
	    profile_type_text(a->decision.type));
	snprintf(s.state, sizeof(s.state), "%s", ending_word(a->ending.state));
	snprintf(s.reason, sizeof(s.reason), "%s", a->why);
	snprintf(s.store, sizeof(s.store), "%s", a->setup.store);
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
			      "s:I,s:I,s:I}}",
	    "command", occasion_text(a->facts.occasion), "type",
	    profile_type_text(a->decision.type), "state",
	    ending_word(a->ending.state), "reason", "message", "summary",
	    "received", (json_int_t)n->received, "saved", (json_int_t)n->saved,
	    "removed", (json_int_t)n->removed, "bytes_down",
	    (json_int_t)n->bytes_down, "bytes_up", (json_int_t)n->bytes_up,
	    "conflicts", (json_int_t)n->conflicts, "skipped",
	    (json_int_t)n->skipped, "held_deletes", (json_int_t)n->held,
	    "held_changes", (json_int_t)n->held_changes);

	if (v != NULL &&
	    (print_set(v, "reason", a->why[0] != '\0' ? a->why : NULL) == -1 ||
		print_set(v, "message", a->text) == -1)) {
		json_decref(v);
		v = NULL;
	}
	return json_print(v, e);
}

int
attend_tell(struct attend *a, struct err *e)
{
	char counts[ENDING_COUNTS_MAX];

	a->ending.decision = &a->decision;
	a->ending.occasion = a->facts.occasion;
	a->ending.reason = a->why;
	ending_text(&a->ending, a->text, sizeof(a->text));
	leave_notes(a);
	announce_counts(&a->announce, ending_counts(&a->ending.news, counts));
	announce_result(&a->announce, ending_word(a->ending.state), a->text);
	if (a->o->json && !a->announce.closed && print_json(a, e) == -1)
		return -1;
	return ending_exit(a->ending.state);
}
