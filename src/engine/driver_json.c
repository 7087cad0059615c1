#include <stdlib.h>
#include <string.h>

#include "engine/braid.h"
#include "engine/driver_parts.h"

/*
 * json - objects by key, all the way down; arrays and all else are values, and
 * two values for one key make the file a conflict. Comments and commas before
 * a closing bracket are let pass, as editors write them. Text that nobody
 * touched stays as it is, byte by byte: what is merged are pieces of it.
 */
#define DEPTH_MAX 64

/* Reading turns bad and stays bad. */
struct scan {
	const char *at, *end;
	unsigned depth;
	bool bad;
};

static bool
is_next(const struct scan *s, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(s->end - s->at) >= len && memcmp(s->at, text, len) == 0;
}

/* A comment, if one begins here. */
static bool
skip_comment(struct scan *s)
{
	const char *stop = is_next(s, "//") ? "\n" : "*/", *found;

	if (!is_next(s, "//") && !is_next(s, "/*"))
		return false;
	found =
	    memmem(s->at + 2, (size_t)(s->end - s->at) - 2, stop, strlen(stop));
	if (found == NULL && *stop == '*')
		s->bad = true;
	s->at = found != NULL ? found + strlen(stop) : s->end;
	return true;
}

static void
skip_space(struct scan *s)
{
	do
		while (s->at < s->end && *s->at != '\0' &&
		    strchr(" \t\r\n", *s->at) != NULL)
			s->at++;
	while (skip_comment(s));
}

static void
skip_string(struct scan *s)
{
	if (!is_next(s, "\"")) {
		s->bad = true;
		return;
	}
	for (s->at++; s->at < s->end && *s->at != '"'; s->at++)
		if (*s->at == '\\' && s->end - s->at > 1)
			s->at++;
	if (s->at == s->end)
		s->bad = true;
	else
		s->at++;
}

static void
skip_word(struct scan *s)
{
	const char *from = s->at;

	while (s->at < s->end && *s->at != '\0' &&
	    strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *s->at) != NULL)
		s->at++;
	if (s->at == from)
		s->bad = true;
}

static void skip_value(struct scan *s);

/* The members of what an opening bracket begins. */
static void
skip_members(struct scan *s, bool keys, const char *close)
{
	s->at++;
	for (;;) {
		skip_space(s);
		if (s->bad || is_next(s, close))
			break;
		if (keys) {
			skip_string(s);
			skip_space(s);
			if (!is_next(s, ":"))
				s->bad = true;
			else
				s->at++;
			skip_space(s);
		}
		if (!s->bad)
			skip_value(s);
		skip_space(s);
		if (is_next(s, ","))
			s->at++;
		else if (!is_next(s, close))
			s->bad = true;
	}
	s->at += !s->bad;
}

static void
skip_value(struct scan *s)
{
	if (++s->depth > DEPTH_MAX)
		s->bad = true;
	else if (is_next(s, "{"))
		skip_members(s, true, "}");
	else if (is_next(s, "["))
		skip_members(s, false, "]");
	else if (is_next(s, "\""))
		skip_string(s);
	else
		skip_word(s);
	s->depth--;
}

/* What stands around a member of an object. */
struct around {
	struct version lead;  /* from the comma or bracket before it */
	struct version trail; /* to the comma behind it, if there is one */
	size_t value;         /* offset in the member's text */
};

struct object {
	struct strands members;
	struct around *around; /* owned; one for each of members */
	size_t cap;
	struct version tail; /* in front of the closing bracket */
	bool comma;          /* the last member has one behind it */
};

static void
object_free(struct object *o)
{
	strands_free(&o->members);
	free(o->around);
}

static struct version
between(const char *from, const char *to)
{
	return (struct version){ from, (size_t)(to - from) };
}

static int
add_member(struct object *o, const struct strand *member,
    const struct around *around, struct err *e)
{
	size_t n = o->members.count;
	size_t cap = o->cap > 0 ? o->cap * 2 : 16;
	struct around *grown;

	if (n == o->cap) {
		if ((grown = realloc(o->around, cap * sizeof(*grown))) == NULL)
			return err_sys(e, "members");
		o->around = grown;
		o->cap = cap;
	}
	o->around[n] = *around;
	return strands_add(&o->members, member, e);
}

/* v is an object that was skipped before without anything bad. */
static int
cut(struct object *o, const struct version *v, struct err *e)
{
	struct scan s = { .at = v->text, .end = v->text + v->len };
	const char *from;

	if (v->len == 0)
		return 0;
	for (s.at++;;) {
		struct strand m = { .kind = 0 };
		struct around a;

		from = s.at;
		skip_space(&s);
		if (is_next(&s, "}"))
			break;
		a.lead = between(from, s.at);
		from = s.at;
		skip_string(&s);
		m.id = from;
		m.id_len = (size_t)(s.at - from);
		skip_space(&s);
		s.at++; /* the colon */
		skip_space(&s);
		a.value = (size_t)(s.at - from);
		skip_value(&s);
		m.text = piece_of(from, (size_t)(s.at - from));
		from = s.at;
		skip_space(&s);
		o->comma = is_next(&s, ",");
		a.trail = between(from, o->comma ? s.at : from);
		if (add_member(o, &m, &a, e) == -1)
			return -1;
		if (!o->comma)
			break;
		s.at++;
	}
	o->tail = between(from, v->text + v->len - 1);
	return 0;
}

