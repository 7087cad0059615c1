#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/braid.h"
#include "engine/driver_parts.h"

/*
 * keyfile - groups of keys: "[Group]", KDE's "[Group][Inner]", and "Key=value"
 * with a locale or KDE's marks "[$i]" behind the key. What stands before the
 * first group is a group, too, so "KEY=value" alone works as well.
 *
 * Every line is a thing of its own and is merged by its name: the key's, or for
 * comments and all else the line itself. Two values for one key are merged only
 * where they are lists ("a;b;"), else the file is a conflict.
 */
enum { KIND_TEXT, KIND_KEY, KIND_GROUP };

/* What the outcome's lines end with, where they come from the other side. */
struct writer {
	struct buf *out;
	const char *line_end;
};

static size_t
skip_space(const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && (line[n] == ' ' || line[n] == '\t'))
		n++;
	return n;
}

/* Where KDE's marks "[$i]" begin, or len. */
static size_t
marks_at(const char *name, size_t len)
{
	const char *at = memmem(name, len, "[$", 2);

	return at != NULL ? (size_t)(at - name) : len;
}

static size_t
trim_end(const char *text, size_t len)
{
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	return len;
}

static bool
is_header(const char *line, size_t len)
{
	size_t n = skip_space(line, len);

	return n < len && line[n] == '[';
}

/* The name of a line: of its key, or all of it. */
static struct strand
name_line(const struct piece *r)
{
	size_t n = skip_space(r->text, r->body);
	const char *line = r->text + n;
	size_t len = r->body - n;
	const char *equals = memchr(line, '=', len);
	struct strand s = { .id = r->text, .id_len = r->body, .text = *r };

	if (len == 0 || *line == '#' || *line == ';')
		return s;
	if (*line == '[') {
		s.kind = KIND_GROUP;
	} else if (equals != NULL) {
		s.kind = KIND_KEY;
		len = (size_t)(equals - line);
	} else if (marks_at(line, len) < len) {
		s.kind = KIND_KEY; /* "Key[$d]": removed, though a default is
				      there */
	} else {
		return s;
	}
	s.id = line;
	s.id_len = trim_end(line, marks_at(line, len));
	return s;
}

/* A group's lines: the same where all their bytes are. */
static struct piece
section_of(const char *text, size_t len)
{
	return (struct piece){ text, len, len, hash_short(text, len) };
}

/* Each group with all its lines as one strand. */
static int
cut_groups(struct strands *out, const struct version *v, struct err *e)
{
	struct strand group = { .id = "" };
	struct piece line;
	size_t at = 0, from = 0, n;

	while (at < v->len) {
		n = pieces_line_len(v->text + at, v->len - at);
		if (is_header(v->text + at, n)) {
			group.text = section_of(v->text + from, at - from);
			if (strands_add(out, &group, e) == -1)
				return -1;
			from = at;
			line = piece_of(v->text + at, n);
			group = name_line(&line);
		}
		at += n;
	}
	group.text = section_of(v->text + from, at - from);
	return strands_add(out, &group, e);
}

static int
cut_lines(struct strands *out, const struct strand *group, struct err *e)
{
	struct pieces lines = { 0 };
	struct strand s;
	int rc = 0;

	if (group == NULL)
		return 0;
	rc = pieces_lines(&lines, group->text.text, group->text.len, e);
	for (size_t i = 0; i < lines.count && rc == 0; i++) {
		s = name_line(&lines.at[i]);
		rc = strands_add(out, &s, e);
	}
	pieces_free(&lines);
	return rc;
}

static void
end_line(const struct writer *w)
{
	if (w->out->len > 0 && w->out->bytes[w->out->len - 1] != '\n')
		buf_bytes(w->out, w->line_end, strlen(w->line_end));
}

static void
put_line(const struct writer *w, const struct piece *r, bool foreign)
{
	end_line(w);
	buf_bytes(w->out, r->text, r->body);
	if (foreign && r->len > r->body)
		buf_bytes(w->out, w->line_end, strlen(w->line_end));
	else
		buf_bytes(w->out, r->text + r->body, r->len - r->body);
}

static int
put_group(const struct writer *w, const struct strand *group, bool foreign,
    struct err *e)
{
	struct pieces lines = { 0 };
	int rc = pieces_lines(&lines, group->text.text, group->text.len, e);

	for (size_t i = 0; i < lines.count && rc == 0; i++)
		put_line(w, &lines.at[i], foreign);
	pieces_free(&lines);
	return rc;
}

/* --- Lists: "Key=a;b;" ---------------------------------------------------- */

/* Numbers are as like as not a size or a place. */
static bool
is_of_numbers(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (value[i] == '\0' ||
		    strchr("0123456789.;- ", value[i]) == NULL)
			return false;
	return true;
}

