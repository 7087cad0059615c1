#include <stdlib.h>
#include <string.h>

#include "engine/braid.h"

int
strands_add(struct strands *s, const struct strand *strand, struct err *e)
{
	size_t cap = s->cap > 0 ? s->cap * 2 : 32;
	struct strand *grown;

	if (s->count == s->cap) {
		if ((grown = realloc(s->at, cap * sizeof(*grown))) == NULL)
			return err_sys(e, "list");
		s->at = grown;
		s->cap = cap;
	}
	s->at[s->count++] = *strand;
	return 0;
}

void
strands_free(struct strands *s)
{
	free(s->at);
	*s = (struct strands){ 0 };
}

/* The strands of one version in the order of their names. */
struct sorted {
	const struct strands *of;
	struct strand **at; /* owned */
};

static int
order_names(const struct strand *a, const struct strand *b)
{
	size_t n = a->id_len < b->id_len ? a->id_len : b->id_len;
	int d;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if ((d = n > 0 ? memcmp(a->id, b->id, n) : 0) != 0)
		return d;
	return (a->id_len > b->id_len) - (a->id_len < b->id_len);
}

/* Of the same name, in the order of the text; nth is not known yet. */
static int
order_strands(const void *x, const void *y)
{
	const struct strand *a = *(struct strand *const *)x;
	const struct strand *b = *(struct strand *const *)y;
	int d = order_names(a, b);

	return d != 0 ? d : (a > b) - (a < b);
}

static int
sort(struct sorted *out, struct strands *s, struct err *e)
{
	out->of = s;
	out->at = calloc(s->count + 1, sizeof(*out->at));
	if (out->at == NULL)
		return err_sys(e, "list");
	for (size_t i = 0; i < s->count; i++)
		out->at[i] = &s->at[i];
	qsort(out->at, s->count, sizeof(*out->at), order_strands);
	for (size_t i = 0; i < s->count; i++)
		out->at[i]->nth =
		    i > 0 && order_names(out->at[i - 1], out->at[i]) == 0
		    ? out->at[i - 1]->nth + 1
		    : 0;
	return 0;
}

static const struct strand *
find(const struct sorted *s, const struct strand *like)
{
	size_t low = 0, high = s->of->count, mid;
	int d;

	while (low < high) {
		mid = low + (high - low) / 2;
		d = order_names(s->at[mid], like);
		if (d == 0)
			d = (s->at[mid]->nth > like->nth) -
			    (s->at[mid]->nth < like->nth);
		if (d == 0)
			return s->at[mid];
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static bool
same(const struct strand *a, const struct strand *b)
{
	return a != NULL && b != NULL && piece_same(&a->text, &b->text);
}

/* What becomes of one name; false: it is gone. */
static bool
decide(struct braided *x)
{
	if (x->local == NULL || x->remote == NULL) {
		x->pick = x->local != NULL ? PICK_LOCAL : PICK_REMOTE;
		return !same(x->base, x->local) && !same(x->base, x->remote);
	}
	if (same(x->local, x->remote) || same(x->base, x->remote))
		x->pick = PICK_LOCAL;
	else if (same(x->base, x->local))
		x->pick = PICK_REMOTE;
	else
		x->pick = PICK_NEITHER;
	return true;
}

/* What only remote has, listed by the strand of local that it stands behind:
 * first[i] for local's strand i - 1, first[0] for the beginning. */
struct guests {
	size_t *first, *last, *next; /* owned; index of remote, plus 1 */
};

static int
guests_new(struct guests *g, size_t local, size_t remote, struct err *e)
{
	g->first = calloc(local + 1, sizeof(*g->first));
	g->last = calloc(local + 1, sizeof(*g->last));
	g->next = calloc(remote + 1, sizeof(*g->next));
	if (g->first == NULL || g->last == NULL || g->next == NULL)
		return err_sys(e, "list");
	return 0;
}

static void
guests_free(struct guests *g)
{
	free(g->first);
	free(g->last);
	free(g->next);
}

static void
guests_add(struct guests *g, size_t behind, size_t index)
{
	if (g->first[behind] == 0)
		g->first[behind] = index + 1;
	else
		g->next[g->last[behind] - 1] = index + 1;
	g->last[behind] = index + 1;
}

static void
seat_guests(struct guests *g, const struct sorted s[3])
{
	const struct strands *local = s[1].of, *remote = s[2].of;
	size_t behind = 0;
	struct braided x;

	for (size_t i = 0; i < remote->count; i++) {
		x = (struct braided){
			.base = find(&s[0], &remote->at[i]),
			.local = find(&s[1], &remote->at[i]),
			.remote = &remote->at[i],
		};
		if (x.local != NULL)
			behind = (size_t)(x.local - local->at) + 1;
		else if (decide(&x))
			guests_add(g, behind, i);
	}
}

static size_t
write_guests(struct braided *out, const struct guests *g, size_t behind,
    const struct sorted s[3])
{
	size_t n = 0;

	for (size_t i = g->first[behind]; i != 0; i = g->next[i - 1])
		out[n++] = (struct braided){
			.base = find(&s[0], &s[2].of->at[i - 1]),
			.remote = &s[2].of->at[i - 1],
			.pick = PICK_REMOTE,
		};
	return n;
}

static size_t
write_all(struct braided *out, const struct guests *g, const struct sorted s[3])
{
	const struct strands *local = s[1].of;
	size_t n = write_guests(out, g, 0, s);

	for (size_t i = 0; i < local->count; i++) {
		out[n] = (struct braided){
			.base = find(&s[0], &local->at[i]),
			.local = &local->at[i],
			.remote = find(&s[2], &local->at[i]),
		};
		n += decide(&out[n]);
		n += write_guests(out + n, g, i + 1, s);
	}
	return n;
}

int
braid(struct braided **out, size_t *count, struct strands *base,
    struct strands *local, struct strands *remote, struct err *e)
{
	struct sorted s[3] = { { .of = base } };
	struct guests g = { 0 };
	struct braided *made = NULL;
	int rc = -1;

	if (sort(&s[0], base, e) == -1 || sort(&s[1], local, e) == -1 ||
	    sort(&s[2], remote, e) == -1 ||
	    guests_new(&g, local->count, remote->count, e) == -1)
		goto out;
	made = calloc(local->count + remote->count + 1, sizeof(*made));
	if (made == NULL) {
		err_sys(e, "list");
		goto out;
	}
	seat_guests(&g, s);
	*count = write_all(made, &g, s);
	*out = made;
	rc = 0;
out:
	guests_free(&g);
	for (size_t i = 0; i < 3; i++)
		free(s[i].at);
	return rc;
}