static void
put(struct buf *out, const struct version *v)
{
	buf_bytes(out, v->text, v->len);
}

static struct version
value_of(const struct object *o, const struct strand *m)
{
	const struct around *a;

	if (m == NULL)
		return (struct version){ "", 0 };
	a = &o->around[m - o->members.at];
	return (
	    struct version){ m->text.text + a->value, m->text.len - a->value };
}

/* Three versions of one object. */
struct trio {
	struct object base, local, remote;
};

static int merge_value(const struct versions *in, struct buf *out, bool *sure,
    struct err *e);

static int
merge_member(const struct trio *t, const struct braided *x, struct buf *out,
    bool *sure, struct err *e)
{
	bool here = x->pick != PICK_REMOTE;
	const struct object *o = here ? &t->local : &t->remote;
	const struct strand *m = here ? x->local : x->remote;
	const struct around *a = &o->around[m - o->members.at];
	struct versions values;
	int rc = 0;

	put(out, &a->lead);
	if (x->pick == PICK_NEITHER) {
		values.base = value_of(&t->base, x->base);
		values.local = value_of(&t->local, x->local);
		values.remote = value_of(&t->remote, x->remote);
		buf_bytes(out, m->text.text, a->value);
		rc = merge_value(&values, out, sure, e);
	} else {
		buf_bytes(out, m->text.text, m->text.len);
	}
	put(out, &a->trail);
	return rc;
}

static int
merge_members(struct trio *t, struct buf *out, bool *sure, struct err *e)
{
	const struct object *like =
	    t->local.members.count > 0 ? &t->local : &t->remote;
	struct braided *made = NULL;
	size_t count;
	int rc;

	rc = braid(&made, &count, &t->base.members, &t->local.members,
	    &t->remote.members, e);
	if (rc == -1)
		return -1;
	buf_u8(out, '{');
	for (size_t i = 0; i < count && rc == 0 && *sure; i++) {
		if (i > 0)
			buf_u8(out, ',');
		rc = merge_member(t, &made[i], out, sure, e);
	}
	if (like->comma && count > 0)
		buf_u8(out, ',');
	put(out, &like->tail);
	buf_u8(out, '}');
	free(made);
	return rc;
}

static bool
is_object(const struct version *v)
{
	return v->len > 0 && v->text[0] == '{';
}

/* Both sides changed this value. What base had, if it was no object, says
 * nothing about the members of one. */
static int
merge_value(const struct versions *in, struct buf *out, bool *sure,
    struct err *e)
{
	const struct version none = { "", 0 };
	struct trio t = { .base = { .cap = 0 } };
	int rc = -1;

	if (!is_object(&in->local) || !is_object(&in->remote)) {
		*sure = false;
		return 0;
	}
	if (cut(&t.base, is_object(&in->base) ? &in->base : &none, e) == 0 &&
	    cut(&t.local, &in->local, e) == 0 &&
	    cut(&t.remote, &in->remote, e) == 0)
		rc = merge_members(&t, out, sure, e);
	object_free(&t.base);
	object_free(&t.local);
	object_free(&t.remote);
	return rc;
}

/* The document's value, without what stands around it. */
static struct version
root_of(const struct version *v, bool *sure)
{
	struct scan s = { .at = v->text, .end = v->text + v->len };
	const char *from;
	struct version root;

	if (is_next(&s, "\xef\xbb\xbf"))
		s.at += 3;
	skip_space(&s);
	if (s.at == s.end && !s.bad)
		return (struct version){ s.at, 0 };
	from = s.at;
	skip_value(&s);
	root = between(from, s.at);
	skip_space(&s);
	if (s.bad || s.at != s.end)
		*sure = false;
	return root;
}

int
driver_json(const struct versions *in, struct buf *out, bool *sure,
    struct err *e)
{
	const struct versions roots = {
		.base = root_of(&in->base, sure),
		.local = root_of(&in->local, sure),
		.remote = root_of(&in->remote, sure),
	};
	const char *end = in->local.text + in->local.len;
	struct version before = between(in->local.text, roots.local.text);
	struct version behind =
	    between(roots.local.text + roots.local.len, end);
	int rc;

	if (!*sure)
		return 0;
	put(out, &before);
	rc = merge_value(&roots, out, sure, e);
	put(out, &behind);
	return rc;
}
