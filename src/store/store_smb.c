#include "store/store_smb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/smb_session.h"
#include "store/smb_url.h"
#include "store/smb_write.h"

/* How long a publication waits for others to let go of what is renamed: a
 * scanner on a Windows server opens files that are new. */
#define BUSY_S   10.0
#define DENIED_S 2.0
/* READs that are sent ahead of their answers, which may be WIRE_BLOB each. */
#define READ_MAX ((size_t)4 << 20)
#define READ_FAR WIRE_BLOB
#define FAR_US   5000u /* a round trip from which on it pays */

struct smb_store {
	struct store store;
	struct smb_session session;
	struct smb_writer writer;
	char *url; /* owned */
};

static void
smb_close(struct store *s)
{
	struct smb_store *d = (struct smb_store *)s;

	writer_free(&d->writer);
	session_close(&d->session);
	free(d->url);
	free(d);
}

static int
smb_open(struct store **out, const char *url, const struct store_how *how,
    struct err *e)
{
	struct smb_store *d;
	int rc = -1;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return err_sys(e, "store");
	d->store.ops = &store_smb_ops;
	writer_init(&d->writer, &d->session);
	d->session.unasked = writer_unasked;
	d->session.again = writer_again;
	d->session.arg = &d->writer;
	if ((d->url = strdup(url)) == NULL) {
		err_sys(e, "store");
		goto out;
	}
	d->store.url = d->url;
	if (session_open(&d->session, url, how, e) == -1)
		goto out;
	*out = (struct store *)d;
	d = NULL;
	rc = 0;
out:
	if (d != NULL)
		smb_close((struct store *)d);
	return rc;
}

/* A request with nothing but paths. */
static int
ask(struct store *s, const struct smb_ask *a, struct err *e)
{
	struct smb_store *d = (struct smb_store *)s;
	struct wire reply;

	return session_ask(&d->session, a, &reply, e);
}

/* All of the list comes before any of it is visited: a visitor may use the
 * store. */
static int
smb_list(struct store *s, const char *dir, store_visit *visit, void *arg,
    struct err *e)
{
	struct buf items = { .max = (size_t)1 << 30 };
	const struct smb_ask a = {
		.request = { .op = WIRE_LIST, .text = { dir } },
		.path = dir,
		.parts = &items,
		.harmless = true,
	};
	struct wire_item item;
	struct store_item is;
	const uint8_t *at;
	size_t left;
	int rc;

	rc = ask(s, &a, e);
	if (rc == 0)
		rc = buf_check(&items, e);
	at = items.bytes;
	left = items.len;
	while (rc == 0 && (rc = wire_get_item(&item, &at, &left, e)) == 1) {
		is = (struct store_item){ item.name, item.is_dir, item.size,
			item.mtime_ns };
		rc = visit(&is, arg, e);
	}
	buf_free(&items);
	return rc;
}

static int
smb_load(struct store *s, const char *path, struct buf *out, struct err *e)
{
	uint64_t max = out->max != 0 ? out->max - out->len : INT64_MAX;
	const struct smb_ask a = {
		.request = { .op = WIRE_LOAD,
		    .number = { max },
		    .text = { path } },
		.path = path,
		.parts = out,
		.harmless = true,
	};

	if (ask(s, &a, e) == 0)
		return buf_check(out, e);
	if (e->sys != EOVERFLOW)
		return -1;
	return err_set(e, ERR_LIMIT, "%s/%s: larger than %llu bytes",
	    ((struct smb_store *)s)->session.where, path,
	    (unsigned long long)max);
}

/* Where a range is longer than one request may be, some are on their way. */
struct range {
	const char *path;
	uint64_t off;
	uint8_t *bytes;
	size_t len, sent, got, each;
};

static int
shorter(const struct smb_session *s, const struct range *r, struct err *e)
{
	return err_set(e, ERR_FORMAT,
	    "%s/%s: shorter than expected: no %zu bytes at %llu", s->where,
	    r->path, r->len, (unsigned long long)r->off);
}

static size_t
piece(const struct range *r, size_t from)
{
	return r->len - from < r->each ? r->len - from : r->each;
}

static int
send_read(struct smb_session *s, struct range *r, uint32_t *id, struct err *e)
{
	struct wire m = {
		.op = WIRE_READ,
		.number = { r->off + r->sent, piece(r, r->sent) },
		.text = { r->path },
	};

	if (session_send(s, &m, r->path, e) == -1)
		return -1;
	r->sent += (size_t)m.number[1];
	*id = m.id;
	return 0;
}

/* Put a reply behind what came before it. One that is too short for its place
 * leaves a gap: what comes later is of no use. */
static int
take_reply(struct range *r, const struct wire *reply, bool *is_short,
    struct err *e)
{
	if (reply->blob_len > r->len - r->got)
		return err_set(e, ERR_FORMAT, "SMB worker: too much");
	if (reply->blob_len > 0 && !*is_short)
		memcpy(r->bytes + r->got, reply->blob, reply->blob_len);
	*is_short = *is_short || reply->blob_len != piece(r, r->got);
	r->got += reply->blob_len;
	return 0;
}

/* Ask for all of r; the ids of requests that follow each other do so. */
static int
ask_range(struct smb_session *s, struct range *r, uint32_t *first,
    uint32_t *last, struct err *e)
{
	uint32_t id = 0;

	*first = 0;
	r->sent = r->got = 0;
	do {
		if (send_read(s, r, &id, e) == -1)
			return -1;
		if (*first == 0)
			*first = id;
	} while (r->sent < r->len);
	*last = id;
	return 0;
}

