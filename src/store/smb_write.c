#include "store/smb_write.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A chunk is one request to the server, which has to carry it out within the
 * library's time-out however slow the line is, and costs a round trip however
 * fast it is. So the first is as large as a line of 1 Mbit/s can take, and how
 * long that took tells how large the next ones may be.
 */
#define CHUNK_FIRST ((size_t)2 << 20)
#define SLOWEST     64u /* bytes in a millisecond, of half the time there is */
#define CHUNK_MIN   ((size_t)64 << 10)
#define CHUNK_MAX   WIRE_BLOB
#define QUICK_US    150000u
#define SLOW_US     1500000u
/* What a worker is sent ahead, and what we keep in memory. */
#define WINDOW ((size_t)16 << 20)

struct chunk {
	struct chunk *next;
	struct smb_out *out; /* borrowed */
	uint32_t id;
	uint64_t off;
	size_t len, cap;
	uint8_t bytes[];
};

struct smb_out {
	struct store_file file;
	struct smb_writer *writer; /* borrowed */
	uint64_t handle;
	uint64_t len;          /* in chunks that were sent */
	uint64_t acked;        /* known to be on the server */
	struct chunk *filling; /* owned; NULL: none */
	bool closed;           /* by the worker */
	bool failed;
	struct err err; /* why */
	char path[STORE_PATH_MAX + 1];
};

void
writer_init(struct smb_writer *w, struct smb_session *s)
{
	*w = (struct smb_writer){ .session = s };
	w->last = &w->first;
}

static size_t
first_chunk(const struct smb_session *s)
{
	size_t size = CHUNK_FIRST;

	while (s->deadline_ms != 0 && size > CHUNK_MIN &&
	    size / SLOWEST > s->deadline_ms)
		size /= 2;
	return size;
}

static void
fail(struct smb_out *out, const struct err *why)
{
	if (out->failed)
		return;
	out->failed = true;
	out->err = *why;
}

static void
fail_all(struct smb_writer *w, const struct err *why)
{
	for (size_t i = 0; i < WIRE_HANDLES; i++)
		if (w->file[i] != NULL)
			fail(w->file[i], why);
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
		fail(c->out, e);
	} else {
		adapt(w, c->len, m->number[0]);
		c->out->acked = c->off + c->len;
	}
	drop_first(w);
	return 0;
}

static int
send_chunk(struct smb_writer *w, struct chunk *c, struct err *e)
{
	struct wire m = {
		.op = WIRE_WRITE,
		.number = { c->out->handle, c->off },
		.blob = c->bytes,
		.blob_len = c->len,
	};

	if (session_send(w->session, &m, c->out->path, e) == -1)
		return -1;
	c->id = m.id;
	return 0;
}

/* Open a file again on a new link. -1: that one is lost, too. */
static int
resume_file(struct smb_writer *w, struct smb_out *out, struct err *e)
{
	struct smb_ask ask = {
		.request = { .op = WIRE_RESUME,
		    .number = { out->handle, out->acked },
		    .text = { out->path } },
		.path = out->path,
	};
	struct wire reply;

	if (session_send(w->session, &ask.request, out->path, e) == -1)
		return -1;
	if (session_await(w->session, &ask, &reply, e) == 0)
		return 0;
	if (w->session->link == NULL)
		return -1;
	fail(out, e);
	return 0;
}

/* What a lost link left undone. A file that has failed is not opened again, so
 * its chunks are not sent again either. */
