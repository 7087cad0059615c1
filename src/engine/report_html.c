#include "engine/report_html.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"

#define SHOWN_MAX (4 * PATH_LEN_MAX + 1)
#define DEPTH_MAX 256u /* directories that are open at once; deeper ones join */

/* How the page calls an action; the class is its colour. */
static const struct word {
	const char *class, *text, *many;
} words[] = {
	[ACTION_NONE] = { "none", "nothing", "nothing" },
	[ACTION_UPLOAD] = { "up", "to the store", "to the store" },
	[ACTION_DOWNLOAD] = { "down", "to this home", "to this home" },
	[ACTION_DELETE_LOCAL] = { "gone", "delete here", "deleted here" },
	[ACTION_DELETE_STORE] = { "gone", "delete in the store",
	    "deleted in the store" },
	[ACTION_MERGE] = { "merge", "merge", "merged" },
	[ACTION_CONFLICT] = { "conflict", "conflict", "in conflict" },
	[ACTION_ATTRIBUTES] = { "attr", "attributes", "with other attributes" },
	[ACTION_RENAME] = { "attr", "rename", "renamed" },
};
_Static_assert(sizeof(words) / sizeof(words[0]) == ACTION__COUNT,
    "every action has a word");

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" "
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>Roam: plan</title>\n<style>\n"
    ":root{color-scheme:light dark;--line:#8884;--dim:#888}\n"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;"
    "margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}\n"
    "table{border-collapse:collapse}"
    "td,th{padding:.2rem 1.2rem .2rem 0;text-align:left}\n"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "details{margin-left:1.1rem;border-left:1px solid var(--line);"
    "padding-left:.6rem}\n"
    "summary{cursor:pointer}summary bdi,.f bdi{font-family:ui-monospace,"
    "monospace;font-size:.92em;overflow-wrap:anywhere}\n"
    ".f{margin-left:1.1rem;padding-left:.6rem;"
    "border-left:1px solid var(--line)}\n"
    ".s,.r{color:var(--dim);font-size:.88em}\n"
    "b.k{display:inline-block;font-size:.78em;font-weight:600;"
    "padding:0 .5em;border-radius:.7em;margin-right:.4em;color:#fff;"
    "background:#667}\n"
    "b.up{background:#2a7d46}b.down{background:#1f6fb2}"
    "b.gone{background:#b3362b}b.merge{background:#7a4fb0}"
    "b.conflict{background:#b06a00}b.held{background:#b3362b}\n"
    "</style>\n</head>\n<body>\n";

struct page {
	FILE *out;
	const struct report *r;
	char shown[SHOWN_MAX];
};

/* Is there a character at s that turns the direction of writing, so that one
 * name can look like another? U+202A to U+202E, U+2066 to U+2069. */
static bool
is_turn(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;

	return c[0] == 0xe2 &&
	    ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
		(c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

/* Text between tags and in attributes. */
static void
put_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (is_turn(text)) {
			fprintf(out, "\\x%02x\\x%02x\\x%02x",
			    (unsigned)(unsigned char)text[0],
			    (unsigned)(unsigned char)text[1],
			    (unsigned)(unsigned char)text[2]);
			text += 2;
		} else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else if (*text == '\'')
			fputs("&#39;", out);
		else
			fputc(*text, out);
	}
}

/* A name of any bytes; its direction of writing ends with it. */
static void
put_name(struct page *p, const char *bytes, size_t len)
{
	(void)text_show(bytes, len, p->shown, sizeof(p->shown));
	fputs("<bdi>", p->out);
	put_text(p->out, p->shown);
	fputs("</bdi>", p->out);
}

/* Is the op on the page, and why is it not simply done? */
static bool
is_listed(const struct op *op)
{
	return op->action != ACTION_NONE && !op->moved;
}

static const char *
state_of(const struct op *op)
{
	static const char *const states[] = {
		[OP_PLANNED] = NULL,
		[OP_DONE] = NULL,
		[OP_PENDING] = "pending",
		[OP_HELD] = "held back",
		[OP_SUSPECT] = "held back",
		[OP_FAILED] = "skipped",
	};

	return states[op->state];
}