/* All of r by one link. */
static int
read_range(struct smb_session *s, struct range *r, struct err *e)
{
	struct smb_ask a = { .path = r->path };
	struct wire reply;
	struct err first = { .kind = ERR_NONE };
	bool is_short = false;
	uint32_t next, last;

	if (ask_range(s, r, &next, &last, e) == -1)
		return -1;
	for (; next <= last; next++) {
		a.request.id = next;
		if (session_await(s, &a, &reply, e) == 0) {
			if (take_reply(r, &reply, &is_short, e) == -1)
				return -1;
		} else if (s->link == NULL) {
			return -1;
		} else if (first.kind == ERR_NONE) {
			first = *e; /* of one file, all alike */
		}
	}
	if (first.kind != ERR_NONE) {
		*e = first;
		return -1;
	}
	return is_short ? shorter(s, r, e) : 0;
}

static int
smb_read(struct store *s, const char *path, uint64_t off, void *bytes,
    size_t len, struct err *e)
{
	struct smb_store *d = (struct smb_store *)s;
	struct range r = {
		.path = path,
		.off = off,
		.bytes = bytes,
		.len = len,
		.each = d->session.rtt_us < FAR_US ? READ_MAX : READ_FAR,
	};

	for (;;) {
		if (session_ensure(&d->session, e) == -1)
			return -1;
		if (read_range(&d->session, &r, e) == 0)
			return 0;
		if (!session_may_retry(&d->session, e))
			return -1;
	}
}

static int
smb_create(struct store *s, const char *path, struct store_file **out,
    struct err *e)
{
	struct smb_store *d = (struct smb_store *)s;

	return writer_create(&d->writer, s, path, out, e);
}

static int
smb_write(struct store_file *f, const void *bytes, size_t len, struct err *e)
{
	struct smb_store *d = (struct smb_store *)f->store;

	return writer_write(&d->writer, f, bytes, len, e);
}

static int
smb_finish(struct store_file *f, bool keep, struct err *e)
{
	struct smb_store *d = (struct smb_store *)f->store;

	return writer_finish(&d->writer, f, keep, e);
}

/* One that is there when a lost connection made us ask again is ours: names
 * that matter are random. */
static int
smb_mkdir(struct store *s, const char *path, struct err *e)
{
	const struct smb_store *d = (const struct smb_store *)s;
	const struct smb_ask a = {
		.request = { .op = WIRE_MKDIR, .text = { path } },
		.path = path,
		.harmless = true,
	};

	if (ask(s, &a, e) == 0 || (e->kind == ERR_RACE && d->session.repeated))
		return 0;
	return -1;
}

/* How long an error of a rename is worth another try. Such a one was refused
 * for certain. */
static double
patience(const struct err *e)
{
	if (e->sys == EBUSY)
		return BUSY_S;
	return e->sys == EACCES ? DENIED_S : 0;
}

static int
smb_publish(struct store *s, const char *from, const char *to, struct err *e)
{
	const struct smb_ask a = {
		.request = { .op = WIRE_RENAME, .text = { from, to } },
		.path = to,
	};
	double start = clock_steady_s();
	unsigned wait_ms = 50;

	while (ask(s, &a, e) == -1) {
		if (clock_steady_s() - start + wait_ms / 1000.0 > patience(e))
			return -1;
		clock_sleep_ms(wait_ms);
		wait_ms *= 2;
	}
	return 0;
}

static int
smb_claim(struct store *s, const char *from, const char *path,
    const void *bytes, size_t len, struct err *e)
{
	const struct smb_ask a = {
		.request = { .op = WIRE_CLAIM,
		    .text = { path },
		    .blob = bytes,
		    .blob_len = len },
		.path = path,
	};

	(void)from; /* no call of the library makes anything durable */
	return ask(s, &a, e);
}

static int
smb_remove(struct store *s, const char *path, bool is_dir, struct err *e)
{
	const struct smb_ask a = {
		.request = { .op = WIRE_REMOVE,
		    .number = { is_dir },
		    .text = { path } },
		.path = path,
		.harmless = true,
	};

	if (ask(s, &a, e) == 0)
		return 0;
	if (e->sys == EBUSY)
		e->kind = ERR_RACE; /* somebody reads it */
	return -1;
}

static void
smb_facts(const struct store *s, struct store_facts *out)
{
	const struct smb_session *session =
	    &((const struct smb_store *)s)->session;

	*out = (struct store_facts){
		.encrypted = (session->facts & WIRE_ENCRYPTED) != 0,
		.kerberos = session->kerberos,
		.confined = (session->facts & WIRE_CONFINED) != 0,
		.rtt_us = session->rtt_us,
	};
}

const struct store_ops store_smb_ops = {
	.scheme = SMB_URL_SCHEME,
	.open = smb_open,
	.list = smb_list,
	.load = smb_load,
	.read = smb_read,
	.create = smb_create,
	.write = smb_write,
	.finish = smb_finish,
	.mkdir = smb_mkdir,
	.publish = smb_publish,
	.claim = smb_claim,
	.remove = smb_remove,
	.facts = smb_facts,
	.close = smb_close,
};
