#include "signin/ending.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

#define SECOND ((int64_t)1000000000)
#define WEEK   (7 * 24 * 60 * 60) /* seconds */

/* A row a state: for programs, for scripts. */
static const struct {
	const char *word;
	int exit_code;
} states[] = {
	[ENDING_OK] = { "ok", 0 },
	[ENDING_LATE] = { "late", EXIT_SKIPPED },
	[ENDING_BEHIND] = { "behind", 0 },
	[ENDING_OFFLINE] = { "offline", 3 },
	[ENDING_SLOW] = { "slow", 3 },
	[ENDING_LOCAL] = { "local", 4 },
	[ENDING_TEMPORARY] = { "temporary", 4 },
	[ENDING_OVER] = { "over", 4 },
	[ENDING_BUSY] = { "busy", 6 },
	[ENDING_HELD] = { "held", EXIT_HELD },
	[ENDING_SKIPPED] = { "skipped", EXIT_SKIPPED },
	[ENDING_FAILED] = { "failed", 1 },
	[ENDING_REFUSED] = { "refused", 4 },
};
_Static_assert(sizeof(states) / sizeof(states[0]) == ENDING__COUNT,
    "every state has a row");

/* Every count, by the name that logs have it under. */
#define NEWS(name, member)                                                     \
	{                                                                      \
		name, offsetof(struct ending_news, member)                     \
	}
static const struct {
	const char *name;
	size_t offset;
} counts[] = {
	NEWS("generation", generation),
	NEWS("received", received),
	NEWS("bytes_down", bytes_down),
	NEWS("saved", saved),
	NEWS("bytes_up", bytes_up),
	NEWS("removed", removed),
	NEWS("merged", merged),
	NEWS("conflicts", conflicts),
	NEWS("skipped", skipped),
	NEWS("held_deletes", held),
	NEWS("held_changes", held_changes),
	NEWS("pending", pending),
};

/* Text that grows, cut where it is full. */
struct line {
	char *text;
	size_t used, cap;
};

static void add(struct line *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->used, l->cap - l->used, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->used += (size_t)n;
	if (l->used >= l->cap)
		l->used = l->cap - 1;
}

