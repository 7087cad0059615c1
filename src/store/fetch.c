#include "store/fetch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "model/commit.h"

#define SPAN_MIN (256u << 10)
#define FAST_S   0.5        /* seconds; a read that takes less may be longer */
#define SPAN_MAX (4u << 20) /* bytes of one read, but for one long frame */
/* The same where the time may be up before it has come, and all be in vain. */
#define SPAN_LATE (1u << 20)
#define SPAN_ROOM ((size_t)FRAME_LEN_MAX)
#define GAP_MAX   (64u << 10) /* bytes read for nothing to save a call */
#define SPANS     3           /* being read, waiting, and being inflated */
_Static_assert(FRAME_LEN_MAX >= SPAN_MAX, "there is room for a span");

/* Neighbouring frames, read in one call. */
struct span {
	struct want *want; /* borrowed: the first that lies in it */
	size_t count;
	uint64_t from;
	size_t len;
	uint8_t *bytes; /* borrowed; SPAN_ROOM of them */
	int rc;
	struct err err;
};

/* One frame, and the wants that it answers. */
struct piece {
	struct span *span; /* borrowed */
	struct want *want;
	size_t count;
	bool ends_span;
	struct inflater *inflater; /* owned */
	struct buf content;
	int rc;
	struct err err;
};

struct fetch {
	struct store *store;
	struct want *want; /* sorted */
	size_t count;
	size_t next;      /* first want that is in no span yet */
	size_t announced; /* the same of the one reading thread, whose it is */
	fetch_deliver *deliver;
	void *arg;
	struct crew *readers; /* one thread: the store is used by one */
	struct crew *inflaters;
	uint8_t *room;     /* owned; of all spans */
	uint32_t span_max; /* bytes of one read, but for one long frame */
	struct span span[SPANS];
	struct span *idle[SPANS];
	size_t idle_count;
	struct piece *piece; /* owned array */
	size_t piece_count;
	size_t piece_next; /* a ring: they come back in order */
};

static int
by_place(const void *a, const void *b)
{
	return place_order(&((const struct want *)a)->place,
	    &((const struct want *)b)->place);
}

/* Numbers of a hostile manifest must not become large reads. */
static bool
place_is_sane(const struct want *w)
{
	return w->place.gen != GEN_NONE && w->place.gen <= GEN_MAX &&
	    w->place.pack < COMMIT_PACKS_MAX &&
	    w->place.frame <= (uint64_t)INT64_MAX / 2 &&
	    w->place.frame_len <= FRAME_LEN_MAX && w->len <= FRAME_MAX;
}

/* Each frame by itself; those that cannot be read become zeros, which are no
 * frame, and leave why in sp->err. */
static void
read_singly(struct store *s, const char *path, struct span *sp)
{
	const struct place *p;
	uint8_t *to;

	for (size_t i = 0; i < sp->count; i++) {
		p = &sp->want[i].place;
		if (i > 0 && place_same_frame(p, &sp->want[i - 1].place))
			continue;
		to = sp->bytes + (p->frame - sp->from);
		if (store_read(s, path, p->frame, to, p->frame_len, &sp->err) ==
		    -1)
			memset(to, 0, p->frame_len);
	}
}

/* As many of the wants from there on as one read is to answer. */
static void
measure_span(const struct fetch *f, size_t at, struct span *sp)
{
	const struct place *p = &f->want[at].place;
	uint64_t end = p->frame + p->frame_len, more;

	sp->want = &f->want[at];
	sp->from = p->frame;
	for (sp->count = 1; at + sp->count < f->count; sp->count++) {
		p = &sp->want[sp->count].place;
		more = p->frame + p->frame_len;
		if (more < end)
			more = end;
		if (!place_is_sane(&sp->want[sp->count]) ||
		    p->gen != sp->want->place.gen ||
		    p->pack != sp->want->place.pack ||
		    (p->frame > end && p->frame - end > GAP_MAX) ||
		    (more > end && more - sp->from > f->span_max))
			break;
		end = more;
	}
	sp->len = (size_t)(end - sp->from);
}

