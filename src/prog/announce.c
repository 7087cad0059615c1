#include "prog/announce.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/text.h"

#define LINE_MAX_LEN 2048 /* bytes; with the newline less than PIPE_BUF */
#define SHOW_EVERY_S 0.2

static const char *const stages[] = {
	[SYNC_SCAN] = "scan",
	[SYNC_RECEIVE] = "receive",
	[SYNC_APPLY] = "apply",
	[SYNC_SEND] = "send",
};

int
announce_open(struct announce *out, const char *fd, bool quiet, struct err *e)
{
	struct err why;
	uint64_t number;

	*out = (struct announce){ .fd = -1, .quiet = quiet };
	if (fd == NULL)
		return 0;
	if (text_number(fd, 0, INT_MAX, &number, &why) == -1)
		return err_set(e, ERR_USAGE, "--report-fd %s: %s", fd,
		    why.text);
	if (fcntl((int)number, F_SETFD, FD_CLOEXEC) == -1)
		return err_set(e, ERR_USAGE,
		    "--report-fd %s: not an open descriptor", fd);
	out->fd = (int)number;
	return 0;
}

/* A reader that went away misses it, no more. */
static void
say(const struct announce *a, const char *word, const char *text)
{
	char line[LINE_MAX_LEN];
	struct err e;
	size_t len;
	int n;

	if (a->fd == -1)
		return;
	n = snprintf(line, sizeof(line) - 1, "%s %s", word, text);
	if (n < 0)
		return;
	text_tame(line);
	len = strlen(line);
	line[len] = '\n';
	if (io_write(a->fd, line, len + 1, &e) == -1)
		log_line(LOG_LEVEL_DEBUG, "report: %s", e.text);
}

void
announce_progress(enum sync_stage stage, uint64_t done, uint64_t of, void *arg)
{
	struct announce *a = arg;
	char text[80];
	double now;

	if (a->fd == -1)
		return;
	now = clock_steady_s();
	if (stage == a->stage && now - a->shown_s < SHOW_EVERY_S)
		return;
	a->stage = stage;
	a->shown_s = now;
	snprintf(text, sizeof(text), "%s %" PRIu64 " %" PRIu64, stages[stage],
	    done, of);
	say(a, "progress", text);
}

void
announce_message(const struct announce *a, const char *text)
{
	say(a, "message", text);
	if (a->fd == -1 && !a->quiet)
		printf("Roam: %s\n", text);
}

void
announce_error(const struct announce *a, const char *text)
{
	say(a, "error", text);
	if (a->fd == -1)
		log_line(LOG_LEVEL_INFO, "%s", text);
}

void
announce_counts(const struct announce *a, const char *counts)
{
	say(a, "counts", counts);
}

void
announce_result(const struct announce *a, const char *state, const char *text)
{
	char line[LINE_MAX_LEN];

	snprintf(line, sizeof(line), "%s %s", state, text);
	say(a, "result", line);
	if (a->fd == -1 && !a->quiet)
		printf("Roam: %s\n", text);
}

void
announce_close(struct announce *a)
{
	if (a->fd != -1)
		close(a->fd);
	a->fd = -1;
	a->quiet = a->closed = true;
}
