#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "engine/driver.h"
#include "engine/merge.h"
#include "store/fetch.h"
#include "sync/blend.h"
#include "sync/dconf.h"
#include "sync/extents.h"

/* Contents that are in memory at a time. */
#define BATCH_BYTES ((uint64_t)64 << 20)

enum { BASE, REMOTE, LOCAL, VERSIONS };

/* One op, its three versions, and whether one could not be had. */
struct mix {
	struct op *op;
	struct buf text[VERSIONS];
	bool missing;
};

struct blender {
	struct blend *out;
	struct context *c;
	struct mix *mix; /* owned */
	size_t count;
	struct want *want; /* owned */
	size_t want_count;
	size_t want_cap;
};

static void
mix_free(struct mix *m)
{
	for (size_t i = 0; i < VERSIONS; i++)
		buf_free(&m->text[i]);
}

static int
add_want(struct blender *b, const struct want *w, struct err *e)
{
	size_t cap = b->want_cap > 0 ? b->want_cap * 2 : 16;
	struct want *grown;

	if (b->want_count == b->want_cap) {
		if ((grown = realloc(b->want, cap * sizeof(*grown))) == NULL)
			return err_sys(e, "list of contents");
		b->want = grown;
		b->want_cap = cap;
	}
	b->want[b->want_count++] = *w;
	return 0;
}

/* Wants for all of t, a file of the store; which: BASE or REMOTE of mix i. */
static int
want_content(struct blender *b, size_t i, unsigned which, const struct entry *t,
    struct err *e)
{
	struct buf *text = &b->mix[i].text[which];
	struct extent one;
	const struct extent *x;
	uint64_t off = 0;
	size_t count;

	x = extents_of(t, &one, &count);
	if (buf_room(text, (size_t)t->size + 1) == NULL)
		return buf_check(text, e);
	memset(text->bytes, 0, (size_t)t->size);
	text->len = (size_t)t->size;
	for (size_t k = 0; k < count && t->size > 0; off += x[k++].len) {
		struct want w = { .place = x[k].place,
			.len = x[k].len,
			.tag = i * VERSIONS + which,
			.off = off };

		if (x[k].place.gen == GEN_HOLE)
			continue;
		if (x[k].place.gen == GEN_NONE || x[k].len > t->size - off)
			b->mix[i].missing = true;
		else if (add_want(b, &w, e) == -1)
			return -1;
	}
	return 0;
}

static int
deliver(const struct want *w, const void *bytes, const struct err *why,
    void *arg, struct err *e)
{
	struct blender *b = arg;
	struct mix *m = &b->mix[w->tag / VERSIONS];
	struct buf *text = &m->text[w->tag % VERSIONS];

	(void)e;
	if (bytes != NULL) {
		memcpy(text->bytes + w->off, bytes, (size_t)w->len);
	} else {
		log_line(LOG_LEVEL_DEBUG, "merge: %s", why->text);
		m->missing = true;
	}
	return 0;
}

static bool
is_content_of(const struct buf *text, const struct entry *t)
{
	struct hash got =
	    hash_of(text->len > 0 ? (const char *)text->bytes : "", text->len);

	return text->len == t->size && hash_same(&got, &t->hash);
}

/* The home's version, if it is still what the scan saw. */
static bool
load_local(const struct blender *b, struct mix *m)
{
	const struct entry *t = m->op->local;
	struct stat st;
	struct err e;
	bool ok = false;
	int fd;

	fd = root_at(&b->c->root, t->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
	    &e);
	if (fd == -1)
		return false;
	m->text[LOCAL].max = (size_t)t->size;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    io_read_all(fd, &m->text[LOCAL], &e) == 0)
		ok = is_content_of(&m->text[LOCAL], t);
	close(fd);
	return ok;
}

static int
keep(struct blend *out, const struct hash *hash, struct buf *bytes,
    struct err *e)
{
	size_t cap = out->cap > 0 ? out->cap * 2 : 16;
	struct blended *grown;

	if (out->count == out->cap) {
		if ((grown = realloc(out->at, cap * sizeof(*grown))) == NULL)
			return err_sys(e, "merged contents");
		out->at = grown;
		out->cap = cap;
	}
	out->at[out->count++] = (struct blended){ *hash, *bytes };
	*bytes = (struct buf){ 0 };
	return 0;
}

static struct version
version_of(const struct buf *text)
{
	return (struct version){
		text->len > 0 ? (const char *)text->bytes : "",
		text->len,
	};
}

/* A database of keys is merged as its text; what its program cannot read or
 * make nobody is sure of. */
static int
merge_dconf(const struct buf text[VERSIONS], struct buf *made, bool *sure,
    struct err *e)
{
	struct buf keys[VERSIONS] = { { .len = 0 } }, merged = { 0 };
	struct versions in;
	struct err why;
	int rc = 0;