static const char *
pack_path(char out[STORE_PATH_MAX + 1], const struct span *sp)
{
	snprintf(out, STORE_PATH_MAX + 1, "gen/%012llu/pack%u",
	    (unsigned long long)sp->want->place.gen,
	    (unsigned)sp->want->place.pack);
	return out;
}

/* Tell the store of this span and those behind it, as many as it wants to know
 * of now. */
static void
announce(struct fetch *f, const struct span *sp)
{
	size_t at = (size_t)(sp->want - f->want);
	char path[STORE_PATH_MAX + 1];
	struct span next;

	if (f->announced > at)
		at = f->announced;
	for (; at < f->count; at += next.count) {
		next.count = 1;
		if (!place_is_sane(&f->want[at]))
			continue;
		measure_span(f, at, &next);
		if (!store_ahead(f->store, pack_path(path, &next), next.from,
			next.len))
			break;
	}
	f->announced = at;
}

static void
read_span(void *item, void *arg)
{
	struct fetch *f = arg;
	struct span *sp = item;
	char path[STORE_PATH_MAX + 1];

	announce(f, sp);
	pack_path(path, sp);
	sp->rc =
	    store_read(f->store, path, sp->from, sp->bytes, sp->len, &sp->err);
	if (sp->rc == -1 && sp->err.kind == ERR_FORMAT)
		read_singly(f->store, path, sp);
}

/* Does this failure concern some frames, and not the store as a whole? */
static bool
is_damage(const struct err *e)
{
	return e->kind == ERR_FORMAT || e->kind == ERR_GONE ||
	    e->kind == ERR_LIMIT;
}

static void
work_piece(void *item, void *arg)
{
	struct piece *p = item;
	const struct span *sp = p->span;
	const struct place *at = &p->want->place;

	(void)arg;
	buf_clear(&p->content);
	p->rc = -1;
	if (sp->rc == -1 && sp->err.kind != ERR_FORMAT)
		p->err = sp->err;
	else
		p->rc = frame_inflate(p->inflater,
		    sp->bytes + (at->frame - sp->from), at->frame_len,
		    &p->content, &p->err);
	if (p->rc == 0)
		return;
	if (sp->rc == -1)
		p->err = sp->err;
	err_wrap(&p->err, "generation %llu, pack %u, frame at %llu",
	    (unsigned long long)at->gen, (unsigned)at->pack,
	    (unsigned long long)at->frame);
}

/* Hand out what the oldest frame holds. 1: there is none under way. */
static int
deliver_piece(struct fetch *f, struct err *e)
{
	const struct piece *p = crew_take(f->inflaters);
	const struct want *w;
	struct err why;
	int rc = 0;

	if (p == NULL)
		return 1;
	if (p->rc == -1 && !is_damage(&p->err)) {
		*e = p->err;
		return -1;
	}
	for (size_t i = 0; i < p->count && rc == 0; i++) {
		w = &p->want[i];
		if (p->rc == -1)
			rc = f->deliver(w, NULL, &p->err, f->arg, e);
		else if (w->place.at <= p->content.len &&
		    w->len <= p->content.len - w->place.at)
			rc = f->deliver(w, p->content.bytes + w->place.at, NULL,
			    f->arg, e);
		else {
			err_set(&why, ERR_FORMAT,
			    "generation %llu, pack %u, frame at %llu: "
			    "content beyond its end",
			    (unsigned long long)w->place.gen,
			    (unsigned)w->place.pack,
			    (unsigned long long)w->place.frame);
			rc = f->deliver(w, NULL, &why, f->arg, e);
		}
	}
	if (p->ends_span)
		f->idle[f->idle_count++] = p->span;
	return rc == -1 ? -1 : 0;
}

/* Give the frames of a span to the threads. */
static int
inflate_span(struct fetch *f, struct span *sp, struct err *e)
{
	struct piece *p;
	size_t n;

	for (size_t i = 0; i < sp->count; i += n) {
		for (n = 1; i + n < sp->count; n++)
			if (!place_same_frame(&sp->want[i].place,
				&sp->want[i + n].place))
				break;
		if (crew_is_full(f->inflaters) && deliver_piece(f, e) == -1)
			return -1;
		p = &f->piece[f->piece_next++ % f->piece_count];
		p->span = sp;
		p->want = &sp->want[i];
		p->count = n;
		p->ends_span = i + n == sp->count;
		crew_put(f->inflaters, p);
	}
	return 0;
}

