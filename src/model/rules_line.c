#include <string.h>

#include "base/text.h"
#include "model/rules_line.h"

static const char *const words[] = {
	[RULES_ROAM] = "roam",
	[RULES_LOCAL] = "local",
	[RULES_UNIT] = "unit",
	[RULES_MERGE] = "merge",
	[RULES_BESIDE] = "beside",
	[RULES_LISTED] = "listed",
};
_Static_assert(sizeof(words) / sizeof(words[0]) == RULES_CLASS__COUNT,
    "every class has a word");

static const char *const drivers[] = { "keyfile", "lines", "text", "json",
	"newest", "xbel", "dconf" };

const char *rules_class_text(enum rules_class class)
{
	return words[class];
}

void
rules_text_init(struct rules_text *t, const char *text, size_t len)
{
	/* A byte order mark is not part of a rule. */
	size_t skip = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	*t = (struct rules_text){ .p = len > skip ? text + skip : NULL,
		.end = text + len };
}

const char *
rules_text_next(struct rules_text *t, size_t *len)
{
	const char *line = t->p, *stop;

	if (line == NULL)
		return NULL;
	stop = memchr(line, '\n', (size_t)(t->end - line));
	t->p = stop != NULL && stop + 1 < t->end ? stop + 1 : NULL;
	*len = (size_t)((stop != NULL ? stop : t->end) - line);
	if (*len > 0 && line[*len - 1] == '\r')
		(*len)--;
	t->line++;
	return line;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/* Is there " # " (or " #" at the end) at p? */
static bool
is_reason(const char *p, const char *end)
{
	return end - p >= 2 && is_blank(p[0]) && p[1] == '#' &&
	    (end - p == 2 || is_blank(p[2]));
}

/* The end of the pattern that begins at p: what is escaped does not end it,
 * nor do trailing blanks belong to it. */
static const char *
pattern_end(const char *p, const char *end)
{
	const char *stop = p;

	while (p < end && !is_reason(p, end)) {
		if (*p == '\\' && end - p > 1)
			p++;
		else if (is_blank(*p)) {
			p++;
			continue;
		}
		stop = ++p;
	}
	return stop;
}

static bool
is_word(const char *word, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(want, word, len) == 0;
}

static int
parse_driver(struct rules_line *out, const char *word, size_t len,
    struct err *e)
{
	char shown[64];

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (is_word(word, len, drivers[i])) {
			out->driver = drivers[i];
			return 0;
		}
	return err_set(e, ERR_USAGE, "no merge driver '%s'",
	    text_show(word, len, shown, sizeof(shown)));
}

static int
parse_class(struct rules_line *out, const char *word, size_t len, struct err *e)
{
	const char *eq = memchr(word, '=', len);
	size_t n = eq != NULL ? (size_t)(eq - word) : len;
	char shown[64];

	for (size_t i = 0; i < RULES_CLASS__COUNT; i++) {
		/* Class merge, and no other, has a driver. */
		if (!is_word(word, n, words[i]) ||
		    (i == RULES_MERGE) != (eq != NULL))
			continue;
		out->class = (enum rules_class)i;
		if (eq == NULL)
			return 0;
		return parse_driver(out, eq + 1, len - n - 1, e);
	}
	return err_set(e, ERR_USAGE,
	    "'%s' is not roam, local, unit, beside, listed or merge=DRIVER",
	    text_show(word, len, shown, sizeof(shown)));
}

/* CLASS PATTERN [# REASON]; p is not blank. */
static int
parse_rule(struct rules_line *out, struct arena *a, const char *p,
    const char *end, struct err *e)
{
	const char *from = p, *stop;

	while (p < end && !is_blank(*p))
		p++;
	if (parse_class(out, from, (size_t)(p - from), e) == -1)
		return -1;
	while (p < end && is_blank(*p) && !is_reason(p, end))
		p++;
	stop = pattern_end(p, end);
	if (glob_parse(&out->glob, a, p, (size_t)(stop - p), e) == -1 ||
	    (out->pattern = arena_copy(a, p, (size_t)(stop - p), e)) == NULL)
		return -1;

	p = skip_blanks(stop, end);
	if (p < end) /* at the '#' */
		p = skip_blanks(p + 1, end);
	while (end > p && is_blank(end[-1]))
		end--;
	out->reason = arena_copy(a, p, (size_t)(end - p), e);
	return out->reason != NULL ? 0 : -1;
}

int
rules_line_parse(struct rules_line *out, struct arena *a, const char *line,
    size_t len, struct err *e)
{
	const char *end = line + len, *p;

	*out = (struct rules_line){ .class = RULES_ROAM };
	if (len > RULES_LINE_MAX)
		return err_set(e, ERR_USAGE, "line longer than %d bytes",
		    RULES_LINE_MAX);
	if (memchr(line, '\0', len) != NULL)
		return err_set(e, ERR_USAGE, "NUL byte");
	p = skip_blanks(line, end);
	if (p == end || *p == '#')
		return 0;
	return parse_rule(out, a, p, end, e) == 0 ? 1 : -1;
}
