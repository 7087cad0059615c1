#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/pieces.h"

/* Differences between two stretches beyond which they are as good as new. */
#define EDITS_MAX 512

size_t
pieces_line_len(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);

	return end != NULL ? (size_t)(end - text) + 1 : len;
}

/* Without "\n" or "\r\n". */
static size_t
body_len(const char *text, size_t len)
{
	if (len > 0 && text[len - 1] == '\n')
		len -= len > 1 && text[len - 2] == '\r' ? 2 : 1;
	return len;
}

struct piece
piece_of(const char *text, size_t len)
{
	struct piece r = { .text = text,
		.len = len,
		.body = body_len(text, len) };

	r.hash = hash_short(text, r.body);
	return r;
}

int
pieces_add(struct pieces *r, const char *text, size_t len, struct err *e)
{
	size_t cap = r->cap > 0 ? r->cap * 2 : 64;
	struct piece *grown;

	if (r->count == r->cap) {
		if ((grown = realloc(r->at, cap * sizeof(*grown))) == NULL)
			return err_sys(e, "pieces");
		r->at = grown;
		r->cap = cap;
	}
	r->at[r->count++] = piece_of(text, len);
	return 0;
}

int
pieces_lines(struct pieces *r, const char *text, size_t len, struct err *e)
{
	size_t n;

	for (; len > 0; text += n, len -= n) {
		n = pieces_line_len(text, len);
		if (pieces_add(r, text, n, e) == -1)
			return -1;
	}
	return 0;
}

bool
piece_same(const struct piece *a, const struct piece *b)
{
	return a->hash == b->hash && a->body == b->body &&
	    memcmp(a->text, b->text, a->body) == 0;
}

void
pieces_free(struct pieces *r)
{
	free(r->at);
	*r = (struct pieces){ 0 };
}

/* Stretches a0 .. a1 - 1 of one text and b0 .. b1 - 1 of the other. */
struct stretch {
	size_t a0, a1, b0, b1;
};

struct matcher {
	const struct pieces *a, *b;
	size_t *to;
	int *furthest; /* owned: a row of the comparison for each edit count */
	int edits_max;
};

static bool
same_at(const struct matcher *m, size_t i, size_t j)
{
	return piece_same(&m->a->at[i], &m->b->at[j]);
}

/* What both begin and end with matches. */
static void
trim(const struct matcher *m, struct stretch *s)
{
	while (s->a0 < s->a1 && s->b0 < s->b1 && same_at(m, s->a0, s->b0))
		m->to[s->a0++] = s->b0++;
	while (
	    s->a0 < s->a1 && s->b0 < s->b1 && same_at(m, s->a1 - 1, s->b1 - 1))
		m->to[--s->a1] = --s->b1;
}

/* Row d of the comparison starts here: it has diagonals -d .. d. */
static int *
row(const struct matcher *m, int d)
{
	return m->furthest + (size_t)d * (size_t)d + (size_t)d;
}

/* How far row d gets on diagonal k before it runs along equal pieces. */
static int
step_to(const int *above, int d, int k)
{
	if (d == 0 || above == NULL)
		return 0;
	if (k == -d || (k != d && above[k - 1] < above[k + 1]))
		return above[k + 1];
	return above[k - 1] + 1;
}

/* Note the way back from the end of both: what it ran along matches. */
static void
trace(const struct matcher *m, const struct stretch *s, int d, int k)
{
	int x = (int)(s->a1 - s->a0), start, above_k;

	for (; d >= 0; d--) {
		start = step_to(d > 0 ? row(m, d - 1) : NULL, d, k);
		while (x > start) {
			x--;
			m->to[s->a0 + (size_t)x] = s->b0 + (size_t)(x - k);
		}
		if (d == 0)
			return;
		above_k = k == -d ||
			(k != d && row(m, d - 1)[k - 1] < row(m, d - 1)[k + 1])
		    ? k + 1
		    : k - 1;
		x = row(m, d - 1)[above_k];
		k = above_k;
	}
}

/* As far as equal pieces go from x on diagonal k. */
static int
run_along(const struct matcher *m, const struct stretch *s, int x, int k)
{
	int a_len = (int)(s->a1 - s->a0), b_len = (int)(s->b1 - s->b0);

	while (x < a_len && x - k >= 0 && x - k < b_len &&
	    same_at(m, s->a0 + (size_t)x, s->b0 + (size_t)(x - k)))
		x++;
	return x;
}

/* One row of Myers' comparison: x counts pieces of a, x - k of b. Is the end of
 * both reached? */
static bool
reach(const struct matcher *m, const struct stretch *s, int d)
{
	int a_len = (int)(s->a1 - s->a0), b_len = (int)(s->b1 - s->b0), x;
	const int *above = d > 0 ? row(m, d - 1) : NULL;

	for (int k = -d; k <= d; k += 2) {
		x = run_along(m, s, step_to(above, d, k), k);
		row(m, d)[k] = x;
		if (x >= a_len && k == a_len - b_len) {
			trace(m, s, d, k);
			return true;
		}
	}
	return false;
}

