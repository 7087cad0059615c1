#include <errno.h>
#include <stdlib.h>

#include "store/smb_write_parts.h"

/* What chunks aim at, see CHUNK_MIN. */
#define CHUNK_MAX WIRE_BLOB
#define QUICK_US  150000u
#define SLOW_US   1500000u

void
writer_fail(struct smb_out *out, const struct err *why)
{
	if (out->failed)
		return;
	out->failed = true;
	out->err = *why;
}

void
writer_fail_all(struct smb_writer *w, const struct err *why)
{
	for (size_t i = 0; i < WIRE_HANDLES; i++)
		if (w->file[i] != NULL)
			writer_fail(w->file[i], why);
}

/* The oldest chunk is not under way any more. */
static void
drop_first(struct smb_writer *w)
{
	struct chunk *c = w->first;

	w->first = c->next;
	if (w->first == NULL)
		w->last = &w->first;
	w->under_way -= c->len;
	free(c);
}

/* As large as what would still be quick, by what one chunk took beyond the
 * round trip. */
static void
adapt(struct smb_writer *w, size_t len, uint64_t took_us)
{
	uint64_t rtt_us = w->session->rtt_us, us;

	w->measured = true;
	if (took_us > SLOW_US && w->chunk_size > CHUNK_MIN) {
		w->chunk_size /= 2;
		return;
	}
	us = took_us > rtt_us ? took_us - rtt_us : 0;
	for (; len >= w->chunk_size && us < QUICK_US; us *= 2) {
		if (w->chunk_size == CHUNK_MAX)
			return;
		w->chunk_size *= 2;
		len *= 2;
	}
}

int
writer_unasked(void *arg, const struct wire *m, struct err *e)
{
	struct smb_writer *w = arg;
	struct chunk *c = w->first;

	if (c == NULL || c->id != m->id ||
	    (m->op != WIRE_OK && m->op != WIRE_ERROR))
		return err_set(e, ERR_FORMAT, "SMB worker: an odd answer");
	if (m->op == WIRE_ERROR) {
		session_error(w->session, m, c->out->path, e);
		/* It is still wanted; unless the connection is not why. */
		if (w->session->link == NULL)
			return -1;
		if (c->kind == CHUNK_CREATE && e->sys == EISDIR)
			e->kind = ERR_RACE; /* a directory has the name */
		writer_fail(c->out, e);
	} else if (c->kind == CHUNK_WRITE) {
		adapt(w, c->len, m->number[0]);
		c->out->acked = c->off + c->len;
	} else if (c->kind == CHUNK_CREATE) {
		c->out->created = true;
	}
	if (c->kind == CHUNK_FINISH) /* whatever came of it */
		c->out->closed = true;
	drop_first(w);
	return 0;
}

static struct wire
request_of(const struct chunk *c)
{
	const struct smb_out *out = c->out;

	switch (c->kind) {
	case CHUNK_CREATE:
		return (struct wire){ .op = WIRE_CREATE,
			.number = { out->handle },
			.text = { out->path } };
	case CHUNK_FINISH:
		return (struct wire){ .op = WIRE_FINISH,
			.number = { out->handle, true } };
	case CHUNK_WRITE:
		break;
	}
	return (struct wire){ .op = WIRE_WRITE,
		.number = { out->handle, c->off },
		.blob = c->bytes,
		.blob_len = c->len };
}

static int
send_chunk(struct smb_writer *w, struct chunk *c, struct err *e)
{
	struct wire m = request_of(c);

	if (session_send(w->session, &m, c->out->path, e) == -1)
		return -1;
	c->id = m.id;
	return 0;
}

/* One request about a file, whose answer is waited for. */
static int
converse(struct smb_writer *w, const struct smb_out *out, enum wire_op op,
    struct err *e)
{
	struct smb_ask ask = {
		.request = { .op = op,
		    .number = { out->handle,
			op == WIRE_RESUME ? out->acked : 0 },
		    .text = { out->path } },
		.path = out->path,
	};
	struct wire reply;

	if (session_send(w->session, &ask.request, out->path, e) == -1)
		return -1;
	return session_await(w->session, &ask, &reply, e);
}

/* Open a file again on a new link. -1: that one is lost, too. A file that is
 * there though nobody said that it was made is ours, see ask_create(). */
static int
resume_file(struct smb_writer *w, struct smb_out *out, struct err *e)
{
	int rc = -1;

	if (!out->created)
		rc = converse(w, out, WIRE_CREATE, e);
	if (out->created || (rc == -1 && e->sys == EEXIST))
		rc = converse(w, out, WIRE_RESUME, e);
	if (rc == 0) {
		out->created = true;
		return 0;
	}
	if (w->session->link == NULL)
		return -1;
	writer_fail(out, e);
	return 0;
}

bool
writer_is_open(const struct smb_out *out)
{
	return out != NULL && !out->failed && !out->closed;
}

/* What a lost link left undone. A file that has failed is not opened again, so
 * its chunks are not sent again either. */
int
writer_again(void *arg, struct err *e)
{
	struct smb_writer *w = arg;
	struct chunk **at = &w->first, *c;

	for (size_t i = 0; i < WIRE_HANDLES; i++)
		if (writer_is_open(w->file[i]) &&
		    resume_file(w, w->file[i], e) == -1)
			return -1;
	while ((c = *at) != NULL) {
		if (!c->out->failed && c->kind != CHUNK_CREATE) {
			if (send_chunk(w, c, e) == -1)
				return -1;
			at = &c->next;
			continue;
		}
		*at = c->next;
		w->under_way -= c->len;
		free(c);
	}
	w->last = at;
	return 0;
}

int
writer_settle(struct smb_writer *w, size_t bytes, struct err *e)
{
	struct smb_session *s = w->session;

	while (w->under_way > bytes) {
		if (session_ensure(s, e) == -1)
			goto fail;
		if (w->under_way > bytes && session_wait(s, e) == -1 &&
		    !session_may_retry(s, e))
			goto fail;
	}
	return 0;
fail:
	writer_fail_all(w, e);
	return -1;
}

int
writer_dispatch(struct smb_writer *w, struct chunk *c, struct err *e)
{
	struct smb_session *s = w->session;

	c->next = NULL;
	*w->last = c;
	w->last = &c->next;
	w->under_way += c->len;
	if (send_chunk(w, c, e) == 0 && session_poll(s, e) == 0)
		return 0;
	if (session_may_retry(s, e) && session_ensure(s, e) == 0)
		return 0;
	writer_fail_all(w, e);
	return -1;
}