/* The value behind "=", if it is a list of words: length, or 0. */
static size_t
list_of(const struct strand *s, const char **value)
{
	const char *equals;
	size_t len;

	equals = memchr(s->text.text, '=', s->text.body);
	if (equals == NULL)
		return 0;
	*value = equals + 1;
	len = (size_t)(s->text.text + s->text.body - *value);
	len = trim_end(*value, len);
	if (len == 0 || (*value)[len - 1] != ';' || is_of_numbers(*value, len))
		return 0;
	return len;
}

static int
cut_list(struct strands *out, const struct strand *s, bool *sure, struct err *e)
{
	const char *value, *end;
	struct strand item = { .id_len = 0 };
	size_t len;

	if (s == NULL)
		return 0;
	if ((len = list_of(s, &value)) == 0) {
		*sure = false;
		return 0;
	}
	for (; len > 0; len -= item.id_len, value += item.id_len) {
		end = memchr(value, ';', len); /* the last byte is one */
		item.id = value;
		item.id_len = (size_t)(end - value) + 1;
		item.text = piece_of(item.id, item.id_len);
		if (strands_add(out, &item, e) == -1)
			return -1;
	}
	return 0;
}

/* Two values for one key. */
static int
merge_value(const struct writer *w, const struct braided *x, bool *sure,
    struct err *e)
{
	struct strands b = { 0 }, l = { 0 }, r = { 0 };
	const struct piece *line = &x->local->text;
	struct braided *made = NULL;
	const char *value;
	size_t count, len;
	int rc = -1;

	if (cut_list(&b, x->base, sure, e) == -1 ||
	    cut_list(&l, x->local, sure, e) == -1 ||
	    cut_list(&r, x->remote, sure, e) == -1)
		goto out;
	rc = 0;
	if (!*sure || (rc = braid(&made, &count, &b, &l, &r, e)) == -1)
		goto out;
	end_line(w);
	len = list_of(x->local, &value);
	buf_bytes(w->out, line->text, (size_t)(value - line->text));
	for (size_t i = 0; i < count; i++) {
		const struct strand *item = made[i].pick == PICK_REMOTE
		    ? made[i].remote
		    : made[i].local;

		buf_bytes(w->out, item->id, item->id_len);
	}
	value += len;
	buf_bytes(w->out, value, (size_t)(line->text + line->len - value));
out:
	free(made);
	strands_free(&b);
	strands_free(&l);
	strands_free(&r);
	return rc;
}

/* --- Groups and lines ----------------------------------------------------- */

static int
merge_line(const struct writer *w, const struct braided *x, bool *sure,
    struct err *e)
{
	if (x->pick == PICK_NEITHER)
		return merge_value(w, x, sure, e);
	if (x->pick == PICK_REMOTE)
		put_line(w, &x->remote->text, true);
	else
		put_line(w, &x->local->text, false);
	return 0;
}

/* Both wrote into this group: line by line. */
static int
merge_inside(const struct writer *w, const struct braided *x, bool *sure,
    struct err *e)
{
	struct strands b = { 0 }, l = { 0 }, r = { 0 };
	struct braided *made = NULL;
	size_t count = 0;
	int rc = -1;

	if (cut_lines(&b, x->base, e) == 0 && cut_lines(&l, x->local, e) == 0 &&
	    cut_lines(&r, x->remote, e) == 0)
		rc = braid(&made, &count, &b, &l, &r, e);
	for (size_t i = 0; i < count && rc == 0 && *sure; i++)
		rc = merge_line(w, &made[i], sure, e);
	free(made);
	strands_free(&b);
	strands_free(&l);
	strands_free(&r);
	return rc;
}

static int
merge_group(const struct writer *w, const struct braided *x, bool *sure,
    struct err *e)
{
	if (x->pick == PICK_NEITHER)
		return merge_inside(w, x, sure, e);
	if (x->pick == PICK_REMOTE)
		return put_group(w, x->remote, true, e);
	return put_group(w, x->local, false, e);
}

int
driver_keyfile(const struct versions *in, struct buf *out, bool *sure,
    struct err *e)
{
	struct strands b = { 0 }, l = { 0 }, r = { 0 };
	const char *end = memchr(in->local.text, '\n', in->local.len);
	bool crlf = end != NULL && end > in->local.text && end[-1] == '\r';
	const struct writer w = { out, crlf ? "\r\n" : "\n" };
	struct braided *made = NULL;
	size_t count = 0;
	int rc = -1;

	if (cut_groups(&b, &in->base, e) == 0 &&
	    cut_groups(&l, &in->local, e) == 0 &&
	    cut_groups(&r, &in->remote, e) == 0)
		rc = braid(&made, &count, &b, &l, &r, e);
	for (size_t i = 0; i < count && rc == 0 && *sure; i++)
		rc = merge_group(&w, &made[i], sure, e);
	free(made);
	strands_free(&b);
	strands_free(&l);
	strands_free(&r);
	return rc;
}