static void
put_op(struct page *p, const struct op *op, const char *name, size_t len)
{
	const struct entry *t = report_subject(op);
	const char *state = state_of(op);
	char size[TEXT_SIZE_MAX];

	fputs("<div class=\"f\">", p->out);
	if (state != NULL)
		fprintf(p->out, "<b class=\"k held\">%s</b>", state);
	fprintf(p->out, "<b class=\"k %s\">%s</b>", words[op->action].class,
	    words[op->action].text);
	put_name(p, name, len);
	if (t->type == ENTRY_FILE)
		fprintf(p->out, " <span class=\"s\">%s</span>",
		    text_size_human(t->size, size));
	fputs(" <span class=\"r\">", p->out);
	put_text(p->out,
	    op->state == OP_FAILED ? why_text(op->why)
				   : reason_text(op->reason));
	if (op->action == ACTION_RENAME) {
		fputs(", was ", p->out);
		put_name(p, op->from->path, op->from->path_len);
	}
	fputs("</span></div>\n", p->out);
}

struct sums {
	uint64_t ops[ACTION__COUNT];
	uint64_t bytes;
};

/* What is at and below a directory, from op i on. */
static struct sums
sums_of(const struct plan *plan, size_t i, const char *dir, size_t dir_len)
{
	struct sums s = { .bytes = 0 };
	const char *path;
	size_t len;

	for (; i < plan->count; i++) {
		const struct op *op = &plan->op[i];

		path = op_path(op, &len);
		if (!path_is_within(path, len, dir, dir_len))
			break;
		if (!is_listed(op))
			continue;
		s.ops[op->action]++;
		s.bytes += report_subject(op)->size;
	}
	return s;
}

static void
put_sums(FILE *out, const struct sums *s)
{
	char size[TEXT_SIZE_MAX];
	const char *comma = "";

	fputs(" <span class=\"s\">", out);
	for (size_t a = ACTION_NONE + 1; a < ACTION__COUNT; a++)
		if (s->ops[a] > 0) {
			fprintf(out, "%s%llu %s", comma,
			    (unsigned long long)s->ops[a], words[a].many);
			comma = ", ";
		}
	if (s->bytes > 0)
		fprintf(out, "; %s", text_size_human(s->bytes, size));
	fputs("</span>", out);
}

/* The directories that are open while the tree is written. */
struct branch {
	const char *path; /* of the op that opened it; the first len bytes */
	size_t len;
};

/* Opens the directories above path that are not open yet. */
static void
open_dirs(struct page *p, struct branch *open, size_t *depth, size_t i)
{
	const struct plan *plan = p->r->plan;
	size_t len, at = *depth > 0 ? open[*depth - 1].len + 1 : 0;
	const char *path = op_path(&plan->op[i], &len), *slash;
	struct sums s;

	while (*depth < DEPTH_MAX && at < len &&
	    (slash = memchr(path + at, '/', len - at)) != NULL) {
		size_t dir_len = (size_t)(slash - path);

		s = sums_of(plan, i, path, dir_len);
		fprintf(p->out, "<details%s><summary>",
		    *depth == 0 || s.ops[ACTION_CONFLICT] > 0 ? " open" : "");
		put_name(p, path + at, dir_len - at + 1);
		put_sums(p->out, &s);
		fputs("</summary>\n", p->out);
		open[*depth].path = path;
		open[(*depth)++].len = dir_len;
		at = dir_len + 1;
	}
}

