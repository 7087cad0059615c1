#include <string.h>

#include "engine/driver_parts.h"
#include "engine/three.h"

/*
 * text - diff3: what one side changed is taken; where both changed the same
 * lines or lines that touch, the file is a conflict.
 */

static void
put(struct buf *out, const struct pieces *r, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		buf_bytes(out, r->at[i].text, r->at[i].len);
}

/* Two runs of pieces that hold the same bytes, line ends included. */
static bool
same(const struct pieces *a, size_t a0, size_t a1, const struct pieces *b,
    size_t b0, size_t b1)
{
	if (a1 - a0 != b1 - b0)
		return false;
	for (size_t i = 0; i < a1 - a0; i++) {
		const struct piece *x = &a->at[a0 + i], *y = &b->at[b0 + i];

		if (x->len != y->len || memcmp(x->text, y->text, x->len) != 0)
			return false;
	}
	return true;
}

/* Lines that differ in their ends alone are matched, too. */
static void
merge_chunk(const struct three *t, const struct chunk *c, struct buf *out,
    bool *sure)
{
	if (same(&t->base, c->b0, c->b1, &t->local, c->l0, c->l1))
		put(out, &t->remote, c->r0, c->r1);
	else if (same(&t->base, c->b0, c->b1, &t->remote, c->r0, c->r1) ||
	    same(&t->local, c->l0, c->l1, &t->remote, c->r0, c->r1))
		put(out, &t->local, c->l0, c->l1);
	else
		*sure = false;
}

int
driver_text(const struct versions *in, struct buf *out, bool *sure,
    struct err *e)
{
	struct three t = { .b = 0 };
	struct chunk c;
	int rc = -1;

	/* No lines in common tell which of two new texts comes first. */
	if (in->base.len == 0) {
		*sure = false;
		return 0;
	}
	if (pieces_lines(&t.base, in->base.text, in->base.len, e) == -1 ||
	    pieces_lines(&t.local, in->local.text, in->local.len, e) == -1 ||
	    pieces_lines(&t.remote, in->remote.text, in->remote.len, e) == -1 ||
	    three_match(&t, e) == -1)
		goto out;
	while (*sure && three_next(&t, &c))
		merge_chunk(&t, &c, out, sure);
	rc = 0;
out:
	three_free(&t);
	return rc;
}
