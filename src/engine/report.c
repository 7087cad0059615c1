#include "engine/report.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "engine/driver.h"
#include "engine/json.h"

/* What an op is about: what will be there, else what goes. */
static const struct entry *
subject(const struct op *op)
{
	if (op->result != NULL)
		return op->result;
	if (op->action == ACTION_DELETE_STORE && op->remote != NULL)
		return op->remote;
	if (op->local != NULL)
		return op->local;
	return op->remote != NULL ? op->remote : op->base;
}

struct totals
report_totals(const struct report *r)
{
	struct totals t = { 0 };
	const struct op *op;
	size_t i;

	for (i = 0; i < r->plan->count; i++) {
		op = &r->plan->op[i];
		if (op_is_shown(op))
			t.action[op->action]++;
		else if (op->state == OP_HELD && op->result == NULL)
			t.held++;
		else if (op->state == OP_PENDING || op->state == OP_HELD)
			t.pending += op->action != ACTION_NONE;
		else if (op->state == OP_FAILED)
			t.failed++;
	}
	for (i = 0; i < r->skipped_count; i++)
		t.skipped += r->skipped[i].why != WHY_RULE;
	return t;
}

/*
 * JSON. The lists are written element by element: a first run has one for each
 * file of the home.
 */
static json_t *
json_head(const struct report *r)
{
	json_t *published = json_null(), *v;

	if (r->published != 0)
		published = json_integer((json_int_t)r->published);
	v = json_pack("{s:s,s:b,s:s,s:I,s:I,s:o}", "command", r->command,
	    "dry_run", r->dry_run, "store", "", "base", (json_int_t)r->base,
	    "head", (json_int_t)r->head, "published", published);
	/* A URL may hold any bytes that a path can. */
	if (v != NULL &&
	    json_set_path(v, "store", r->store, strlen(r->store)) == -1) {
		json_decref(v);
		v = NULL;
	}
	return v;
}

static json_t *
json_action(const struct op *op)
{
	const struct entry *t = subject(op);
	size_t len;
	const char *path = op_path(op, &len);
	json_t *v = json_pack("{s:s,s:s,s:I,s:s,s:s?,s:n}", "action",
	    action_text(op->action), "kind", entry_kind(t), "size",
	    (json_int_t)t->size, "reason", reason_text(op->reason), "driver",
	    op->action == ACTION_MERGE ? driver_word(op->driver) : NULL,
	    "from");

	if (v == NULL)
		return NULL;
	if (json_set_path(v, "path", path, len) == -1 ||
	    (op->from != NULL &&
		json_set_path(v, "from", op->from->path, op->from->path_len) ==
		    -1)) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static json_t *
json_skipped(const char *path, size_t len, enum why why)
{
	json_t *v = json_pack("{s:s}", "reason", why_text(why));

	if (v != NULL && json_set_path(v, "path", path, len) == -1) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static json_t *
json_summary(const struct report *r)
{
	struct totals t = report_totals(r);
	json_t *v = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "upload",
	    (json_int_t)t.action[ACTION_UPLOAD], "download",
	    (json_int_t)t.action[ACTION_DOWNLOAD], "delete_local",
	    (json_int_t)t.action[ACTION_DELETE_LOCAL], "delete_store",
	    (json_int_t)t.action[ACTION_DELETE_STORE], "merge",
	    (json_int_t)t.action[ACTION_MERGE], "conflict",
	    (json_int_t)t.action[ACTION_CONFLICT]);
	json_t *more = json_pack("{s:I,s:I,s:I,s:f}", "bytes_up",
	    (json_int_t)r->bytes_up, "bytes_down", (json_int_t)r->bytes_down,
	    "entries", (json_int_t)r->entries, "seconds",
	    (double)(int64_t)(r->seconds * 1000 + 0.5) / 1000);

	if (v != NULL && json_object_update(v, more) == -1) {
		json_decref(v);
		v = NULL;
	}
	json_decref(more);
	return v;
}

/* One element of a list; *count is how many there are before it. */
static int
write_element(FILE *out, json_t *v, size_t *count, struct err *e)
{
	if ((*count)++ > 0)
		(void)fputc(',', out);
	return json_write(out, v, 0, e);
}

static int
write_actions(FILE *out, const struct report *r, struct err *e)
{
	size_t i, n = 0;

	for (i = 0; i < r->plan->count; i++)
		if (op_is_shown(&r->plan->op[i]) &&
		    write_element(out, json_action(&r->plan->op[i]), &n, e) ==
			-1)
			return -1;
	return 0;
}

static int
write_skipped(FILE *out, const struct report *r, struct err *e)
{
	const struct opaque *o;
	const struct op *op;
	size_t i, n = 0, len;
	const char *path;

	for (i = 0; i < r->skipped_count; i++) {
		o = &r->skipped[i];
		if (o->why != WHY_RULE &&
		    write_element(out,
			json_skipped(o->path, o->path_len, o->why), &n,
			e) == -1)
			return -1;
	}
	for (i = 0; i < r->plan->count; i++) {
		op = &r->plan->op[i];
		path = op_path(op, &len);
		if (op->state == OP_FAILED &&
		    write_element(out, json_skipped(path, len, op->why), &n,
			e) == -1)
			return -1;
	}
	return 0;
}

/* All that was written is out, or e says why not. */
static int
written(FILE *out, struct err *e)
{
	if (fflush(out) == EOF || ferror(out))
		return err_sys(e, "output");
	return 0;
}

int
report_json(FILE *out, const struct report *r, struct err *e)
{
	(void)fputc('{', out);
	if (json_write(out, json_head(r), JSON_EMBED, e) == -1)
		return -1;
	(void)fputs(",\"actions\":[", out);
	if (write_actions(out, r, e) == -1)
		return -1;
	(void)fputs("],\"skipped\":[", out);
	if (write_skipped(out, r, e) == -1)
		return -1;
	(void)fputs("],\"summary\":", out);
	if (json_write(out, json_summary(r), 0, e) == -1)
		return -1;
	(void)fputs("}\n", out);
	return written(out, e);
}

/* Text. */
#define LINES_MAX    40 /* of a kind, where not all are asked for */
#define WORD_COLUMNS 12
#define SIZE_COLUMNS 8
#define COUNT_MAX    32 /* bytes of a number with its commas */
#define SHOWN_MAX    (4 * PATH_LEN_MAX + 1) /* bytes of any path, escaped */
#define DIM          "2"

struct printer {
	FILE *out;
	const struct report *r;
	const struct report_style *style;
	char shown[SHOWN_MAX];
	char was[4 + SHOWN_MAX];
};

/* How people call an action, on its line and in the sums. In the order of the
 * output: what needs attention comes last, right above the prompt. */
static const struct kind {
	enum action action;
	const char *word;
	const char *sum, *sums;
	const char *colour;
} kinds[] = {
	/* clang-format off */
	{ ACTION_UPLOAD, "upload", "up", "up", "32" },
	{ ACTION_DOWNLOAD, "download", "down", "down", "36" },
	{ ACTION_RENAME, "rename", "renamed", "renamed", "0" },
	{ ACTION_ATTRIBUTES, "attributes", "with other attributes",
	    "with other attributes", "0" },
	{ ACTION_DELETE_STORE, "delete store", "deleted in the store",
	    "deleted in the store", "31" },
	{ ACTION_DELETE_LOCAL, "delete here", "deleted here", "deleted here",
	    "31" },
	{ ACTION_MERGE, "merge", "merged", "merged", "35" },
	{ ACTION_CONFLICT, "conflict", "conflict", "conflicts", "1;33" },
	/* clang-format on */
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))
_Static_assert(N_KINDS == ACTION__COUNT - 1, "every action has a line");

