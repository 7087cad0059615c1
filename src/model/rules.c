#include "model/rules.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "model/globset.h"

enum class { CLASS_ROAM, CLASS_LOCAL, CLASS_UNIT, CLASS_MERGE, CLASS__COUNT };

/* The questions that rules answer, each with a set of its own. */
enum topic { TOPIC_ROAMS, TOPIC_UNIT, TOPIC_DRIVER, TOPIC__COUNT };

static const struct {
	const char *word;
	enum topic topic;
} classes[] = {
	[CLASS_ROAM] = { "roam", TOPIC_ROAMS },
	[CLASS_LOCAL] = { "local", TOPIC_ROAMS },
	[CLASS_UNIT] = { "unit", TOPIC_UNIT },
	[CLASS_MERGE] = { "merge", TOPIC_DRIVER },
};
_Static_assert(sizeof(classes) / sizeof(classes[0]) == CLASS__COUNT,
    "every class has a row");

static const char *const drivers[] = { "keyfile", "lines", "text", "json",
	"newest", "xbel", "dconf" };

struct rule {
	const char *file;
	const char *pattern;
	const char *reason;
	const char *driver; /* NULL unless of class merge */
	unsigned line;
	uint8_t class;
	uint8_t source;
};
_Static_assert(RULES__COUNT == GLOBSET_GROUPS, "a source is a group of a set");

struct rules {
	struct arena arena; /* all strings and patterns */
	struct rule *rule;  /* owned; tag t of a set is rule[t - 1] */
	size_t count;
	size_t cap;
	struct globset set[TOPIC__COUNT];
	struct hash hash[RULES__COUNT]; /* of each source's lines so far */
};

/* What one rules_add() read, until all of it is known to be good. */
struct draft {
	struct arena arena;
	const char *file; /* in arena */
	struct {
		struct rule rule;
		struct glob glob;
	} * at;
	size_t count;
	size_t cap;
};

int
rules_new(struct rules **out, struct err *e)
{
	struct rules *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return err_sys(e, "rules");
	*out = r;
	return 0;
}

void
rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < TOPIC__COUNT; i++)
		globset_free(&r->set[i]);
	free(r->rule);
	arena_free(&r->arena);
	free(r);
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
parse_driver(struct rule *rule, const char *word, size_t len, struct err *e)
{
	char shown[64];

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (is_word(word, len, drivers[i])) {
			rule->driver = drivers[i];
			return 0;
		}
	return err_set(e, ERR_USAGE, "no merge driver '%s'",
	    text_show(word, len, shown, sizeof(shown)));
}

static int
parse_class(struct rule *rule, const char *word, size_t len, struct err *e)
{
	const char *eq = memchr(word, '=', len);
	size_t n = eq != NULL ? (size_t)(eq - word) : len;
	char shown[64];

	for (size_t i = 0; i < CLASS__COUNT; i++) {
		/* Class merge, and no other, has a driver. */
		if (!is_word(word, n, classes[i].word) ||
		    (i == CLASS_MERGE) != (eq != NULL))
			continue;
		rule->class = (uint8_t)i;
		if (eq == NULL)
			return 0;
		return parse_driver(rule, eq + 1, len - n - 1, e);
	}
	return err_set(e, ERR_USAGE,
	    "'%s' is not roam, local, unit or merge=DRIVER",
	    text_show(word, len, shown, sizeof(shown)));
}

/* CLASS PATTERN [# REASON]; p is not blank. */
static int
parse_rule(struct rule *rule, struct glob *glob, struct arena *a, const char *p,
    const char *end, struct err *e)
{
	const char *from = p, *stop;

	while (p < end && !is_blank(*p))
		p++;
	if (parse_class(rule, from, (size_t)(p - from), e) == -1)
		return -1;
	while (p < end && is_blank(*p) && !is_reason(p, end))
		p++;
	stop = pattern_end(p, end);
	if (glob_parse(glob, a, p, (size_t)(stop - p), e) == -1 ||
	    (rule->pattern = arena_copy(a, p, (size_t)(stop - p), e)) == NULL)
		return -1;

	p = skip_blanks(stop, end);
	if (p < end) /* at the '#' */
		p = skip_blanks(p + 1, end);
	while (end > p && is_blank(end[-1]))
		end--;
	rule->reason = arena_copy(a, p, (size_t)(end - p), e);
	return rule->reason != NULL ? 0 : -1;
}