	*sure = true;
	for (size_t i = 0; i < VERSIONS && *sure; i++)
		*sure = dconf_read(&keys[i], &text[i], &why) == 0;
	if (*sure) {
		in.base = version_of(&keys[BASE]);
		in.local = version_of(&keys[LOCAL]);
		in.remote = version_of(&keys[REMOTE]);
		rc = driver_merge(DRIVER_KEYFILE, &in, &merged, sure, e);
	} else {
		log_line(LOG_LEVEL_DEBUG, "merge: %s", why.text);
	}
	if (rc == 0 && *sure && dconf_make(made, &merged, &why) == -1) {
		log_line(LOG_LEVEL_DEBUG, "merge: %s", why.text);
		*sure = false;
	}
	for (size_t i = 0; i < VERSIONS; i++)
		buf_free(&keys[i]);
	buf_free(&merged);
	return rc;
}

static int
run_driver(const struct mix *m, struct buf *made, bool *sure, struct err *e)
{
	const struct versions in = {
		.base = version_of(&m->text[BASE]),
		.local = version_of(&m->text[LOCAL]),
		.remote = version_of(&m->text[REMOTE]),
	};

	if (m->op->driver == DRIVER_DCONF)
		return merge_dconf(m->text, made, sure, e);
	return driver_merge(m->op->driver, &in, made, sure, e);
}

/* All three are here. */
static int
merge(struct blender *b, const struct mix *m, struct err *e)
{
	struct buf made = { 0 };
	struct hash hash;
	bool sure;
	int rc = -1;

	if (run_driver(m, &made, &sure, e) == -1)
		goto out;
	rc = 0;
	if (!sure)
		goto out;
	hash = hash_of(version_of(&made).text, made.len);
	rc = merge_driven(m->op, &hash, made.len, b->c->self, &b->c->arena, e);
	if (rc == 0 && (m->op->sides & SIDE_HOME) != 0 &&
	    !entry_same_content(m->op->result, m->op->remote))
		rc = keep(b->out, &hash, &made, e);
out:
	buf_free(&made);
	return rc;
}

static int
finish(struct blender *b, struct mix *m, struct err *e)
{
	const struct op *op = m->op;

	if (m->missing || !is_content_of(&m->text[REMOTE], op->remote) ||
	    (op->base != NULL && !is_content_of(&m->text[BASE], op->base)))
		return 0;
	if (!load_local(b, m)) {
		op_fail(m->op, WHY_CHANGED);
		return 0;
	}
	return merge(b, m, e);
}

static int
run_batch(struct blender *b, struct err *e)
{
	int rc = 0;

	if (b->want_count > 0)
		rc = fetch_run(b->c->store, b->want, b->want_count, deliver, b,
		    e);
	for (size_t i = 0; i < b->count; i++) {
		if (rc == 0)
			rc = finish(b, &b->mix[i], e);
		mix_free(&b->mix[i]);
	}
	b->count = 0;
	b->want_count = 0;
	return rc;
}

static bool
is_candidate(const struct op *op)
{
	return op->state == OP_PLANNED && op->action == ACTION_CONFLICT &&
	    op->driver != DRIVER_NONE && op->local->size <= DRIVER_SIZE_MAX &&
	    op->remote->size <= DRIVER_SIZE_MAX &&
	    (op->base == NULL ||
		(op->base->type == ENTRY_FILE &&
		    op->base->size <= DRIVER_SIZE_MAX));
}

static int
add_mix(struct blender *b, struct op *op, uint64_t *bytes, struct err *e)
{
	size_t i = b->count++;

	b->mix[i] = (struct mix){ .op = op };
	*bytes += op->local->size + op->remote->size;
	if (want_content(b, i, REMOTE, op->remote, e) == -1)
		return -1;
	if (op->base == NULL)
		return 0;
	*bytes += op->base->size;
	return want_content(b, i, BASE, op->base, e);
}

static int
run_all(struct blender *b, struct plan *p, struct err *e)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < p->count; i++) {
		if (!is_candidate(&p->op[i]))
			continue;
		if (add_mix(b, &p->op[i], &bytes, e) == -1)
			return -1;
		if (bytes < BATCH_BYTES)
			continue;
		if (run_batch(b, e) == -1)
			return -1;
		bytes = 0;
	}
	return run_batch(b, e);
}

int
blend_plan(struct blend *out, struct context *c, struct plan *p, struct err *e)
{
	struct blender b = { .out = out, .c = c };
	size_t count = 0;
	int rc;

	for (size_t i = 0; i < p->count; i++)
		count += is_candidate(&p->op[i]);
	if (count == 0)
		return 0;
	if ((b.mix = calloc(count, sizeof(*b.mix))) == NULL)
		return err_sys(e, "merge");
	rc = run_all(&b, p, e);
	for (size_t i = 0; i < b.count; i++)
		mix_free(&b.mix[i]);
	free(b.mix);
	free(b.want);
	return rc;
}

const struct blended *
blend_find(const struct blend *b, const struct entry *t)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->at[i].bytes.len == t->size &&
		    hash_same(&b->at[i].hash, &t->hash))
			return &b->at[i];
	return NULL;
}

void
blend_free(struct blend *b)
{
	for (size_t i = 0; i < b->count; i++)
		buf_free(&b->at[i].bytes);
	free(b->at);
	*b = (struct blend){ 0 };
}
