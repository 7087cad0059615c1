#include <stdlib.h>
#include <string.h>

#include "engine/driver_parts.h"
#include "engine/three.h"

/*
 * lines - histories and lists: what either side added is kept, in order and
 * once, what either side removed is gone.
 *
 * A piece is a line, or a command with its time: bash writes "#1700000000"
 * before it, zsh ": 1700000000:0;" in front and a backslash before each of its
 * line breaks.
 */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bash's mark: "#" and nothing but digits. */
static bool
is_stamp(const char *line, size_t len)
{
	size_t n = 1;

	if (len < 2 || line[0] != '#')
		return false;
	while (n < len && is_digit(line[n]))
		n++;
	return n > 1 && (n == len || line[n] == '\n' || line[n] == '\r');
}

/* An odd number of backslashes before the line end. */
static bool
goes_on(const char *line, size_t len)
{
	size_t n = 0;

	if (len == 0 || line[len - 1] != '\n')
		return false;
	while (n + 1 < len && line[len - 2 - n] == '\\')
		n++;
	return n % 2 == 1;
}

/* A line with those that its backslashes join to it. */
static size_t
joined_len(const char *text, size_t len)
{
	size_t n = pieces_line_len(text, len), more;

	while (n < len && goes_on(text, n)) {
		more = pieces_line_len(text + n, len - n);
		n += more;
	}
	return n;
}

/* A mark and the command behind it: to the next mark, where bash reads the
 * file so since it begins with one. */
static size_t
stamped_len(const char *text, size_t len, bool all_stamped)
{
	size_t n = pieces_line_len(text, len);

	if (n < len && !is_stamp(text + n, len - n))
		n += joined_len(text + n, len - n);
	while (all_stamped && n < len && !is_stamp(text + n, len - n))
		n += pieces_line_len(text + n, len - n);
	return n;
}

static int
cut(struct pieces *r, const struct version *v, struct err *e)
{
	const char *text = v->text;
	size_t len = v->len, n;
	bool all_stamped = is_stamp(text, len);

	for (; len > 0; text += n, len -= n) {
		n = is_stamp(text, len) ? stamped_len(text, len, all_stamped)
					: joined_len(text, len);
		if (pieces_add(r, text, n, e) == -1)
			return -1;
	}
	return 0;
}

/* When a command was run; 0: nobody says. */
static uint64_t
time_of(const struct piece *r)
{
	size_t n;
	uint64_t t = 0;

	if (is_stamp(r->text, r->len))
		n = 1;
	else if (r->len > 2 && r->text[0] == ':' && r->text[1] == ' ')
		n = 2;
	else
		return 0;
	for (; n < r->len && is_digit(r->text[n]) && t < UINT64_MAX / 20; n++)
		t = t * 10 + (uint64_t)(r->text[n] - '0');
	return t;
}

/* The line end that out's last line lacks, as the next one has it. */
static void
end_line(struct buf *out, const struct piece *next)
{
	if (out->len == 0 || out->bytes[out->len - 1] == '\n')
		return;
	if (next->len > next->body)
		buf_bytes(out, next->text + next->body, next->len - next->body);
	else
		buf_u8(out, '\n');
}

static void
put(struct buf *out, const struct pieces *p, size_t from, size_t to)
{
	if (p->at == NULL)
		return;
	for (size_t i = from; i < to; i++) {
		end_line(out, &p->at[i]);
		buf_bytes(out, p->at[i].text, p->at[i].len);
	}
}

/* The pieces of a side's chunk that base had nowhere in it. */
static int
news_of(struct pieces *out, const struct pieces *side, const size_t *to,
    const size_t range[4], struct err *e)
{
	size_t b = range[0];

	for (size_t i = range[2]; i < range[3]; i++) {
		while (b < range[1] && (to[b] == PIECE_NONE || to[b] < i))
			b++;
		if (b < range[1] && to[b] == i)
			continue;
		if (pieces_add(out, side->at[i].text, side->at[i].len, e) == -1)
			return -1;
	}
	return 0;
}

static bool
is_dated(const struct pieces *r)
{
	uint64_t last = 1, now;

	for (size_t i = 0; i < r->count; i++, last = now)
		if ((now = time_of(&r->at[i])) < last)
			return false;
	return true;
}

/*
 * Two runs of new pieces become one: what is in both stands once; else the
 * earlier comes first where all have a time, and the store's where not.
 */
static void
put_union(struct buf *out, const struct pieces *l, const struct pieces *r,
    const size_t *to)
{
	bool dated = is_dated(l) && is_dated(r);
	size_t j = 0, common = 0, stop;

	for (size_t i = 0; i < l->count; i++) {
		while (common < l->count &&
		    (common < i || to[common] == PIECE_NONE))
			common++;
		stop = common < l->count ? to[common] : r->count;
		while (j < stop &&
		    (common == i || !dated ||
			time_of(&r->at[j]) <= time_of(&l->at[i]))) {
			put(out, r, j, j + 1);
			j++;
		}
		j += common == i; /* it is the one that l has, too */
		put(out, l, i, i + 1);
	}
	put(out, r, j, r->count);
}

static int
merge_chunk(const struct three *t, const struct chunk *c, struct buf *out,
    struct err *e)
{
	const size_t here[] = { c->b0, c->b1, c->l0, c->l1 };
	const size_t there[] = { c->b0, c->b1, c->r0, c->r1 };
	struct pieces l = { 0 }, r = { 0 };
	size_t *to = NULL;
	int rc = -1;

	if (news_of(&l, &t->local, t->to_local, here, e) == -1 ||
	    news_of(&r, &t->remote, t->to_remote, there, e) == -1)
		goto out;
	if ((to = calloc(l.count + 1, sizeof(*to))) == NULL) {
		err_sys(e, "pieces");
		goto out;
	}
	if (pieces_match(to, &l, &r, e) == -1)
		goto out;
	put_union(out, &l, &r, to);
	rc = 0;
out:
	free(to);
	pieces_free(&l);
	pieces_free(&r);
	return rc;
}

int
driver_lines(const struct versions *in, struct buf *out, bool *sure,
    struct err *e)
{
	struct three t = { .b = 0 };
	struct chunk c;
	int rc = 0;

	*sure = true; /* whatever it may be */
	if (cut(&t.base, &in->base, e) == -1 ||
	    cut(&t.local, &in->local, e) == -1 ||
	    cut(&t.remote, &in->remote, e) == -1 || three_match(&t, e) == -1)
		rc = -1;
	while (rc == 0 && three_next(&t, &c)) {
		if (c.same)
			put(out, &t.local, c.l0, c.l1);
		else
			rc = merge_chunk(&t, &c, out, e);
	}
	three_free(&t);
	return rc;
}