static int
draft_room(struct draft *d, struct err *e)
{
	size_t cap = d->cap == 0 ? 64 : 2 * d->cap;
	void *p;

	if (d->count < d->cap)
		return 0;
	p = realloc(d->at, cap * sizeof(*d->at));
	if (p == NULL)
		return err_sys(e, "rules");
	d->at = p;
	d->cap = cap;
	return 0;
}

/* One line, without what ends it. */
static int
read_line(struct draft *d, unsigned line, const char *p, size_t len,
    struct err *e)
{
	const char *end = p + len;

	if (len > RULES_LINE_MAX)
		return err_set(e, ERR_USAGE, "line longer than %d bytes",
		    RULES_LINE_MAX);
	if (memchr(p, '\0', len) != NULL)
		return err_set(e, ERR_USAGE, "NUL byte");
	p = skip_blanks(p, end);
	if (p == end || *p == '#')
		return 0;
	if (draft_room(d, e) == -1)
		return -1;
	d->at[d->count].rule = (struct rule){ .file = d->file, .line = line };
	if (parse_rule(&d->at[d->count].rule, &d->at[d->count].glob, &d->arena,
		p, end, e) == -1)
		return -1;
	d->count++;
	return 0;
}

static int
read_lines(struct draft *d, const char *file, const char *text, size_t len,
    struct err *e)
{
	const char *p = text, *end = text + len, *stop;
	unsigned line = 1;
	size_t n;

	if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3; /* a byte order mark is not part of a rule */
	for (; p < end; p = stop + 1, line++) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		n = (size_t)(stop - p);
		if (n > 0 && p[n - 1] == '\r')
			n--;
		if (read_line(d, line, p, n, e) == -1)
			return err_wrap(e, "%s:%u", file, line);
		if (stop == end)
			break;
	}
	return 0;
}

/* Room for all of d, so that taking it cannot fail half-way. */
static int
reserve(struct rules *r, const struct draft *d, struct err *e)
{
	size_t more[TOPIC__COUNT] = { 0 }, cap = r->count + d->count;
	struct rule *p;

	for (size_t i = 0; i < d->count; i++)
		more[classes[d->at[i].rule.class].topic]++;
	for (size_t i = 0; i < TOPIC__COUNT; i++)
		if (globset_reserve(&r->set[i], more[i], e) == -1)
			return -1;
	if (cap <= r->cap)
		return 0;
	cap += cap / 2;
	if ((p = realloc(r->rule, cap * sizeof(*p))) == NULL)
		return err_sys(e, "rules");
	r->rule = p;
	r->cap = cap;
	return 0;
}

/* The hash of what came before, and of what decides in this line. */
static void
chain_hash(struct hash *h, const struct rule *rule)
{
	uint8_t bytes[HASH_LEN + 64 + RULES_LINE_MAX + 1];
	const char *driver = rule->driver != NULL ? rule->driver : "";
	const char *word = classes[rule->class].word;
	int n;

	memcpy(bytes, h->b, HASH_LEN);
	n = snprintf((char *)bytes + HASH_LEN, sizeof(bytes) - HASH_LEN,
	    "%s=%s %s", word, driver, rule->pattern);
	*h = hash_of(bytes, HASH_LEN + (size_t)n);
}

