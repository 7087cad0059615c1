#include "store/smb_read.h"

#include <errno.h>
#include <string.h>

/* What one request asks for: a worker answers it as a whole. More than a
 * server's largest READ at once pays where the round trip is long. On a line
 * that carries no such piece within the library's time it is less. */
#define PIECE      ((size_t)4 << 20)
#define PIECE_FAR  WIRE_BLOB
#define PIECE_SLOW ((size_t)128 << 10)
#define FAR_US     5000u

static size_t
each(const struct smb_session *s)
{
	if (s->silent)
		return PIECE_SLOW;
	return s->rtt_us < FAR_US ? PIECE : PIECE_FAR;
}

static size_t
piece(const struct smb_range *r, size_t from)
{
	return r->len - from < r->each ? r->len - from : r->each;
}

static int
shorter(const struct smb_range *r, struct err *e)
{
	return err_set(e, ERR_FORMAT,
	    "%s/%s: shorter than expected: no %zu bytes at %llu",
	    r->line->session.where, r->path, r->len,
	    (unsigned long long)r->off);
}

static int
send_read(struct smb_range *r, uint32_t *id, struct err *e)
{
	struct wire m = {
		.op = WIRE_READ,
		.number = { r->off + r->sent, piece(r, r->sent) },
		.text = { r->path },
	};

	if (session_send(&r->line->session, &m, r->path, e) == -1)
		return -1;
	r->sent += (size_t)m.number[1];
	*id = m.id;
	return 0;
}

/* Ask a line for what is missing of r; the ids of requests that follow each
 * other do so. */
static int
ask(struct smb_range *r, struct smb_line *line, struct err *e)
{
	uint32_t id = 0;

	r->line = line;
	r->links = line->session.links;
	r->next = 0;
	r->each = each(&line->session);
	if (r->is_short || r->is_dropped)
		r->got = 0;
	r->is_short = r->is_dropped = false;
	r->sent = r->got;
	do {
		if (send_read(r, &id, e) == -1)
			return -1;
		if (r->next == 0)
			r->next = id;
	} while (r->sent < r->len);
	r->last = id;
	line->has_read = true;
	return 0;
}

/* Is its line still the one that was asked? */
static bool
is_asked(const struct smb_range *r)
{
	return r->line != NULL && r->line->session.link != NULL &&
	    r->line->session.links == r->links;
}

/* Put a reply behind what came before it. One that is too short for its place
 * leaves a gap: what comes later is of no use. */
static int
take_reply(struct smb_range *r, const struct wire *reply, struct err *e)
{
	if (reply->blob_len > r->len - r->got)
		return err_set(e, ERR_FORMAT, "SMB worker: too much");
	if (reply->blob_len > 0 && !r->is_short && r->bytes != NULL)
		memcpy(r->bytes + r->got, reply->blob, reply->blob_len);
	r->is_short = r->is_short || reply->blob_len != piece(r, r->got);
	r->got += reply->blob_len;
	return 0;
}

/* The answers that are still to come. -1: an error of the file, or the line is
 * lost: then is_asked() says so. */
static int
collect(struct smb_range *r, struct err *e)
{
	struct smb_ask a = { .path = r->path };
	struct err first = { .kind = ERR_NONE };
	struct wire reply;

	for (; r->next <= r->last; r->next++) {
		a.request.id = r->next;
		if (session_await(&r->line->session, &a, &reply, e) == 0) {
			if (take_reply(r, &reply, e) == -1)
				return -1;
		} else if (r->line->session.link == NULL) {
			return -1;
		} else if (first.kind == ERR_NONE) {
			first = *e; /* of one file, all alike */
		}
	}
	if (first.kind != ERR_NONE) {
		*e = first;
		return -1;
	}
	return 0;
}

/* The oldest is not wanted, or what came of it is of no use. */
static void
drop_oldest(struct smb_reader *r)
{
	struct smb_range *old = &r->ahead[r->first];
	struct err lost;

	old->bytes = NULL;
	old->is_dropped = true;
	/* Whatever is wrong with it, nobody reads it. */
	if (is_asked(old) && collect(old, &lost) == -1)
		old->got = 0;
	r->first = (r->first + 1) % AHEAD_MAX;
	r->count--;
}

/* The range that is read now, out of those that are ahead; what should have
 * been read before it is not wanted. False: it is not among them. */
