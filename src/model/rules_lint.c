#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "model/rules_line.h"
#include "model/rules_lint.h"

#define VERSION_MARK "# Version: "
#define VERSION_MAX  100000000u /* a date without its dashes fits */
#define WHAT_MAX     1024

unsigned
rules_version(const char *text, size_t len)
{
	size_t mark = strlen(VERSION_MARK), n;
	struct rules_text t;
	const char *line;
	char digits[16];
	uint64_t v;
	struct err e;

	rules_text_init(&t, text, len);
	while ((line = rules_text_next(&t, &n)) != NULL) {
		if (n <= mark || n - mark >= sizeof(digits) ||
		    memcmp(line, VERSION_MARK, mark) != 0)
			continue;
		memcpy(digits, line + mark, n - mark);
		digits[n - mark] = '\0';
		if (text_number(digits, 1, VERSION_MAX, &v, &e) == 0)
			return (unsigned)v;
	}
	return 0;
}

static bool
has_long_name(const char *pattern)
{
	size_t n;

	for (; *pattern != '\0'; pattern += n + (pattern[n] == '/')) {
		n = strcspn(pattern, "/");
		if (n > NAME_LEN_MAX && strpbrk(pattern, "*?[\\") == NULL)
			return true;
	}
	return false;
}

/* A file on its way. */
struct reading {
	const struct rules_file *f;
	enum rules_care care;
	struct arena arena;
	struct rules_text text;
	rules_fault *fault;
	void *arg;
};

/* The faults of one line by itself; false: it is no rule. */
static bool
check_line(struct reading *r, const char *line, size_t len)
{
	struct rules_line rule;
	struct err e;
	int got;

	got = rules_line_parse(&rule, &r->arena, line, len, &e);
	if (got == -1)
		r->fault(r->arg, r->f->name, r->text.line, e.text);
	if (got != 1)
		return false;
	if (r->care == RULES_CARE_ALL && rule.reason[0] == '\0')
		r->fault(r->arg, r->f->name, r->text.line,
		    "no reason: write one behind ' # '");
	if (has_long_name(rule.pattern))
		r->fault(r->arg, r->f->name, r->text.line,
		    "never matches: no name has more than 255 bytes");
	return true;
}

int
rules_lint_file(struct rules *r, const struct rules_file *f,
    enum rules_care care, rules_fault *fault, void *arg, struct err *e)
{
	struct reading in = { .f = f,
		.care = care,
		.fault = fault,
		.arg = arg };
	const char *line;
	size_t n = 0;
	char *good;
	int rc;

	if ((good = malloc(f->len + 1)) == NULL)
		return err_sys(e, "%s", f->name);
	memcpy(good, f->text, f->len);
	rules_text_init(&in.text, f->text, f->len);
	while ((line = rules_text_next(&in.text, &n)) != NULL)
		if (!check_line(&in, line, n))
			memset(good + (line - f->text), ' ', n);
	if (care == RULES_CARE_ALL && rules_version(f->text, f->len) == 0)
		fault(arg, f->name, 1,
		    "no version: write a line '" VERSION_MARK "1'");
	rc = rules_add(r, f->source, f->name, good, f->len, e);
	arena_free(&in.arena);
	free(good);
	return rc;
}

/* Why a rule has no say about one of its examples. */
struct grave {
	enum { BY_LATER, BY_PARENT, BY_ADMIN } how;
	size_t rule;
};

/* Does rule j come later, and from another source or directory, so that it is
 * there to overrule rule i? */
static bool
is_overlay(const struct rules *r, size_t i, size_t j)
{
	struct rules_item a, b;
	const char *slash;
	size_t n;

	rules_item(r, i, &a);
	rules_item(r, j, &b);
	if (a.source != b.source)
		return b.source > a.source;
	slash = strrchr(b.file, '/');
	n = slash != NULL ? (size_t)(slash - b.file) + 1 : 0;
	return j > i &&
	    (strncmp(a.file, b.file, n) != 0 ||
		strchr(a.file + n, '/') != NULL);
}

/* Does a rule that is not there to overrule make a directory above path
 * local? */
static bool
is_buried(const struct rules *r, size_t i, const char *path, size_t len,
    struct grave *out)
{
	struct rules_item above;

	for (size_t n = path_parent_len(path, len); n > 0;
	     n = path_parent_len(path, n)) {
		if (!rules_decider(r, RULES_LOCAL, path, n, true, &out->rule))
			continue;
		rules_item(r, out->rule, &above);
		out->how = BY_PARENT;
		if (above.class == RULES_LOCAL && !is_overlay(r, i, out->rule))
			return true;
	}
	return false;
}

/* Has rule i the say about path, or one that is there to overrule it? */
static bool
decides(const struct rules *r, size_t i, const char *path, size_t len,
    bool is_dir, struct grave *out)
{
	struct rules_item item, other;

	rules_item(r, i, &item);
	if (is_buried(r, i, path, len, out))
		return false;
	if (!rules_decider(r, item.class, path, len, is_dir, &out->rule) ||
	    out->rule == i || is_overlay(r, i, out->rule))
		return true;
	rules_item(r, out->rule, &other);
	out->how = other.source == item.source ? BY_LATER : BY_ADMIN;
	return false;
}

static bool
is_alive(const struct rules *r, size_t i, struct grave *out)
{
	struct rules_item item;
	char path[PATH_LEN_MAX + 1];
	bool any = false;
	size_t len;

	rules_item(r, i, &item);
	for (unsigned n = 0; n < GLOB_EXAMPLES; n++) {
		len = glob_example(item.glob, n, path, sizeof(path));
		if (len == 0)
			continue;
		any = true;
		if (decides(r, i, path, len, true, out) ||
		    (!item.glob->dir_only &&
			decides(r, i, path, len, false, out)))
			return true;
	}
	return !any; /* nothing is known of it */
}

void
rules_lint_dead(const struct rules *r, rules_fault *fault, void *arg)
{
	static const struct {
		const char *before, *behind;
	} texts[] = {
		[BY_LATER] = { "", " always does" },
		[BY_PARENT] = { "it lies below what ", " makes local" },
		[BY_ADMIN] = { "", " is the administrator's" },
	};
	struct rules_item item, other;
	struct grave grave = { 0 };
	char what[WHAT_MAX];

	for (size_t i = 0; i < rules_count(r); i++) {
		rules_item(r, i, &item);
		if (item.class == RULES_MERGE && item.glob->dir_only)
			fault(arg, item.file, item.line,
			    "never merges: the slash at the end makes it a "
			    "directory");
		if (is_alive(r, i, &grave))
			continue;
		rules_item(r, grave.rule, &other);
		snprintf(what, sizeof(what), "never decides: %s%s:%u%s",
		    texts[grave.how].before, other.file, other.line,
		    texts[grave.how].behind);
		fault(arg, item.file, item.line, what);
	}
}
