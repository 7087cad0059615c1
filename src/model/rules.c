#include "model/rules.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "model/globset.h"
#include "model/rules_line.h"

/* The questions that rules answer, each with a set of its own. */
enum topic {
	TOPIC_ROAMS,
	TOPIC_UNIT,
	TOPIC_DRIVER,
	TOPIC_BESIDE,
	TOPIC__COUNT
};

static const enum topic topics[] = {
	[RULES_ROAM] = TOPIC_ROAMS,
	[RULES_LOCAL] = TOPIC_ROAMS,
	[RULES_UNIT] = TOPIC_UNIT,
	[RULES_MERGE] = TOPIC_DRIVER,
	[RULES_BESIDE] = TOPIC_BESIDE,
	[RULES_LISTED] = TOPIC_BESIDE,
};
_Static_assert(sizeof(topics) / sizeof(topics[0]) == RULES_CLASS__COUNT,
    "every class has a topic");

struct rule {
	struct rules_line said;
	const char *file;
	unsigned line;
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
	struct rule *at;
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

static int
read_lines(struct draft *d, const char *text, size_t len, struct err *e)
{
	struct rules_text t;
	const char *line;
	size_t n = 0;
	int got;

	rules_text_init(&t, text, len);
	while ((line = rules_text_next(&t, &n)) != NULL) {
		if (draft_room(d, e) == -1)
			return -1;
		got = rules_line_parse(&d->at[d->count].said, &d->arena, line,
		    n, e);
		if (got == -1)
			return err_wrap(e, "%s:%u", d->file, t.line);
		if (got == 0)
			continue;
		d->at[d->count].file = d->file;
		d->at[d->count++].line = t.line;
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
		more[topics[d->at[i].said.class]]++;
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
	const struct rules_line *l = &rule->said;
	int n;

	memcpy(bytes, h->b, HASH_LEN);
	n = snprintf((char *)bytes + HASH_LEN, sizeof(bytes) - HASH_LEN,
	    "%s=%s %s", rules_class_text(l->class),
	    l->driver != NULL ? l->driver : "", l->pattern);
	*h = hash_of(bytes, HASH_LEN + (size_t)n);
}

int
rules_add(struct rules *r, enum rules_source source, const char *file,
    const char *text, size_t len, struct err *e)
{
	struct draft d = { 0 };
	int rc = -1;

	if ((d.file = arena_copy(&d.arena, file, strlen(file), e)) == NULL ||
	    read_lines(&d, text, len, e) == -1)
		goto out;
	if (d.count > RULES_MAX - r->count) {
		err_set(e, ERR_USAGE, "%s:%u: more than %d rules", file,
		    d.at[RULES_MAX - r->count].line, RULES_MAX);
		goto out;
	}
	if (reserve(r, &d, e) == -1)
		goto out;
	for (size_t i = 0; i < d.count; i++) {
		struct rule *rule = &r->rule[r->count++];

		*rule = d.at[i];
		rule->source = (uint8_t)source;
		globset_add(&r->set[topics[rule->said.class]], &rule->said.glob,
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
		if (rule->said.class == RULES_LOCAL)
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

	return rule == NULL || rule->said.class == RULES_ROAM;
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
			out->roams = rule->said.class == RULES_ROAM;
			out->file = rule->file;
			out->line = rule->line;
			out->reason = rule->said.reason;
		}
		rule = decide(r, TOPIC_UNIT, path, at, dir);
		if (rule != NULL && out->unit == NULL) {
			out->unit = rule->said.pattern;
			out->unit_len = at;
		}
		rule = decide(r, TOPIC_DRIVER, path, at, dir);
		if (rule != NULL)
			out->driver = rule->said.driver;
		rule = decide(r, TOPIC_BESIDE, path, at, dir);
		if (rule != NULL)
			out->beside = rule->said.class == RULES_BESIDE;
	}
	if (out->roams)
		return;
	out->unit = out->driver = NULL; /* nothing to merge */
	out->unit_len = 0;
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

void
rules_item(const struct rules *r, size_t i, struct rules_item *out)
{
	const struct rule *rule = &r->rule[i];

	*out = (struct rules_item){
		.source = (enum rules_source)rule->source,
		.class = rule->said.class,
		.file = rule->file,
		.line = rule->line,
		.driver = rule->said.driver,
		.pattern = rule->said.pattern,
		.reason = rule->said.reason,
		.glob = &rule->said.glob,
	};
}

bool
rules_decider(const struct rules *r, enum rules_class class, const char *path,
    size_t len, bool is_dir, size_t *out)
{
	const struct rule *rule = decide(r, topics[class], path, len, is_dir);

	if (rule != NULL)
		*out = (size_t)(rule - r->rule);
	return rule != NULL;
}