/* "1 file", "142 files" */
static void
add_count(struct line *l, uint64_t n, const char *one, const char *many)
{
	add(l, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

/* ", " between what a line lists. */
static void
part(struct line *l, size_t start)
{
	if (l->used > start)
		add(l, ", ");
}

const char *
ending_counts(const struct ending_news *news, char out[ENDING_COUNTS_MAX])
{
	struct line l = { .text = out, .cap = ENDING_COUNTS_MAX };
	uint64_t n;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		memcpy(&n, (const char *)news + counts[i].offset, sizeof(n));
		add(&l, "%s%s=%" PRIu64, i > 0 ? " " : "", counts[i].name, n);
	}
	return out;
}

bool
ending_is_counts(const char *text)
{
	size_t n;

	for (;; text++) {
		n = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
		if (n == 0 || text[n] != '=')
			return false;
		text += n + 1;
		n = strspn(text, "0123456789");
		if (n == 0 || (text[n] != ' ' && text[n] != '\0'))
			return false;
		text += n;
		if (*text == '\0')
			return true;
	}
}

enum ending_state
ending_of(const struct err *why, const struct ending_news *news)
{
	if (why == NULL) {
		if (news->held > 0 || news->held_changes > 0)
			return ENDING_HELD;
		return news->skipped > 0 ? ENDING_SKIPPED : ENDING_OK;
	}
	switch (why->kind) {
	case ERR_OFFLINE:
	case ERR_AUTH:
		return ENDING_OFFLINE;
	case ERR_LATE:
		return ENDING_LATE;
	case ERR_BUSY:
		return ENDING_BUSY;
	default:
		return ENDING_FAILED;
	}
}

static void
add_news(struct line *l, const struct ending_news *n)
{
	char size[TEXT_SIZE_MAX];
	size_t start = l->used;

	if (n->received > 0) {
		add_count(l, n->received, "file", "files");
		add(l, ", %s received", text_size_human(n->bytes_down, size));
	}
	if (n->removed > 0) {
		part(l, start);
		add(l, "%" PRIu64 " removed", n->removed);
	}
	if (n->saved > 0) {
		part(l, start);
		add_count(l, n->saved, "change", "changes");
		add(l, " saved");
		if (n->bytes_up > 0)
			add(l, ", %s sent", text_size_human(n->bytes_up, size));
	}
	if (n->merged > 0) {
		part(l, start);
		add(l, "%" PRIu64 " merged", n->merged);
	}
}

/* What the user should look at, behind all else. */
static void
add_cares(struct line *l, const struct ending_news *n, size_t start)
{
	if (n->conflicts > 0) {
		part(l, start);
		add_count(l, n->conflicts, "conflict", "conflicts");
		add(l, " kept, see \"roam conflicts\"");
	}
	if (n->held > 0) {
		part(l, start);
		add_count(l, n->held, "deletion", "deletions");
		add(l, " held back, see \"roam plan\"");
	}
	if (n->held_changes > 0) {
		part(l, start);
		add_count(l, n->held_changes, "changed file", "changed files");
		add(l, " held back, see \"roam plan\"");
	}
	if (n->skipped > 0) {
		part(l, start);
		add_count(l, n->skipped, "entry", "entries");
		add(l, " left out, see \"roam plan\"");
	}
}

/* "working from your local copy of Friday 14:02" */
static void
add_copy(struct line *l, const struct ending_in *in)
{
	char when[ENDING_WHEN_MAX];

	if (in->occasion != OCCASION_LOGIN)
		add(l, "your changes are saved here and follow later");
	else if (in->has_copy && in->last_ns != 0)
		add(l, "working from your local copy of %s",
		    ending_when(in->last_ns, in->now_ns, when));
	else if (in->has_copy)
		add(l, "working from your local copy");
	else
		add(l, "starting without your profile, it follows later");
}

static void
say_done(struct line *l, const struct ending_in *in)
{
	size_t start = l->used;

	add_news(l, &in->news);
	if (l->used == start && in->decision->duty == DUTY_RESET &&
	    in->occasion == OCCASION_LOGOUT)
		add(l, "your changes were dropped");
	else if (l->used == start)
		add(l,
		    in->occasion == OCCASION_LOGIN ? "profile up to date"
						   : "everything is saved");
	add_cares(l, &in->news, start);
}

/* What one reads before the reason, where there is one. */
static const char *
lead_of(const struct ending_in *in)
{
	bool login = in->occasion == OCCASION_LOGIN;

	switch (in->state) {
	case ENDING_OFFLINE:
		return "server not reachable";
	case ENDING_SLOW:
		return "slow connection to the server";
	case ENDING_OVER:
		return "profile not saved";
	case ENDING_BUSY:
		return "another run is at work on your profile";
	case ENDING_LOCAL:
		return login ? "working with the profile of this machine"
			     : "your changes stay on this machine";
	case ENDING_TEMPORARY:
		return login ? "working with a temporary profile, what you "
			       "change in it goes at sign-out"
			     : "the temporary profile is gone";
	case ENDING_REFUSED:
		return "no session without your profile";
	default:
		return login ? "profile not loaded" : "profile not saved";
	}
}

const char *
ending_text(const struct ending_in *in, char *out, size_t cap)
{
	struct line l = { .text = out, .cap = cap };

	out[0] = '\0';
	switch (in->state) {
	case ENDING_OK:
	case ENDING_HELD:
	case ENDING_SKIPPED:
		say_done(&l, in);
		break;
	case ENDING_LATE:
		add_news(&l, &in->news);
		part(&l, 0);
		add(&l, "the time was up, the rest follows");
		add_cares(&l, &in->news, 0);
		break;
	case ENDING_BEHIND:
		add(&l, "your changes are being saved");
		break;
	case ENDING_OFFLINE:
	case ENDING_SLOW:
		add(&l, "%s, ", lead_of(in));
		add_copy(&l, in);
		break;
	default:
		add(&l, "%s", lead_of(in));
		if (in->reason[0] != '\0')
			add(&l, ": %s", in->reason);
	}
	return out;
}

const char *
ending_word(enum ending_state s)
{
	return states[s].word;
}

int
ending_exit(enum ending_state s)
{
	return states[s].exit_code;
}

const char *
ending_when(int64_t ns, int64_t now_ns, char out[ENDING_WHEN_MAX])
{
	static const char *const days[] = { "Sunday", "Monday", "Tuesday",
		"Wednesday", "Thursday", "Friday", "Saturday" };
	time_t at = (time_t)(ns / SECOND), now = (time_t)(now_ns / SECOND);
	struct tm t, today;

	localtime_r(&at, &t);
	localtime_r(&now, &today);
	if (t.tm_year == today.tm_year && t.tm_yday == today.tm_yday)
		snprintf(out, ENDING_WHEN_MAX, "%02d:%02d", t.tm_hour,
		    t.tm_min);
	else if (now >= at && now - at < WEEK - 24 * 60 * 60)
		snprintf(out, ENDING_WHEN_MAX, "%s %02d:%02d", days[t.tm_wday],
		    t.tm_hour, t.tm_min);
	else
		snprintf(out, ENDING_WHEN_MAX, "%04d-%02d-%02d %02d:%02d",
		    t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
		    t.tm_min);
	return out;
}