static const char *
count_text(uint64_t n, char out[COUNT_MAX])
{
	char digits[24];
	int len =
		snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n),
	    i, at = 0;

	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

static void
put_coloured(const struct printer *p, const char *colour, const char *text)
{
	if (p->style->colour)
		fprintf(p->out, "\033[%sm%s\033[0m", colour, text);
	else
		fputs(text, p->out);
}

/* Characters of s, roughly: bytes that begin one. */
static size_t
columns(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* A line: what happens to a path, and a note that gives way to the width
 * where it is no must. */
struct line {
	const char *word, *colour;
	const char *path;
	size_t path_len;
	const char *size;
	const char *note;
	bool must;
};

static void
put_line(struct printer *p, const struct line *l)
{
	const char *would = p->r->dry_run ? "would " : "";
	int pad = WORD_COLUMNS - (int)columns(l->word);
	size_t used;

	(void)text_show(l->path, l->path_len, p->shown, sizeof(p->shown));
	fputs(would, p->out);
	put_coloured(p, l->colour, l->word);
	fprintf(p->out, "%*s %*s  %s", pad > 0 ? pad : 0, "", SIZE_COLUMNS,
	    l->size, p->shown);
	used = columns(would) + WORD_COLUMNS + SIZE_COLUMNS + 7 +
	    columns(p->shown) + columns(l->note);
	if (l->must || p->style->width == 0 || used <= p->style->width) {
		fputs("  ", p->out);
		put_coloured(p, DIM, "(");
		put_coloured(p, DIM, l->note);
		put_coloured(p, DIM, ")");
	}
	fputc('\n', p->out);
}

/* The lines of one kind so far, and those that are left out. */
struct list {
	unsigned lines;
	uint64_t more;
	uint64_t more_bytes;
};

static bool
has_room(const struct printer *p, struct list *l, uint64_t bytes)
{
	if (p->style->all || l->lines < LINES_MAX) {
		l->lines++;
		return true;
	}
	l->more++;
	l->more_bytes += bytes;
	return false;
}

static void
end_list(const struct printer *p, const struct list *l)
{
	char count[COUNT_MAX], size[TEXT_SIZE_MAX];

	if (l->more == 0)
		return;
	fprintf(p->out, "… and %s more", count_text(l->more, count));
	if (l->more_bytes > 0)
		fprintf(p->out, " (%s)", text_size_human(l->more_bytes, size));
	fputs("; --verbose lists them\n", p->out);
}

static void
put_op(struct printer *p, const struct kind *k, const struct op *op)
{
	const struct entry *t = subject(op);
	char size[TEXT_SIZE_MAX] = "";
	struct line l = { .word = k->word,
		.colour = k->colour,
		.size = size,
		.note = reason_text(op->reason),
		.must = k->action == ACTION_CONFLICT };

	l.path = op_path(op, &l.path_len);
	if (t->type == ENTRY_FILE)
		(void)text_size_human(t->size, size);
	if (op->from != NULL) {
		memcpy(p->was, "was ", 4);
		(void)text_show(op->from->path, op->from->path_len, p->was + 4,
		    sizeof(p->was) - 4);
		l.note = p->was;
		l.must = true;
	}
	put_line(p, &l);
}

static void
put_actions(struct printer *p, const struct kind *k)
{
	const struct plan *plan = p->r->plan;
	struct list list = { 0 };
	const struct op *op;
	size_t i;

	for (i = 0; i < plan->count; i++) {
		op = &plan->op[i];
		if (op->action == k->action && op_is_shown(op) &&
		    has_room(p, &list, subject(op)->size))
			put_op(p, k, op);
	}
	end_list(p, &list);
}

static void
put_skip(struct printer *p, const char *path, size_t len, enum why why)
{
	struct line l = { .word = "skipped",
		.colour = "33",
		.path = path,
		.path_len = len,
		.size = "",
		.note = why_text(why),
		.must = true };

	put_line(p, &l);
}

static void
put_skipped(struct printer *p)
{
	const struct plan *plan = p->r->plan;
	struct list list = { 0 };
	const struct opaque *o;
	const char *path;
	size_t i, len;

	for (i = 0; i < p->r->skipped_count; i++) {
		o = &p->r->skipped[i];
		if (o->why != WHY_RULE && has_room(p, &list, 0))
			put_skip(p, o->path, o->path_len, o->why);
	}
	for (i = 0; i < plan->count; i++) {
		path = op_path(&plan->op[i], &len);
		if (plan->op[i].state == OP_FAILED && has_room(p, &list, 0))
			put_skip(p, path, len, plan->op[i].why);
	}
	end_list(p, &list);
}

static void
put_held(struct printer *p, uint64_t held)
{
	char count[COUNT_MAX];

	if (held > 0)
		fprintf(p->out,
		    "%s deletion%s held back, which is more than "
		    "a run may do unasked; --allow-deletes lets %s pass\n",
		    count_text(held, count), held == 1 ? " is" : "s are",
		    held == 1 ? "it" : "them");
}

/* One part of the sums, with its bytes where there are any. */
static void
put_sum(const struct printer *p, uint64_t n, const char *what, uint64_t bytes)
{
	char count[COUNT_MAX], size[TEXT_SIZE_MAX];

	if (n == 0)
		return;
	fprintf(p->out, "%s %s", count_text(n, count), what);
	if (bytes > 0)
		fprintf(p->out, " (%s)", text_size_human(bytes, size));
	fputs(", ", p->out);
}

static void
put_sums(const struct printer *p, const struct totals *t)
{
	const struct report *r = p->r;
	uint64_t bytes, shown = 0;
	const struct kind *k;

	for (k = kinds; k < kinds + N_KINDS; k++)
		shown += t->action[k->action];
	if (shown == 0)
		fputs("nothing to do, ", p->out);
	else if (r->dry_run)
		fputs("would be: ", p->out);
	for (k = kinds; k < kinds + N_KINDS; k++) {
		bytes = k->action == ACTION_UPLOAD ? r->bytes_up
		    : k->action == ACTION_DOWNLOAD ? r->bytes_down
						   : 0;
		put_sum(p, t->action[k->action],
		    t->action[k->action] == 1 ? k->sum : k->sums, bytes);
	}
	put_sum(p, t->skipped + t->failed, "skipped", 0);
	put_sum(p, t->held, "held back", 0);
	put_sum(p, t->pending, "pending", 0);
	fprintf(p->out, "%.2f s\n", r->seconds);
}

int
report_text(FILE *out, const struct report *r, const struct report_style *style,
    struct err *e)
{
	struct printer p = { .out = out, .r = r, .style = style };
	struct totals t = report_totals(r);
	const struct kind *k;

	for (k = kinds; k < kinds + N_KINDS; k++)
		put_actions(&p, k);
	put_skipped(&p);
	put_held(&p, t.held);
	if (t.pending > 0)
		fputs("pending changes wait for a run that may change the "
		      "other side, such as sync\n",
		    out);
	put_sums(&p, &t);
	return written(out, e);
}