static bool
take_ahead(struct smb_reader *r, const struct smb_range *want,
    struct smb_range *out)
{
	const struct smb_range *at;
	size_t i;

	for (i = 0; i < r->count; i++) {
		at = &r->ahead[(r->first + i) % AHEAD_MAX];
		if (at->off == want->off && at->len == want->len &&
		    strcmp(at->path, want->path) == 0)
			break;
	}
	if (i == r->count)
		return false;
	for (; i > 0; i--)
		drop_oldest(r);
	if (r->ahead[r->first].is_dropped) {
		drop_oldest(r);
		return false;
	}
	*out = r->ahead[r->first];
	r->first = (r->first + 1) % AHEAD_MAX;
	r->count--;
	return true;
}

/* A server that hangs, or a line that is slow? Once in smaller pieces. */
static bool
may_be_slow(const struct smb_range *r, const struct err *e)
{
	return e->kind == ERR_OFFLINE && e->sys == ETIMEDOUT &&
	    r->each > PIECE_SLOW && r->len > PIECE_SLOW;
}

/* What is missing of it, by the first line, which comes back when it breaks. */
static int
read_by_first(struct smb_reader *r, struct smb_range *range, struct err *e)
{
	struct smb_line *line = &r->lines->line[0];

	for (;;) {
		if (session_ensure(&line->session, e) == -1)
			return -1;
		if (ask(range, line, e) == 0 && collect(range, e) == 0)
			return range->is_short ? shorter(range, e) : 0;
		if (!session_may_retry(&line->session, e) &&
		    !may_be_slow(range, e))
			return -1;
	}
}

int
reader_read(struct smb_reader *r, const char *path, uint64_t off, void *bytes,
    size_t len, struct err *e)
{
	struct smb_range want = { .off = off, .len = len }, range;

	memcpy(want.path, path, strlen(path) + 1);
	range = want;
	if (take_ahead(r, &want, &range) && is_asked(&range)) {
		range.bytes = bytes;
		if (collect(&range, e) == 0)
			return range.is_short ? shorter(&range, e) : 0;
		if (is_asked(&range))
			return -1;
	}
	range.bytes = bytes;
	return read_by_first(r, &range, e);
}

/* The line that has the least to read; NULL: none that is there. */
static struct smb_line *
idlest(struct smb_reader *r)
{
	size_t load[LINES_MAX] = { 0 }, best = LINES_MAX;
	const struct smb_range *at;

	for (size_t i = 0; i < r->count; i++) {
		at = &r->ahead[(r->first + i) % AHEAD_MAX];
		load[at->line - r->lines->line]++;
	}
	for (size_t i = 0; i < LINES_MAX; i++)
		if (r->lines->line[i].state == LINE_IN &&
		    r->lines->line[i].session.link != NULL &&
		    (best == LINES_MAX || load[i] < load[best]))
			best = i;
	return best < LINES_MAX ? &r->lines->line[best] : NULL;
}

bool
reader_ahead(struct smb_reader *r, const char *path, uint64_t off, size_t len)
{
	struct smb_range *new;
	struct smb_line *line;
	struct err lost;

	while (r->count > 0 && r->ahead[r->first].is_dropped)
		drop_oldest(r);
	if (r->count >= 2 * lines_count(r->lines) || (line = idlest(r)) == NULL)
		return false;
	lines_carry(r->lines, len);
	new = &r->ahead[(r->first + r->count) % AHEAD_MAX];
	*new = (struct smb_range){ .off = off, .len = len };
	memcpy(new->path, path, strlen(path) + 1);
	if (ask(new, line, &lost) == -1)
		return false;
	r->count++;
	return true;
}

void
reader_end(struct smb_reader *r)
{
	for (size_t i = 0; i < r->count; i++)
		r->ahead[(r->first + i) % AHEAD_MAX].is_dropped = true;
}

bool
reader_unasked(struct smb_reader *r, const struct smb_line *line,
    const struct wire *m)
{
	struct smb_range *at;

	for (size_t i = 0; i < r->count; i++) {
		at = &r->ahead[(r->first + i) % AHEAD_MAX];
		if (at->line != line || !is_asked(at) || m->id != at->next ||
		    at->next > at->last)
			continue;
		at->next++;
		at->is_dropped = true;
		return true;
	}
	return false;
}