int
writer_again(void *arg, struct err *e)
{
	struct smb_writer *w = arg;
	struct chunk **at = &w->first, *c;

	for (size_t i = 0; i < WIRE_HANDLES; i++)
		if (w->file[i] != NULL && !w->file[i]->failed &&
		    resume_file(w, w->file[i], e) == -1)
			return -1;
	while ((c = *at) != NULL) {
		if (!c->out->failed) {
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

/* Wait until no more than that many bytes are under way. Losses are made good
 * as long as that is any use; else all files have failed. */
static int
settle(struct smb_writer *w, size_t bytes, struct err *e)
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
	fail_all(w, e);
	return -1;
}

/* Hand over what was gathered. */
static int
flush(struct smb_writer *w, struct smb_out *out, struct err *e)
{
	struct smb_session *s = w->session;
	struct chunk *c = out->filling;

	if (c == NULL)
		return 0;
	if (settle(w, WINDOW - c->len, e) == -1 || session_ensure(s, e) == -1) {
		fail_all(w, e);
		return -1;
	}
	out->filling = NULL;
	c->off = out->len;
	out->len += c->len;
	c->next = NULL;
	*w->last = c;
	w->last = &c->next;
	w->under_way += c->len;
	if (send_chunk(w, c, e) == -1 || session_poll(s, e) == -1) {
		if (session_may_retry(s, e) && session_ensure(s, e) == 0)
			return 0;
		fail_all(w, e);
		return -1;
	}
	return 0;
}

/* A file that is there when a lost connection made us ask again is ours, and
 * empty: what is below tmp/ lies in directories with random names. */
static int
ask_create(struct smb_writer *w, const struct smb_out *out, struct err *e)
{
	struct smb_ask ask = {
		.request = { .op = WIRE_CREATE,
		    .number = { out->handle },
		    .text = { out->path } },
		.path = out->path,
		.harmless = true,
	};
	struct wire reply;

	if (session_ask(w->session, &ask, &reply, e) == 0)
		return 0;
	if (e->sys == EEXIST && w->session->repeated) {
		ask.request.op = WIRE_RESUME;
		return session_ask(w->session, &ask, &reply, e);
	}
	if (e->sys == EISDIR)
		e->kind = ERR_RACE; /* a directory has the name */
	return -1;
}

int
writer_create(struct smb_writer *w, struct store *owner, const char *path,
    struct store_file **out, struct err *e)
{
	struct smb_out *f;
	size_t handle = 0;

	while (handle < WIRE_HANDLES && w->file[handle] != NULL)
		handle++;
	assert(handle < WIRE_HANDLES);
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return err_sys(e, "store");
	f->file.store = owner;
	f->writer = w;
	f->handle = handle;
	memcpy(f->path, path, strlen(path) + 1);
	if (ask_create(w, f, e) == -1) {
		free(f);
		return -1;
	}
	w->file[handle] = f;
	*out = (struct store_file *)f;
	return 0;
}

static struct chunk *
filling_of(struct smb_writer *w, struct smb_out *out, struct err *e)
{
	struct chunk *c = out->filling;

	if (c != NULL)
		return c;
	if (w->chunk_size == 0)
		w->chunk_size = first_chunk(w->session);
	/* The first one is waited for: it pays to know what the line carries. */
	if (!w->measured && settle(w, 0, e) == -1)
		return NULL;
	if ((c = malloc(sizeof(*c) + w->chunk_size)) == NULL) {
		err_fill_sys(e, "store");
		return NULL;
	}
	*c = (struct chunk){ .out = out, .cap = w->chunk_size };
	out->filling = c;
	return c;
}

int
writer_write(struct store_file *file, const void *bytes, size_t len,
    struct err *e)
{
	struct smb_out *out = (struct smb_out *)file;
	struct smb_writer *w = out->writer;
	const uint8_t *from = bytes;
	struct chunk *c;
	size_t n;

	while (len > 0) {
		if (out->failed) {
			*e = out->err;
			return -1;
		}
		if ((c = filling_of(w, out, e)) == NULL)
			return -1;
		n = c->cap - c->len < len ? c->cap - c->len : len;
		memcpy(c->bytes + c->len, from, n);
		c->len += n;
		from += n;
		len -= n;
		if (c->len == c->cap && flush(w, out, e) == -1)
			return -1;
	}
	return 0;
}

static int
ask_finish(struct smb_writer *w, const struct smb_out *out, bool keep,
    struct err *e)
{
	const struct smb_ask ask = {
		.request = { .op = WIRE_FINISH,
		    .number = { out->handle, keep } },
		.path = out->path,
		.harmless = keep,
	};
	struct wire reply;

	return session_ask(w->session, &ask, &reply, e);
}

/* The bytes that are left, and word that all have arrived. */
static int
complete(struct smb_writer *w, struct smb_out *out, struct err *e)
{
	if (!out->failed && flush(w, out, e) == 0 &&
	    ask_finish(w, out, true, e) == 0) {
		out->closed = true;
		if (!out->failed)
			return 0;
	}
	if (out->failed)
		*e = out->err;
	return -1;
}

static int
ask_remove(struct smb_writer *w, const struct smb_out *out, struct err *e)
{
	const struct smb_ask ask = {
		.request = { .op = WIRE_REMOVE, .text = { out->path } },
		.path = out->path,
		.harmless = true,
	};
	struct wire reply;

	return session_ask(w->session, &ask, &reply, e);
}

/* Off the server again; but not by another login. */
static int
give_up(struct smb_writer *w, struct smb_out *out, struct err *e)
{
	if (w->session->link == NULL) {
		*e = out->failed ? out->err : w->session->refusal;
		return -1;
	}
	if (out->closed)
		return ask_remove(w, out, e);
	return ask_finish(w, out, false, e);
}

/* Out of our memory. */
static void
forget(struct smb_writer *w, struct smb_out *out)
{
	struct chunk **at = &w->first, *c;

	while ((c = *at) != NULL) {
		if (c->out != out) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		w->under_way -= c->len;
		free(c);
	}
	w->last = at;
	w->file[out->handle] = NULL;
	free(out->filling);
	free(out);
}

int
writer_finish(struct store_file *file, bool keep, struct err *e)
{
	struct smb_out *out = (struct smb_out *)file;
	struct smb_writer *w = out->writer;
	struct err lost;
	int rc;

	if (keep) {
		rc = complete(w, out, e);
		if (rc == -1)
			(void)give_up(w, out, &lost);
	} else {
		rc = give_up(w, out, e);
	}
	forget(w, out);
	return rc;
}

void
writer_free(struct smb_writer *w)
{
	for (size_t i = 0; i < WIRE_HANDLES; i++)
		if (w->file[i] != NULL)
			forget(w, w->file[i]);
}
