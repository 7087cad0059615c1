#include "model/globset.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/path.h"

/* A path that is asked about, and the answer so far. */
struct query {
	const char *path;
	size_t len;
	const char *name;
	size_t name_len;
	bool is_dir;
	uint32_t *last;
};

static const struct glob_part *
tail(const struct glob *g)
{
	return &g->part[g->count - 1];
}

/* Where a glob is kept: by its last part, else by its first ones. */
static uint32_t *
table_of(const struct globset *s, const struct glob *g)
{
	if (tail(g)->kind == GLOB_EXACT)
		return s->names;
	return g->lead_count > 0 ? s->leads : NULL;
}

static void
link_item(struct globset *s, size_t i)
{
	struct globset_item *t = &s->item[i];
	uint32_t *table = table_of(s, &t->glob);
	size_t slot = (size_t)t->key & (s->slots - 1);

	if (table == NULL)
		return;
	t->next = table[slot];
	table[slot] = (uint32_t)i + 1;
}

static int
grow_tables(struct globset *s, size_t want, struct err *e)
{
	uint32_t *names, *leads;
	size_t slots = 64;

	while (slots < want)
		slots *= 2;
	names = calloc(slots, sizeof(*names));
	leads = calloc(slots, sizeof(*leads));
	if (names == NULL || leads == NULL) {
		free(names);
		free(leads);
		return err_sys(e, "rules");
	}
	free(s->names);
	free(s->leads);
	s->names = names;
	s->leads = leads;
	s->slots = slots;
	for (size_t i = 0; i < s->count; i++)
		link_item(s, i);
	return 0;
}

int
globset_reserve(struct globset *s, size_t more, struct err *e)
{
	size_t want = s->count + more;
	size_t cap = want + want / 2;
	void *p;

	if (want > s->cap) {
		p = realloc(s->item, cap * sizeof(*s->item));
		if (p == NULL)
			return err_sys(e, "rules");
		s->item = p;
		p = realloc(s->loose, cap * sizeof(*s->loose));
		if (p == NULL)
			return err_sys(e, "rules");
		s->loose = p;
		s->cap = cap;
	}
	/* Half empty, so that most paths meet no chain at all. */
	if (want > s->slots / 2)
		return grow_tables(s, 2 * cap, e);
	return 0;
}

/* A byte that stands for itself at text[i], or -1. */
static int16_t
plain_byte(const struct glob_part *part, size_t i)
{
	char c = part->text[i];

	if (part->kind == GLOB_EXACT)
		return (unsigned char)c;
	/* A ']' may end a bracket, and what follows a '\' may be escaped. */
	if (strchr("*?[]\\", c) != NULL || memchr(part->text, '\\', part->len))
		return -1;
	return (unsigned char)c;
}

static void
add_loose(struct globset *s, size_t i)
{
	const struct glob_part *part = tail(&s->item[i].glob);
	struct globset_loose *l = &s->loose[s->loose_count++];

	*l = (struct globset_loose){ (uint32_t)i, -1, -1 };
	if (part->kind == GLOB_DEEP)
		return;
	l->first = plain_byte(part, 0);
	l->last = plain_byte(part, (size_t)part->len - 1);
}

void
globset_add(struct globset *s, const struct glob *g, unsigned group,
    uint32_t tag)
{
	size_t i = s->count++;
	struct globset_item *t = &s->item[i];

	*t = (struct globset_item){ .glob = *g, .tag = tag };
	t->group = (uint8_t)group;
	if (tail(g)->kind == GLOB_EXACT) {
		t->key = hash_short(tail(g)->text, tail(g)->len);
	} else if (g->lead_count > 0) {
		t->key = hash_short(g->lead, g->lead_len);
		if (g->lead_count > s->depth)
			s->depth = g->lead_count;
	} else {
		add_loose(s, i);
	}
	link_item(s, i);
}

/* Could t, if it matches, change the answer? */
static bool
matters(const struct globset_item *t, const struct query *q)
{
	return t->tag > q->last[t->group] && (q->is_dir || !t->glob.dir_only);
}

static void
try_names(const struct globset *s, const struct query *q)
{
	uint64_t key = hash_short(q->name, q->name_len);
	uint32_t i = s->names[(size_t)key & (s->slots - 1)];

	for (; i != 0; i = s->item[i - 1].next) {
		const struct globset_item *t = &s->item[i - 1];

		if (t->key == key && matters(t, q) &&
		    glob_match(&t->glob, 0, q->path, q->len))
			q->last[t->group] = t->tag;
	}
}

/* Those whose exact front is the first len bytes of the path. */
static void
try_leads(const struct globset *s, const struct query *q, size_t len)
{
	uint64_t key = hash_short(q->path, len);
	uint32_t i = s->leads[(size_t)key & (s->slots - 1)];
	size_t rest = len < q->len ? len + 1 : len;

	for (; i != 0; i = s->item[i - 1].next) {
		const struct globset_item *t = &s->item[i - 1];
		const struct glob *g = &t->glob;

		if (t->key == key && matters(t, q) && g->lead_len == len &&
		    memcmp(g->lead, q->path, len) == 0 &&
		    glob_match(g, g->lead_count, q->path + rest, q->len - rest))
			q->last[t->group] = t->tag;
	}
}

static void
try_loose(const struct globset *s, const struct query *q)
{
	int first = (unsigned char)q->name[0];
	int last = (unsigned char)q->name[q->name_len - 1];

	for (size_t i = 0; i < s->loose_count; i++) {
		const struct globset_loose *l = &s->loose[i];
		const struct globset_item *t = &s->item[l->item];

		if ((l->first == -1 || l->first == first) &&
		    (l->last == -1 || l->last == last) && matters(t, q) &&
		    glob_match(&t->glob, 0, q->path, q->len))
			q->last[t->group] = t->tag;
	}
}

void
globset_last(const struct globset *s, const char *path, size_t len, bool is_dir,
    uint32_t last[GLOBSET_GROUPS])
{
	struct query q = { .path = path, .len = len, .is_dir = is_dir };
	const char *slash;
	size_t at = 0;

	memset(last, 0, GLOBSET_GROUPS * sizeof(*last));
	if (s->count == 0 || len == 0)
		return;
	q.name = path_name(path, len);
	q.name_len = (size_t)(path + len - q.name);
	q.last = last;

	try_loose(s, &q);
	try_names(s, &q);
	for (size_t depth = 0; depth < s->depth && at < len; depth++, at++) {
		slash = memchr(path + at, '/', len - at);
		at = slash != NULL ? (size_t)(slash - path) : len;
		try_leads(s, &q, at);
	}
}

void
globset_free(struct globset *s)
{
	free(s->item);
	free(s->names);
	free(s->leads);
	free(s->loose);
	*s = (struct globset){ 0 };
}
