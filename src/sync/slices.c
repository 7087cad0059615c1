#include "sync/slices.h"

#include <stdlib.h>
#include <string.h>

#include "store/fetch.h"

#define WINDOW_BYTES ((size_t)16 << 20)
#define WINDOW_COUNT 65536u

int
slices_add(struct slices *s, const struct slice *slice, struct err *e)
{
	size_t cap = s->cap > 0 ? s->cap * 2 : 256;
	struct slice *grown;

	if (s->count == s->cap) {
		grown = reallocarray(s->at, cap, sizeof(*grown));
		if (grown == NULL)
			return err_sys(e, "contents");
		s->at = grown;
		s->cap = cap;
	}
	s->at[s->count++] = *slice;
	return 0;
}

void
slices_free(struct slices *s)
{
	free(s->at);
	*s = (struct slices){ 0 };
}

/* Some slices that follow one another, and their bytes in the same order. */
struct window {
	const struct slice *slice; /* borrowed */
	size_t count;
	unsigned char *bytes; /* owned, WINDOW_BYTES */
	struct want *want;    /* owned, WINDOW_COUNT */
	size_t want_count;
	bool *bad;      /* owned, WINDOW_COUNT: could not be read */
	struct err why; /* the newest of those */
};

static bool
is_hole(const struct slice *s)
{
	return s->place.gen == GEN_HOLE;
}

/* The next slices that fit; at least one. */
static int
fill(struct window *w, const struct slices *s, size_t from, struct err *e)
{
	const struct slice *at;
	uint64_t used = 0;

	w->slice = &s->at[from];
	w->count = w->want_count = 0;
	for (; from + w->count < s->count && w->count < WINDOW_COUNT;
	     w->count++) {
		at = &w->slice[w->count];
		w->bad[w->count] = false;
		if (is_hole(at))
			continue;
		if (at->len > WINDOW_BYTES)
			return err_set(e, ERR_FORMAT,
			    "content of %llu bytes in one frame",
			    (unsigned long long)at->len);
		if (used + at->len > WINDOW_BYTES)
			break;
		w->want[w->want_count++] = (struct want){
			.place = at->place,
			.len = at->len,
			.tag = w->count,
			.off = used,
		};
		used += at->len;
	}
	return 0;
}

/* A fetch_deliver(). */
static int
take(const struct want *want, const void *bytes, const struct err *why,
    void *arg, struct err *e)
{
	struct window *w = arg;

	(void)e;
	if (bytes != NULL) {
		memcpy(w->bytes + want->off, bytes, (size_t)want->len);
	} else {
		w->bad[want->tag] = true;
		w->why = *why;
	}
	return 0;
}

static int
hand_out(const struct window *w, slices_deliver *deliver, void *arg,
    struct err *e)
{
	const unsigned char *bytes = w->bytes;
	int rc = 0;

	for (size_t i = 0; i < w->count && rc == 0; i++) {
		const struct slice *at = &w->slice[i];

		if (is_hole(at)) {
			rc = deliver(at, NULL, NULL, arg, e);
			continue;
		}
		rc = w->bad[i] ? deliver(at, NULL, &w->why, arg, e)
			       : deliver(at, bytes, NULL, arg, e);
		bytes += at->len;
	}
	return rc;
}

int
slices_read(struct store *store, const struct slices *s,
    slices_deliver *deliver, void *arg, struct err *e)
{
	struct window w = { 0 };
	int rc = -1;

	if (s->count == 0)
		return 0;
	w.bytes = malloc(WINDOW_BYTES);
	w.want = reallocarray(NULL, WINDOW_COUNT, sizeof(*w.want));
	w.bad = calloc(WINDOW_COUNT, sizeof(*w.bad));
	if (w.bytes == NULL || w.want == NULL || w.bad == NULL) {
		err_sys(e, "contents");
		goto out;
	}
	for (size_t from = 0; from < s->count; from += w.count)
		if (fill(&w, s, from, e) == -1 ||
		    fetch_run(store, w.want, w.want_count, take, &w, e) == -1 ||
		    hand_out(&w, deliver, arg, e) == -1)
			goto out;
	rc = 0;
out:
	free(w.bytes);
	free(w.want);
	free(w.bad);
	return rc;
}