int
rules_add(struct rules *r, enum rules_source source, const char *file,
    const char *text, size_t len, struct err *e)
{
	struct draft d = { 0 };
	int rc = -1;

	if ((d.file = arena_copy(&d.arena, file, strlen(file), e)) == NULL ||
	    read_lines(&d, file, text, len, e) == -1)
		goto out;
	if (d.count > RULES_MAX - r->count) {
		err_set(e, ERR_USAGE, "%s:%u: more than %d rules", file,
		    d.at[RULES_MAX - r->count].rule.line, RULES_MAX);
		goto out;
	}
	if (reserve(r, &d, e) == -1)
		goto out;
	for (size_t i = 0; i < d.count; i++) {
		struct rule *rule = &r->rule[r->count++];

		*rule = d.at[i].rule;
		rule->source = (uint8_t)source;
		globset_add(&r->set[classes[rule->class].topic], &d.at[i].glob,
		    source, (uint32_t)r->count);
		chain_hash(&r->hash[source], rule);
	}
	arena_join(&r->arena, &d.arena);
	rc = 0;
out:
	arena_free(&d.arena);
	free(d.at);
	return rc;
}

static const struct rule *
rule_at(const struct rules *r, uint32_t tag)
{
	return tag != 0 ? &r->rule[tag - 1] : NULL;
}

/* The rule of a topic that decides about path itself, or NULL. */
static const struct rule *
decide(const struct rules *r, enum topic topic, const char *path, size_t len,
    bool is_dir)
{
	uint32_t last[GLOBSET_GROUPS];
	const struct rule *rule = NULL;

	globset_last(&r->set[topic], path, len, is_dir, last);
	/* A user's rule does not undo what the administrator made local. */
	if (topic == TOPIC_ROAMS && last[RULES_ADMIN] != 0) {
		rule = rule_at(r, last[RULES_ADMIN]);
		if (rule->class == CLASS_LOCAL)
			return rule;
		rule = NULL;
	}
	for (size_t s = RULES__COUNT; s > 0 && rule == NULL; s--)
		rule = rule_at(r, last[s - 1]);
	return rule;
}

bool
rules_roams_here(const struct rules *r, const char *path, size_t len,
    bool is_dir)
{
	const struct rule *rule = decide(r, TOPIC_ROAMS, path, len, is_dir);

	return rule == NULL || rule->class == CLASS_ROAM;
}

/* Length of path up to the end of the component behind the first at bytes. */
static size_t
next_prefix(const char *path, size_t len, size_t at)
{
	const char *slash = NULL;

	if (at > 0)
		at++;
	if (at < len)
		slash = memchr(path + at, '/', len - at);
	return slash != NULL ? (size_t)(slash - path) : len;
}

bool
rules_roams(const struct rules *r, const char *path, size_t len, bool is_dir)
{
	for (size_t at = 0; at < len;) {
		at = next_prefix(path, len, at);
		if (!rules_roams_here(r, path, at, at < len || is_dir))
			return false;
	}
	return true;
}

/* The nearest rule of all the path's components, the outermost unit, and the
 * nearest driver; a local directory ends the search. */
void
rules_explain(const struct rules *r, const char *path, size_t len, bool is_dir,
    struct ruling *out)
{
	const struct rule *rule;
	bool dir;

	*out = (struct ruling){ .roams = true, .reason = "" };
	for (size_t at = 0; at < len && out->roams;) {
		at = next_prefix(path, len, at);
		dir = at < len || is_dir;
		rule = decide(r, TOPIC_ROAMS, path, at, dir);
		if (rule != NULL) {
			out->roams = rule->class == CLASS_ROAM;
			out->file = rule->file;
			out->line = rule->line;
			out->reason = rule->reason;
		}
		rule = decide(r, TOPIC_UNIT, path, at, dir);
		if (rule != NULL && out->unit == NULL)
			out->unit = rule->pattern;
		rule = decide(r, TOPIC_DRIVER, path, at, dir);
		if (rule != NULL)
			out->driver = rule->driver;
	}
	if (!out->roams)
		out->unit = out->driver = NULL; /* nothing to merge */
}

struct hash
rules_hash(const struct rules *r)
{
	return hash_of(r->hash, sizeof(r->hash));
}

size_t
rules_count(const struct rules *r)
{
	return r->count;
}
