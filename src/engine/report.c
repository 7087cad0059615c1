#include "engine/report.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"

const struct entry *
report_subject(const struct op *op)
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
		else if (op->state == OP_SUSPECT)
			/* Of a pair the one that comes. */
			t.suspect += op->result != NULL;
		else if (op->state == OP_PENDING || op->state == OP_HELD)
			t.pending += op->action != ACTION_NONE;
		else if (op->state == OP_FAILED)
			t.failed++;
	}
	for (i = 0; i < r->skipped_count; i++)
		t.skipped += r->skipped[i].why != WHY_RULE;
	return t;
}

int
report_end(FILE *out, struct err *e)
{
	if (fflush(out) == EOF || ferror(out))
		return err_sys(e, "output");
	return 0;
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
	bool groups;
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
	const struct entry *t = report_subject(op);
	char size[TEXT_SIZE_MAX] = "";
	struct line l = { .word = k->word,
		.colour = k->colour,
		.size = size,
		.note = reason_text(op->reason),
		.must = k->action == ACTION_CONFLICT };

	l.path = op_path(op, &l.path_len);
	if (t->type == ENTRY_FILE)
		(void)text_size_human(t->size, size);
	if (op->action == ACTION_RENAME) {
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
		    !(p->groups && report_in_group(op)) &&
		    has_room(p, &list, report_subject(op)->size))
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

static void
put_suspect(struct printer *p, uint64_t held)
{
	char count[COUNT_MAX];

	if (held > 0)
		fprintf(p->out,
		    "%s file%s would get other contents all at once, as after "
		    "malware that encrypts\nthem, and %s held back; see 'roam "
		    "plan --verbose' and look into some of them,\nthen "
		    "--allow-changes lets them pass, or 'roam restore' brings "
		    "the old ones back\n",
		    count_text(held, count), held == 1 ? "" : "s",
		    held == 1 ? "is" : "are");
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
	put_sum(p, t->held + t->suspect, "held back", 0);
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
	uint64_t shown = 0;

	for (k = kinds; k < kinds + N_KINDS; k++)
		shown += t.action[k->action];
	p.groups = style->groups && !style->all && shown > LINES_MAX;
	if (p.groups)
		report_groups(out, r->plan);
	for (k = kinds; k < kinds + N_KINDS; k++)
		put_actions(&p, k);
	put_skipped(&p);
	put_held(&p, t.held);
	put_suspect(&p, t.suspect);
	if (p.groups)
		fputs("--all lists every entry\n", out);
	if (t.pending > 0)
		fputs("pending changes wait for a run that may change the "
		      "other side, such as sync\n",
		    out);
	put_sums(&p, &t);
	return report_end(out, e);
}
