#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"

/* '.' sorts before '/', which is what path_order() is about. */
static const char *const names[] = { "a", "a.b", "b" };
#define NAMES  3
#define LEVELS 3

struct spot spots[SPOTS];

static unsigned
spots_below(unsigned next, int parent, unsigned depth)
{
	for (unsigned i = 0; i < NAMES; i++) {
		struct spot *s = &spots[next];
		unsigned at = next++;

		snprintf(s->path, sizeof(s->path), "%s%s%s",
		    parent >= 0 ? spots[parent].path : "",
		    parent >= 0 ? "/" : "", names[i]);
		s->len = (uint8_t)strlen(s->path);
		s->depth = (uint8_t)depth;
		s->parent = (int8_t)parent;
		if (depth + 1 < LEVELS)
			next = spots_below(next, (int)at, depth + 1);
		s->end = (uint8_t)next;
	}
	return next;
}

void
spots_make(void)
{
	spots_below(0, -1, 0);
}

unsigned
spot_of(const struct entry *t)
{
	return (unsigned)((t->path - spots[0].path) /
	    (ptrdiff_t)sizeof(struct spot));
}

bool
spot_holds(unsigned a, unsigned b)
{
	return b >= a && b < spots[a].end;
}

void
set_add(struct set *s, unsigned content)
{
	s->bits[content / 64] |= (uint64_t)1 << content % 64;
}

bool
set_has(const struct set *s, unsigned content)
{
	return s->bits[content / 64] >> content % 64 & 1;
}

void
set_join(struct set *into, const struct set *from)
{
	for (unsigned i = 0; i < CONTENTS / 64; i++)
		into->bits[i] |= from->bits[i];
}

bool
set_covers(const struct set *a, const struct set *b)
{
	for (unsigned i = 0; i < CONTENTS / 64; i++)
		if ((b->bits[i] & ~a->bits[i]) != 0)
			return false;
	return true;
}

bool
set_is_empty(const struct set *s)
{
	for (unsigned i = 0; i < CONTENTS / 64; i++)
		if (s->bits[i] != 0)
			return false;
	return true;
}

int
world_new(struct world *w, unsigned pcs)
{
	static const char *const ids[PCS] = { "pc0", "pc1", "pc2", "pc3" };
	struct err e;

	memset(w, 0, sizeof(*w));
	w->machines.arena = &w->arena;
	w->pcs = pcs;
	w->contents = 1;
	w->unit = -1;
	set_add(&w->holds[0], 0);
	for (unsigned m = 0; m < pcs; m++)
		if ((w->self[m] = machines_intern(&w->machines, ids[m], ids[m],
			 &e)) == NULL)
			return -1;
	return 0;
}

void
world_free(struct world *w)
{
	for (unsigned m = 0; m < PCS; m++)
		rules_free(w->rules[m]);
	machines_free(&w->machines);
	arena_free(&w->arena);
}