static int
refuse(struct fetch *f, const struct want *w, struct err *e)
{
	struct err why;

	err_set(&why, ERR_FORMAT,
	    "generation %llu, pack %u: not a place in a pack",
	    (unsigned long long)w->place.gen, (unsigned)w->place.pack);
	return f->deliver(w, NULL, &why, f->arg, e);
}

/* Keep the reading thread busy. */
static int
read_ahead(struct fetch *f, struct err *e)
{
	struct span *sp;

	while (f->next < f->count && f->idle_count > 0) {
		if (!place_is_sane(&f->want[f->next])) {
			if (refuse(f, &f->want[f->next++], e) == -1)
				return -1;
			continue;
		}
		sp = f->idle[f->idle_count - 1];
		measure_span(f, f->next, sp);
		f->idle_count--;
		f->next += sp->count;
		crew_put(f->readers, sp);
	}
	return 0;
}

static int
run(struct fetch *f, struct err *e)
{
	struct span *sp;
	int rc = 0;

	while (rc == 0) {
		if (read_ahead(f, e) == -1)
			return -1;
		if ((sp = crew_take(f->readers)) != NULL)
			rc = inflate_span(f, sp, e);
		else
			rc = deliver_piece(f, e);
	}
	return rc == -1 ? -1 : 0;
}

static int
prepare(struct fetch *f, struct err *e)
{
	unsigned threads = crew_size();

	/* What is not read into costs nothing. */
	if ((f->room = malloc(SPANS * SPAN_ROOM)) == NULL)
		return err_sys(e, "pack");
	for (size_t i = 0; i < SPANS; i++) {
		f->span[i].bytes = f->room + i * SPAN_ROOM;
		f->idle[f->idle_count++] = &f->span[i];
	}
	f->piece_count = threads + 2;
	f->piece = calloc(f->piece_count, sizeof(*f->piece));
	if (f->piece == NULL)
		return err_sys(e, "pack");
	for (size_t i = 0; i < f->piece_count; i++)
		if (inflater_new(&f->piece[i].inflater, e) == -1)
			return -1;
	if (crew_new(&f->readers, 1, SPANS, read_span, f, e) == -1)
		return -1;
	return crew_new(&f->inflaters, threads, f->piece_count, work_piece,
	    NULL, e);
}

int
fetch_run(struct store *s, struct want *wants, size_t count,
    fetch_deliver *deliver, void *arg, struct err *e)
{
	struct fetch f = {
		.store = s,
		.span_max = s->until_s > 0 ? SPAN_LATE : SPAN_MAX,
		.want = wants,
		.count = count,
		.deliver = deliver,
		.arg = arg,
	};
	int rc = -1;

	if (count == 0)
		return 0;
	qsort(wants, count, sizeof(*wants), by_place);
	if (prepare(&f, e) == 0)
		rc = run(&f, e);
	crew_free(f.readers);
	store_ahead_end(s);
	crew_free(f.inflaters);
	for (size_t i = 0; f.piece != NULL && i < f.piece_count; i++) {
		inflater_free(f.piece[i].inflater);
		buf_free(&f.piece[i].content);
	}
	free(f.room);
	free(f.piece);
	return rc;
}

int
fetch_inflate(const void *bytes, size_t len, void *out, size_t cap,
    size_t *out_len, struct err *e)
{
	struct buf to = { .bytes = out, .cap = cap, .max = cap };
	struct inflater *i;
	size_t size;
	int rc;

	/* So that it never moves; and a ceiling of 0 would be none. */
	if (frame_size(bytes, len, &size, e) == -1)
		return -1;
	if (size > cap)
		return err_set(e, ERR_LIMIT, "frame: %zu bytes, more than %zu",
		    size, cap);
	if (inflater_new(&i, e) == -1)
		return -1;
	rc = frame_inflate(i, bytes, len, &to, e);
	inflater_free(i);
	*out_len = to.len;
	return rc;
}