static void
put_tree(struct page *p)
{
	struct branch open[DEPTH_MAX];
	const struct plan *plan = p->r->plan;
	const char *path;
	size_t depth = 0, len, at;

	for (size_t i = 0; i < plan->count; i++) {
		if (!is_listed(&plan->op[i]))
			continue;
		path = op_path(&plan->op[i], &len);
		while (depth > 0 &&
		    (len <= open[depth - 1].len ||
			!path_is_within(path, len, open[depth - 1].path,
			    open[depth - 1].len))) {
			fputs("</details>\n", p->out);
			depth--;
		}
		open_dirs(p, open, &depth, i);
		at = depth > 0 ? open[depth - 1].len + 1 : 0;
		put_op(p, &plan->op[i], path + at, len - at);
	}
	while (depth-- > 0)
		fputs("</details>\n", p->out);
}

/* The ops of one kind by their whole paths, if there are any. */
static void
put_section(struct page *p, const char *title,
    bool (*wanted)(const struct op *))
{
	const struct plan *plan = p->r->plan;
	const char *path;
	bool any = false;
	size_t len;

	for (size_t i = 0; i < plan->count; i++) {
		if (!is_listed(&plan->op[i]) || !wanted(&plan->op[i]))
			continue;
		if (!any)
			fprintf(p->out, "<h2>%s</h2>\n", title);
		any = true;
		path = op_path(&plan->op[i], &len);
		put_op(p, &plan->op[i], path, len);
	}
}

static bool
is_conflict(const struct op *op)
{
	return op->action == ACTION_CONFLICT;
}

static bool
is_held(const struct op *op)
{
	return op->state == OP_HELD || op->state == OP_SUSPECT;
}

static void
put_skipped(struct page *p)
{
	const struct opaque *o;
	bool any = false;

	for (size_t i = 0; i < p->r->skipped_count; i++) {
		o = &p->r->skipped[i];
		if (o->why == WHY_RULE)
			continue;
		if (!any)
			fputs("<h2>Not looked into</h2>\n", p->out);
		any = true;
		fputs("<div class=\"f\">", p->out);
		put_name(p, o->path, o->path_len);
		fputs(" <span class=\"r\">", p->out);
		put_text(p->out, why_text(o->why));
		fputs("</span></div>\n", p->out);
	}
}

static void
put_table(struct page *p)
{
	const struct report *r = p->r;
	const struct totals t = report_totals(r);
	uint64_t bytes[ACTION__COUNT] = { 0 };
	char size[TEXT_SIZE_MAX];

	fputs("<table>\n<tr><th>Store</th><td colspan=\"2\">", p->out);
	put_name(p, r->store, strlen(r->store));
	fprintf(p->out,
	    "</td></tr>\n<tr><th>Generation</th>"
	    "<td colspan=\"2\">%llu here, %llu in the store"
	    "</td></tr>\n",
	    (unsigned long long)r->base, (unsigned long long)r->head);
	for (size_t i = 0; i < r->plan->count; i++)
		if (op_is_shown(&r->plan->op[i]))
			bytes[r->plan->op[i].action] +=
			    report_subject(&r->plan->op[i])->size;
	for (size_t a = ACTION_NONE + 1; a < ACTION__COUNT; a++)
		if (t.action[a] > 0)
			fprintf(p->out,
			    "<tr><td class=\"n\">%llu</td>"
			    "<td>%s</td><td class=\"n\">%s</td></tr>\n",
			    (unsigned long long)t.action[a], words[a].many,
			    text_size_human(bytes[a], size));
	fputs("</table>\n", p->out);
}

static bool
has_any(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (is_listed(&plan->op[i]))
			return true;
	return false;
}

int
report_html(FILE *out, const struct report *r, struct err *e)
{
	struct page p = { .out = out, .r = r };

	fputs(head, out);
	fputs(r->dry_run ? "<h1>What a sync would do</h1>\n"
			 : "<h1>What the run did</h1>\n",
	    out);
	put_table(&p);
	put_section(&p, "Conflicts", is_conflict);
	put_section(&p, "Held back", is_held);
	if (has_any(r->plan)) {
		fputs("<h2>Everything, by directory</h2>\n", out);
		put_tree(&p);
	} else {
		fputs("<p>Nothing to do.</p>\n", out);
	}
	put_skipped(&p);
	fputs("</body>\n</html>\n", out);
	return report_end(out, e);
}
