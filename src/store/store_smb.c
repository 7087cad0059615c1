#include "store/store_smb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/smb_lines.h"
#include "store/smb_read.h"
#include "store/smb_url.h"

/* How long a publication waits for others to let go of what is renamed: a
 * scanner on a Windows server opens files that are new. */
#define BUSY_S   10.0
#define DENIED_S 2.0

struct smb_store {
	struct store store;
	struct smb_lines lines;
	struct smb_reader reader;
	char *url; /* owned */
};

static void
smb_close(struct store *s)
{
	struct smb_store *d = (struct smb_store *)s;

	lines_close(&d->lines);
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
	d->reader.lines = &d->lines;
	for (size_t i = 0; i < LINES_MAX; i++)
		d->lines.line[i].session.until_s = &d->store.until_s;
	if ((d->url = strdup(url)) == NULL) {
		err_sys(e, "store");
		goto out;
	}
	d->store.url = d->url;
	if (lines_open(&d->lines, &d->reader, url, how, e) == -1)
		goto out;
	*out = (struct store *)d;
	d = NULL;
	rc = 0;
out:
	if (d != NULL)
		smb_close((struct store *)d);
	return rc;
}

static int
smb_enter(struct store *s, bool wait, struct err *e)
{
	return lines_enter(&((struct smb_store *)s)->lines, wait, e);
}

/* The session that does all but the bulk. */
static struct smb_session *
first(struct store *s)
{
	return &((struct smb_store *)s)->lines.line[0].session;
}

/* A request with nothing but paths. */
static int
ask(struct store *s, const struct smb_ask *a, struct err *e)
{
	struct wire reply;

	return session_ask(first(s), a, &reply, e);
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
	    first(s)->where, path, (unsigned long long)max);
}

static int
smb_read(struct store *s, const char *path, uint64_t off, void *bytes,
    size_t len, struct err *e)
{
	struct smb_store *d = (struct smb_store *)s;

	return reader_read(&d->reader, path, off, bytes, len, e);
}

static bool
smb_ahead(struct store *s, const char *path, uint64_t off, size_t len)
{
	return reader_ahead(&((struct smb_store *)s)->reader, path, off, len);
}

static void
smb_ahead_end(struct store *s)
{
	reader_end(&((struct smb_store *)s)->reader);
}

static int
smb_create(struct store *s, const char *path, struct store_file **out,
    struct err *e)
{
	struct smb_store *d = (struct smb_store *)s;
	struct smb_line *line = lines_for_file(&d->lines);

	return writer_create(&line->writer, s, path, out, e);
}

static int
smb_write(struct store_file *f, const void *bytes, size_t len, struct err *e)
{
	lines_carry(&((struct smb_store *)f->store)->lines, len);
	return writer_write(f, bytes, len, e);
}

static void
smb_seal(struct store_file *f)
{
	writer_seal(f);
}

static int
smb_finish(struct store_file *f, bool keep, struct err *e)
{
	return writer_finish(f, keep, e);
}

/* One that is there when a lost connection made us ask again is ours: names
 * that matter are random. */
static int
smb_mkdir(struct store *s, const char *path, struct err *e)
{
	const struct smb_ask a = {
		.request = { .op = WIRE_MKDIR, .text = { path } },
		.path = path,
		.harmless = true,
	};

	if (ask(s, &a, e) == 0 || (e->kind == ERR_RACE && first(s)->repeated))
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

	lines_let_go(&((struct smb_store *)s)->lines);
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

	lines_let_go(&((struct smb_store *)s)->lines);
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
	    &((const struct smb_store *)s)->lines.line[0].session;

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
	.enter = smb_enter,
	.list = smb_list,
	.load = smb_load,
	.read = smb_read,
	.ahead = smb_ahead,
	.ahead_end = smb_ahead_end,
	.create = smb_create,
	.write = smb_write,
	.seal = smb_seal,
	.finish = smb_finish,
	.mkdir = smb_mkdir,
	.publish = smb_publish,
	.claim = smb_claim,
	.remove = smb_remove,
	.facts = smb_facts,
	.close = smb_close,
};