static void
compare(const struct matcher *m, const struct stretch *s)
{
	for (int d = 0; d <= m->edits_max; d++)
		if (reach(m, s, d))
			return;
}

static void
match_gap(const struct matcher *m, struct stretch s)
{
	trim(m, &s);
	if (s.a0 < s.a1 && s.b0 < s.b1)
		compare(m, &s);
}

/* A piece that occurs once in each text. */
struct anchor {
	size_t a, b;
};

struct by_hash {
	uint64_t hash;
	size_t index;
	bool in_b;
};

static int
order_by_hash(const void *x, const void *y)
{
	const struct by_hash *a = x, *b = y;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return (a->in_b > b->in_b) - (a->in_b < b->in_b);
}

static int
order_by_a(const void *x, const void *y)
{
	const struct anchor *a = x, *b = y;

	return (a->a > b->a) - (a->a < b->a);
}

/* Those pieces, in the order of a. */
static size_t
find_anchors(struct anchor *out, struct by_hash *all, const struct matcher *m,
    const struct stretch *s)
{
	size_t n = 0, found = 0, run;

	for (size_t i = s->a0; i < s->a1; i++)
		all[n++] = (struct by_hash){ m->a->at[i].hash, i, false };
	for (size_t i = s->b0; i < s->b1; i++)
		all[n++] = (struct by_hash){ m->b->at[i].hash, i, true };
	qsort(all, n, sizeof(*all), order_by_hash);
	for (size_t i = 0; i < n; i += run) {
		for (run = 1; i + run < n && all[i + run].hash == all[i].hash;)
			run++;
		if (run == 2 && !all[i].in_b && all[i + 1].in_b &&
		    same_at(m, all[i].index, all[i + 1].index))
			out[found++] =
			    (struct anchor){ all[i].index, all[i + 1].index };
	}
	qsort(out, found, sizeof(*out), order_by_a);
	return found;
}

/*
 * Keep the longest run of anchors that ascend in b, too. pile[k] is the anchor
 * that ends the best run of k + 1, below[] the one before each.
 */
static size_t
keep_ascending(struct anchor *anchor, size_t count, size_t *pile, size_t *below)
{
	size_t piles = 0, low, high, mid, at;

	for (size_t i = 0; i < count; i++) {
		for (low = 0, high = piles; low < high;) {
			mid = low + (high - low) / 2;
			if (anchor[pile[mid]].b < anchor[i].b)
				low = mid + 1;
			else
				high = mid;
		}
		below[i] = low > 0 ? pile[low - 1] : PIECE_NONE;
		pile[low] = i;
		piles += low == piles;
	}
	if (piles == 0)
		return 0;
	at = pile[piles - 1];
	for (size_t k = piles; k-- > 0; at = below[at])
		pile[k] = at;
	for (size_t k = 0; k < piles; k++) /* pile[k] >= k */
		anchor[k] = anchor[pile[k]];
	return piles;
}

static int
match_stretch(struct matcher *m, const struct stretch *s, struct err *e)
{
	size_t n = s->a1 - s->a0 + s->b1 - s->b0, count;
	struct by_hash *all = calloc(n + 1, sizeof(*all));
	struct anchor *anchor = calloc(n + 1, sizeof(*anchor));
	size_t *work = calloc(2 * n + 1, sizeof(*work));
	struct stretch gap = *s;
	int rc = -1;

	m->edits_max = n < EDITS_MAX ? (int)n : EDITS_MAX;
	m->furthest =
	    calloc((size_t)(m->edits_max + 1) * (size_t)(m->edits_max + 1),
		sizeof(*m->furthest));
	if (all == NULL || anchor == NULL || work == NULL ||
	    m->furthest == NULL) {
		err_sys(e, "comparison");
		goto out;
	}
	count = find_anchors(anchor, all, m, s);
	count = keep_ascending(anchor, count, work, work + n);
	for (size_t i = 0; i < count; i++) {
		gap.a1 = anchor[i].a;
		gap.b1 = anchor[i].b;
		match_gap(m, gap);
		m->to[anchor[i].a] = anchor[i].b;
		gap.a0 = anchor[i].a + 1;
		gap.b0 = anchor[i].b + 1;
	}
	gap.a1 = s->a1;
	gap.b1 = s->b1;
	match_gap(m, gap);
	rc = 0;
out:
	free(all);
	free(anchor);
	free(work);
	free(m->furthest);
	return rc;
}

int
pieces_match(size_t *to, const struct pieces *a, const struct pieces *b,
    struct err *e)
{
	struct matcher m = { .a = a, .b = b, .to = to };
	struct stretch all = { 0, a->count, 0, b->count };

	for (size_t i = 0; i < a->count; i++)
		to[i] = PIECE_NONE;
	trim(&m, &all);
	if (all.a0 == all.a1 || all.b0 == all.b1)
		return 0;
	return match_stretch(&m, &all, e);
}
