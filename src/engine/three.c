#include <stdlib.h>

#include "engine/three.h"

int
three_match(struct three *t, struct err *e)
{
	t->to_local = calloc(t->base.count + 1, sizeof(*t->to_local));
	t->to_remote = calloc(t->base.count + 1, sizeof(*t->to_remote));
	if (t->to_local == NULL || t->to_remote == NULL)
		return err_sys(e, "comparison");
	if (pieces_match(t->to_local, &t->base, &t->local, e) == -1)
		return -1;
	return pieces_match(t->to_remote, &t->base, &t->remote, e);
}

bool
three_next(struct three *t, struct chunk *out)
{
	size_t end = t->base.count, b = t->b;

	if (t->b == end && t->l == t->local.count && t->r == t->remote.count)
		return false;
	*out = (struct chunk){ .b0 = t->b, .l0 = t->l, .r0 = t->r };
	while (b < end && t->to_local[b] == t->l + (b - t->b) &&
	    t->to_remote[b] == t->r + (b - t->b))
		b++;
	if (b > t->b) {
		out->same = true;
		out->l1 = t->l + (b - t->b);
		out->r1 = t->r + (b - t->b);
	} else {
		while (b < end &&
		    (t->to_local[b] == PIECE_NONE ||
			t->to_remote[b] == PIECE_NONE))
			b++;
		out->l1 = b < end ? t->to_local[b] : t->local.count;
		out->r1 = b < end ? t->to_remote[b] : t->remote.count;
	}
	out->b1 = t->b = b;
	t->l = out->l1;
	t->r = out->r1;
	return true;
}

void
three_free(struct three *t)
{
	pieces_free(&t->base);
	pieces_free(&t->local);
	pieces_free(&t->remote);
	free(t->to_local);
	free(t->to_remote);
	*t = (struct three){ 0 };
}