void
world_fail(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (w->failure[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(w->failure, sizeof(w->failure), fmt, ap);
	va_end(ap);
	if (w->verbose)
		printf("      BROKEN: %s\n", w->failure);
}

const struct entry *const *
world_head(const struct world *w)
{
	static const struct entry *const none[SPOTS];

	return w->gens > 0 ? w->gen[w->gens - 1].at : none;
}

unsigned
content_new(struct world *w, bool merged)
{
	unsigned c = w->contents < CONTENTS ? w->contents++ : CONTENTS - 1;

	if (!merged)
		set_add(&w->holds[c], c);
	return c;
}

struct hash
content_hash(unsigned content)
{
	uint64_t mixed = (content + 1) * UINT64_C(0x9e3779b97f4a7c15);
	struct hash h;

	for (int i = 0; i < HASH_LEN; i++)
		h.b[i] = (uint8_t)(mixed >> (i % 8) * 8);
	return h;
}

uint64_t
content_size(unsigned content)
{
	return content == 0 ? 0 : 1 + content % 3;
}

int
content_of(const struct entry *t)
{
	return t == NULL || t->type == ENTRY_DIR ? -1 : (int)t->place.frame;
}

bool
is_dir(const struct entry *t)
{
	return t != NULL && t->type == ENTRY_DIR;
}

struct entry *
entry_like(struct world *w, const struct entry *t, unsigned spot)
{
	struct err e;
	struct entry *copy = entry_copy(&w->arena, t, &e);

	copy->path = spots[spot].path;
	copy->path_len = spots[spot].len;
	return copy;
}

const struct entry *
entry_in_group(struct world *w, const struct entry *t, uint64_t group)
{
	struct err e;
	struct extra *x;
	struct entry *copy;

	if (entry_group(t) == group)
		return t;
	copy = entry_copy_extra(&w->arena, t, &x, &e);
	x->group = group;
	return copy;
}

void
notice(const struct world *w, struct pc *pc)
{
	for (unsigned i = 0; i < SPOTS; i++)
		if (content_of(pc->home[i].entry) >= 0)
			set_join(&pc->seen[i],
			    &w->holds[content_of(pc->home[i].entry)]);
}

struct tree
tree_of(const struct entry *const at[SPOTS], const struct entry *buf[SPOTS])
{
	struct tree t = { .entry = buf, .cap = SPOTS };

	for (unsigned i = 0; i < SPOTS; i++)
		if (at[i] != NULL)
			t.entry[t.count++] = at[i];
	return t;
}

void
spread(const struct entry *at[SPOTS], const struct tree *t)
{
	memset(at, 0, SPOTS * sizeof(at[0]));
	for (size_t i = 0; i < t->count; i++)
		at[spot_of(t->entry[i])] = t->entry[i];
}

bool
excluded(const struct world *w, unsigned m, unsigned spot,
    const struct entry *const t[SPOTS])
{
	for (int i = (int)spot; i >= 0; i = spots[i].parent)
		if (w->rule[m][i] == RULE_ALL ||
		    (w->rule[m][i] == RULE_DIRS && is_dir(t[i])))
			return true;
	return false;
}

static void
add_opaque(struct look *l, unsigned spot, enum why why)
{
	l->opaque[l->home.opaque_count++] = (struct opaque){
		.path = spots[spot].path,
		.path_len = spots[spot].len,
		.why = (uint8_t)why,
	};
	for (unsigned i = spot; i < spots[spot].end; i++) {
		l->hidden[i] = true;
		l->ruled[i] = why == WHY_RULE;
	}
}

/* Hard links that the scan sees are a group named after the first of them. */
static void
find_groups(struct world *w, const struct pc *pc, struct look *l)
{
	for (unsigned i = 0; i < SPOTS; i++) {
		unsigned first = SPOTS, count = 0;

		if (l->at[i] == NULL)
			continue;
		for (unsigned j = 0; j < SPOTS; j++)
			if (l->at[j] != NULL &&
			    pc->home[j].inode == pc->home[i].inode) {
				first = first == SPOTS ? j : first;
				count++;
			}
		l->at[i] =
		    entry_in_group(w, l->at[i], count > 1 ? first + 1u : 0);
	}
}

static int
parent_of_path(const char *path)
{
	return spots[(path - spots[0].path) / (ptrdiff_t)sizeof(struct spot)]
	    .parent;
}

/* Directories that hold only what the rules keep local, and at least that. */
static void
find_hollow(struct world *w, struct look *l)
{
	bool rule[SPOTS + 1] = { 0 }, roams[SPOTS + 1] = { 0 };

	for (size_t i = 0; i < l->home.opaque_count; i++)
		if (l->opaque[i].why == WHY_RULE)
			rule[parent_of_path(l->opaque[i].path) + 1] = true;
	for (unsigned i = SPOTS; i-- > 0;) {
		int up = spots[i].parent + 1; /* 0: the home itself */
		bool hollow = rule[i + 1] && !roams[i + 1];
		struct entry *copy;

		if (l->at[i] == NULL)
			continue;
		if (is_dir(l->at[i]) && hollow)
			rule[up] = true;
		else
			roams[up] = true;
		if (l->at[i]->hollow == (is_dir(l->at[i]) && hollow))
			continue;
		copy = entry_like(w, l->at[i], i);
		copy->hollow = hollow;
		l->at[i] = copy;
	}
}

void
scan(struct world *w, unsigned m, struct look *out)
{
	const struct pc *pc = &w->pc[m];
	const struct entry *all[SPOTS];
	struct tree t;

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < SPOTS; i++) {
		all[i] = pc->home[i].entry;
		out->there[i] = all[i] != NULL;
	}
	for (unsigned i = 0; i < SPOTS; i++) {
		if (all[i] == NULL || out->hidden[i])
			continue;
		if (w->rule[m][i] == RULE_ALL ||
		    (w->rule[m][i] == RULE_DIRS && is_dir(all[i])))
			add_opaque(out, i, WHY_RULE);
		else if (pc->home[i].locked)
			add_opaque(out, i, WHY_DENIED);
		else
			out->at[i] = all[i];
	}
	find_groups(w, pc, out);
	find_hollow(w, out);
	t = tree_of(out->at, out->entry);
	out->home.tree = t;
	out->home.stamp = out->stamp;
	out->home.opaque = out->opaque;
	for (size_t i = 0; i < t.count; i++)
		out->stamp[i].inode = pc->home[spot_of(t.entry[i])].inode;
}
