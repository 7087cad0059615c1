#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/smb_write_parts.h"

/* The first chunk is as large as a line of 1 Mbit/s can take in time. */
#define CHUNK_FIRST ((size_t)2 << 20)
#define SLOWEST     64u /* bytes in a millisecond, of half the time there is */
/* What a worker is sent ahead, and what we keep in memory. */
#define WINDOW ((size_t)16 << 20)

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

/* Hand over what was gathered. */
static int
flush(struct smb_writer *w, struct smb_out *out, struct err *e)
{
	struct chunk *c = out->filling;

	if (c == NULL)
		return 0;
	if (writer_settle(w, WINDOW - c->len, e) == -1 ||
	    session_ensure(w->session, e) == -1) {
		writer_fail_all(w, e);
		return -1;
	}
	out->filling = NULL;
	c->off = out->len;
	out->len += c->len;
	return writer_dispatch(w, c, e);
}

/* The begin or the end of a file, whose answer is not waited for. */
static int
announce(struct smb_writer *w, struct smb_out *out, enum chunk_kind kind,
    struct err *e)
{
	struct chunk *c;

	if (session_ensure(w->session, e) == -1) {
		writer_fail_all(w, e);
		return -1;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return err_sys(e, "store");
	c->kind = kind;
	c->out = out;
	return writer_dispatch(w, c, e);
}

/* A file that is there when a lost connection made us ask again is ours, and
 * empty: what is below tmp/ lies in directories with random names. */
static int
ask_create(struct smb_writer *w, struct smb_out *out, struct err *e)
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
writer_create(struct smb_writer *w, struct store *owner, const char *path,
    struct store_file **out, struct err *e)
{
	struct smb_out *f;
	size_t handle = 0;
	int rc;

	while (handle < WIRE_HANDLES && w->file[handle] != NULL)
		handle++;
	assert(handle < WIRE_HANDLES);
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return err_sys(e, "store");
	f->file.store = owner;
	f->writer = w;
	f->handle = handle;
	memcpy(f->path, path, strlen(path) + 1);
	/* Behind what is under way its answer would be long in coming. */
	if (w->first != NULL) {
		w->file[handle] = f;
		rc = announce(w, f, CHUNK_CREATE, e);
	} else {
		rc = ask_create(w, f, e);
		f->created = rc == 0;
		w->file[handle] = f;
	}
	if (rc == -1) {
		forget(w, f);
		return -1;
	}
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
	if (!w->measured && writer_settle(w, 0, e) == -1)
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

void
writer_seal(struct store_file *file)
{
	struct smb_out *out = (struct smb_out *)file;
	struct err e;

	/* What fails is told by writer_finish(). */
	if (out->failed || flush(out->writer, out, &e) == -1)
		return;
	out->sealed = true;
	if (announce(out->writer, out, CHUNK_FINISH, &e) == -1)
		writer_fail(out, &e);
}

/* Until the answer to an end that was announced is there. */
static void
await_end(struct smb_writer *w, const struct smb_out *out)
{
	struct smb_session *s = w->session;
	struct err e;

	while (writer_is_open(out)) {
		if (session_ensure(s, &e) == -1 ||
		    (writer_is_open(out) && session_wait(s, &e) == -1 &&
			!session_may_retry(s, &e)))
			writer_fail_all(w, &e);
	}
}

/* The bytes that are left, and word that all have arrived. */
static int
complete(struct smb_writer *w, struct smb_out *out, struct err *e)
{
	if (out->sealed)
		await_end(w, out);
	else if (!out->failed && flush(w, out, e) == 0 &&
	    ask_finish(w, out, true, e) == 0)
		out->closed = true;
	else if (!out->failed)
		return -1;
	if (!out->failed)
		return 0;
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
	if (out->closed || out->sealed)
		return ask_remove(w, out, e);
	return ask_finish(w, out, false, e);
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
