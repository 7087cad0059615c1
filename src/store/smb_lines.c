#include "store/smb_lines.h"

#include "store/smb_read.h"

/* A worker costs a login of some 14 round trips: worth it where so many bytes
 * were carried that the rest is likely to be as much again. */
#define MUCH    ((uint64_t)16 << 20)
#define STEP_US 5000u /* one more line for each such part of a round trip */

static int
line_unasked(void *arg, const struct wire *m, struct err *e)
{
	struct smb_line *line = arg;

	if (reader_unasked(line->reader, line, m))
		return 0;
	return writer_unasked(&line->writer, m, e);
}

static int
line_again(void *arg, struct err *e)
{
	struct smb_line *line = arg;

	return writer_again(&line->writer, e);
}

static void
line_init(struct smb_line *line, struct smb_reader *reader)
{
	line->reader = reader;
	writer_init(&line->writer, &line->session);
	line->session.unasked = line_unasked;
	line->session.again = line_again;
	line->session.arg = line;
}

int
lines_open(struct smb_lines *l, struct smb_reader *reader, const char *url,
    const struct store_how *how, struct err *e)
{
	for (size_t i = 0; i < LINES_MAX; i++)
		line_init(&l->line[i], reader);
	return session_open(&l->line[0].session, url, how, e);
}

int
lines_enter(struct smb_lines *l, bool wait, struct err *e)
{
	int rc = session_enter(&l->line[0].session, wait, e);

	if (rc == 1)
		l->line[0].state = LINE_IN;
	return rc;
}

void
lines_close(struct smb_lines *l)
{
	for (size_t i = 0; i < LINES_MAX; i++) {
		writer_free(&l->line[i].writer);
		session_close(&l->line[i].session);
	}
}

/* What became of those that were started. One that was in and is lost stays
 * for the files that are written through it. */
static void
look_after(struct smb_lines *l)
{
	struct smb_line *line;
	struct err lost;
	int rc;

	for (size_t i = 1; i < LINES_MAX; i++) {
		line = &l->line[i];
		if (line->state == LINE_IN && line->session.link == NULL)
			line->state = LINE_OUT;
		if (line->state != LINE_JOINING)
			continue;
		rc = session_enter(&line->session, false, &lost);
		if (rc != 0)
			line->state = rc == 1 ? LINE_IN : LINE_OUT;
	}
}

/* As many as make up for the round trip. */
static size_t
wanted(const struct smb_lines *l)
{
	size_t n = 1 + l->line[0].session.rtt_us / STEP_US;

	return n < LINES_MAX ? n : LINES_MAX;
}

void
lines_carry(struct smb_lines *l, size_t len)
{
	size_t n = wanted(l);
	struct smb_line *line;
	struct err lost;

	look_after(l);
	l->carried += len;
	if (l->carried < MUCH)
		return;
	for (size_t i = 1; i < n; i++) {
		line = &l->line[i];
		if (line->state != LINE_NONE)
			continue;
		line->state = LINE_JOINING;
		if (session_join(&line->session, &l->line[0].session, &lost) ==
		    -1)
			line->state = LINE_OUT;
	}
}

size_t
lines_count(struct smb_lines *l)
{
	size_t n = 1;

	look_after(l);
	for (size_t i = 1; i < LINES_MAX; i++)
		n += l->line[i].state == LINE_IN;
	return n;
}

struct smb_line *
lines_for_file(struct smb_lines *l)
{
	struct smb_line *best = &l->line[0];

	look_after(l);
	for (size_t i = 1; i < LINES_MAX; i++)
		if (l->line[i].state == LINE_IN &&
		    l->line[i].writer.under_way < best->writer.under_way)
			best = &l->line[i];
	return best;
}

void
lines_let_go(struct smb_lines *l)
{
	const struct smb_ask a = {
		.request = { .op = WIRE_RELEASE },
		.path = "",
	};
	struct wire reply;
	struct err lost;

	look_after(l);
	for (size_t i = 1; i < LINES_MAX; i++) {
		if (!l->line[i].has_read || l->line[i].state != LINE_IN)
			continue;
		l->line[i].has_read = false;
		if (session_ask(&l->line[i].session, &a, &reply, &lost) == -1)
			l->line[i].state = LINE_OUT;
	}
}
