#include "garden.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

#define KINDS(table) (sizeof(table) / sizeof((table)[0]))

void
garden_open(struct garden *g, uint64_t seed)
{
	*g = (struct garden){ .seed = seed };
	g->machines.arena = &g->arena;
}

void
garden_close(struct garden *g)
{
	machines_free(&g->machines);
	arena_free(&g->arena);
}

uint32_t
garden_draw(struct garden *g, uint32_t below)
{
	g->seed = g->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((g->seed >> 33) % below);
}

static uint64_t
draw_wide(struct garden *g)
{
	return (uint64_t)garden_draw(g, UINT32_MAX) << 32 |
	    garden_draw(g, UINT32_MAX);
}

static void *
take(struct garden *g, size_t len)
{
	struct err e;
	void *at = arena_alloc(&g->arena, len, &e);

	cr_assert_not_null(at);
	return memset(at, 0, len);
}

struct entry *
garden_file(struct garden *g, const char *path)
{
	struct entry *t = take(g, sizeof(*t));

	t->path = path;
	t->path_len = (uint16_t)strlen(path);
	t->type = ENTRY_FILE;
	t->mode = 0644;
	return t;
}

static const struct machine *
draw_machine(struct garden *g)
{
	char id[32], name[32];
	const struct machine *m;
	struct err e;

	if (garden_draw(g, 8) == 0)
		return NULL;
	snprintf(id, sizeof(id), "id-%u", garden_draw(g, 4));
	snprintf(name, sizeof(name), "ws%u", garden_draw(g, 3));
	cr_assert_not_null(m = machines_intern(&g->machines, id, name, &e));
	return m;
}

static int64_t
draw_time(struct garden *g)
{
	static const int64_t edges[] = { 0, -1, INT64_MIN, INT64_MAX,
		-1000000000 };

	if (garden_draw(g, 10) == 0)
		return edges[garden_draw(g, KINDS(edges))];
	return (int64_t)(draw_wide(g) % 2000000000000000000u);
}

static struct place
draw_place(struct garden *g, uint64_t len)
{
	static const uint64_t gens[] = { 1, 2, 3, GEN_MAX, GEN_SELF };
	static const uint64_t frames[] = { 0, 1000, 1u << 20, 1ull << 40 };
	struct place p = { 0 };

	if (garden_draw(g, 8) == 0) {
		p.gen = garden_draw(g, 2) == 0 ? GEN_NONE : GEN_HOLE;
		return p;
	}
	p.gen = gens[garden_draw(g, KINDS(gens))];
	p.pack = garden_draw(g, 3) == 0 ? 32767 : garden_draw(g, 2);
	p.frame = frames[garden_draw(g, KINDS(frames))];
	p.frame_len = 1 + garden_draw(g, 2) * 999;
	p.at = garden_draw(g, (uint32_t)((4u << 20) - len) + 1);
	return p;
}

static void
draw_extents(struct garden *g, struct entry *t, struct extra *x)
{
	uint32_t count = 1 + garden_draw(g, 20);
	struct extent *extent = take(g, count * sizeof(*extent));

	t->size = 0;
	for (uint32_t i = 0; i < count; i++) {
		extent[i].len = 1 + garden_draw(g, 1u << 20);
		extent[i].place = draw_place(g, extent[i].len);
		if (extent[i].place.gen == GEN_HOLE && garden_draw(g, 4) == 0)
			extent[i].len = 1ull << 50;
		t->size += extent[i].len;
	}
	x->extents = extent;
	x->extent_count = count;
}

static void
draw_content(struct garden *g, struct entry *t, struct extra *x)
{
	for (size_t i = 0; i < HASH_LEN; i++)
		t->hash.b[i] = (uint8_t)garden_draw(g, 256);
	if (garden_draw(g, 6) == 0) {
		draw_extents(g, t, x);
		return;
	}
	t->size = garden_draw(g, 4) == 0 ? 0 : garden_draw(g, 4u << 20);
	t->place = t->size > 0 ? draw_place(g, t->size) : (struct place){ 0 };
}

static void
draw_target(struct garden *g, struct entry *t, struct extra *x)
{
	size_t len = garden_draw(g, 20) == 0 ? 4095 : 1 + garden_draw(g, 30);
	char *target = take(g, len + 1);

	for (size_t i = 0; i < len; i++)
		target[i] = (char)(1 + garden_draw(g, 255));
	x->target = target;
	t->size = len;
	t->hash = hash_of(target, len);
	t->mode = 0777;
}

static void
draw_attrs(struct garden *g, struct extra *x)
{
	static const uint8_t one[] = "\x06\0user.a\x03\0\0\0xyz";
	static const uint8_t two[] = "\x17\0system.posix_acl_access\0\0\0\0"
				     "\x06\0user.b\x01\0\0\0\0";

	x->attrs = garden_draw(g, 2) == 0 ? one : two;
	x->attrs_len = x->attrs == one ? sizeof(one) - 1 : sizeof(two) - 1;
}

/* All but the path anew. */
static void
draw_facts(struct garden *g, struct entry *t)
{
	static const uint16_t modes[] = { 0644, 0600, 0755, 01777, 0, 0700 };
	struct extra *x = take(g, sizeof(*x));

	t->mode = modes[garden_draw(g, KINDS(modes))];
	t->mtime_ns = draw_time(g);
	t->machine = draw_machine(g);
	if (t->type == ENTRY_FILE)
		draw_content(g, t, x);
	if (t->type == ENTRY_LINK)
		draw_target(g, t, x);
	if (t->type != ENTRY_DIR && garden_draw(g, 10) == 0)
		x->group = garden_draw(g, 2) == 0 ? UINT64_MAX : 7;
	if (garden_draw(g, 10) == 0)
		draw_attrs(g, x);
	t->extra = x;
}

struct entry *
garden_entry(struct garden *g, const char *path, size_t len,
    enum entry_type type)
{
	struct entry *t = take(g, sizeof(*t));
	struct err e;

	cr_assert_not_null(t->path = arena_copy(&g->arena, path, len, &e));
	t->path_len = (uint16_t)len;
	t->type = (uint8_t)type;
	draw_facts(g, t);
	return t;
}

/* A new name in dir; every byte that a name can have occurs. */
static size_t
draw_path(struct garden *g, const struct entry *dir, char *out)
{
	size_t at = 0, len = garden_draw(g, 30) == 0 ? 200 : garden_draw(g, 12);
	char c;

	if (dir != NULL) {
		memcpy(out, dir->path, at = dir->path_len);
		out[at++] = '/';
	}
	while (len-- > 0) {
		c = (char)(1 + garden_draw(g, 255));
		out[at++] = c == '/' ? 'x' : c;
	}
	return at + (size_t)sprintf(out + at, "%08" PRIx64, g->serial++);
}

static void
plant(struct garden *g, struct tree *t, size_t count)
{
	static const enum entry_type types[] = { ENTRY_FILE, ENTRY_FILE,
		ENTRY_FILE, ENTRY_DIR, ENTRY_LINK };
	const struct entry *dir;
	char path[PATH_LEN_MAX * 2];
	size_t len;
	struct err e;

	while (count-- > 0) {
		dir = t->count == 0 || garden_draw(g, 10) == 0
		    ? NULL
		    : t->entry[garden_draw(g, (uint32_t)t->count)];
		if (dir != NULL && dir->type != ENTRY_DIR)
			dir = NULL;
		len = draw_path(g, dir, path);
		if (len > PATH_LEN_MAX)
			continue;
		cr_assert_eq(tree_add(t,
				 garden_entry(g, path, len,
				     types[garden_draw(g, KINDS(types))]),
				 &e),
		    0);
	}
	tree_sort(t);
}

static void
quarrel(struct garden *g, struct profile *p, size_t count)
{
	static const uint64_t gens[] = { 0, 1, GEN_MAX, GEN_SELF };
	struct conflict c;
	char path[PATH_LEN_MAX];
	struct err e;

	while (count-- > 0) {
		c.id = garden_draw(g, 20) == 0 ? UINT64_MAX : draw_wide(g) | 1;
		c.loser = garden_entry(g, path, draw_path(g, NULL, path),
		    1 + garden_draw(g, ENTRY__COUNT - 1));
		c.machine = draw_machine(g);
		c.time_ns = draw_time(g);
		c.gen = gens[garden_draw(g, KINDS(gens))];
		cr_assert_eq(profile_add_conflict(p, &c, &e), 0);
	}
}

void
garden_profile(struct garden *g, struct profile *out, size_t count)
{
	*out = (struct profile){ 0 };
	plant(g, &out->tree, count);
	quarrel(g, out, garden_draw(g, 5));
}

/* t as it is, edited, or replaced by something else. NULL: gone. */
static const struct entry *
live(struct garden *g, const struct entry *t)
{
	struct entry *new;
	struct err e;

	switch (garden_draw(g, 12)) {
	case 0:
		return NULL;
	case 1:
		new = entry_copy(&g->arena, t, &e);
		cr_assert_not_null(new);
		new->mtime_ns = draw_time(g);
		return new;
	case 2:
		return garden_entry(g, t->path, t->path_len,
		    1 + garden_draw(g, ENTRY__COUNT - 1));
	case 3:
		/* Another object that says the same. */
		cr_assert_not_null(new = entry_copy(&g->arena, t, &e));
		return new;
	default:
		return t;
	}
}

void
garden_grow(struct garden *g, const struct profile *from, struct profile *out)
{
	const struct entry *t, *lost = NULL;
	struct err e;

	*out = (struct profile){ 0 };
	for (size_t i = 0; i < from->tree.count; i++) {
		t = from->tree.entry[i];
		if (lost != NULL &&
		    path_is_within(t->path, t->path_len, lost->path,
			lost->path_len))
			continue;
		t = live(g, t);
		/* What is no directory any more takes along what it held. */
		lost = t == NULL || t->type != ENTRY_DIR ? from->tree.entry[i]
							 : NULL;
		if (t != NULL)
			cr_assert_eq(tree_add(&out->tree, t, &e), 0);
	}
	plant(g, &out->tree, garden_draw(g, 10));
	for (size_t i = 0; i < from->conflict_count; i++)
		if (garden_draw(g, 2) == 0)
			cr_assert_eq(profile_add_conflict(out,
					 &from->conflict[i], &e),
			    0);
	quarrel(g, out, garden_draw(g, 3));
}

static void
show_bytes(FILE *f, const char *what, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	fprintf(f, " %s ", what);
	for (size_t i = 0; i < len; i++)
		fprintf(f, "%02x", b[i]);
}

static void
show_place(FILE *f, const struct place *p, uint64_t self)
{
	uint64_t gen = p->gen == GEN_SELF ? self : p->gen;

	if (gen == GEN_NONE || gen == GEN_HOLE)
		fprintf(f, " %s", gen == GEN_NONE ? "nowhere" : "hole");
	else
		fprintf(f, " %" PRIu64 ":%u:%" PRIu64 "+%u@%u", gen, p->pack,
		    p->frame, p->frame_len, p->at);
}

static void
show_machine(FILE *f, const struct machine *m)
{
	fprintf(f, " by %s", m != NULL ? m->id : "nobody");
	fprintf(f, " (%s)", m != NULL ? m->name : "");
}

static void
show_entry(FILE *f, const struct entry *t, uint64_t self)
{
	const struct extra *x = t->extra;

	fprintf(f, "%s %o %" PRId64 " %" PRIu64, entry_kind(t), t->mode,
	    t->mtime_ns, t->size);
	show_bytes(f, "path", t->path, t->path_len);
	cr_assert_eq(t->path[t->path_len], '\0');
	show_bytes(f, "hash", t->hash.b, HASH_LEN);
	show_machine(f, t->machine);
	if (t->type == ENTRY_FILE && t->size > 0 && entry_extent_count(t) == 0)
		show_place(f, &t->place, self);
	for (uint32_t i = 0; i < entry_extent_count(t); i++) {
		fprintf(f, " extent %" PRIu64, x->extents[i].len);
		show_place(f, &x->extents[i].place, self);
	}
	fprintf(f, " group %" PRIu64, entry_group(t));
	if (entry_target(t) != NULL)
		show_bytes(f, "to", entry_target(t), strlen(entry_target(t)));
	if (x != NULL && x->attrs != NULL)
		show_bytes(f, "attrs", x->attrs, x->attrs_len);
	fputc('\n', f);
}

char *
profile_text(const struct profile *p, uint64_t self)
{
	const struct conflict *c;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	cr_assert_not_null(f);
	for (size_t i = 0; i < p->tree.count; i++)
		show_entry(f, p->tree.entry[i], self);
	for (size_t i = 0; i < p->conflict_count; i++) {
		c = &p->conflict[i];
		fprintf(f, "conflict %" PRIx64 " %" PRId64 " %" PRIu64, c->id,
		    c->time_ns, c->gen == GEN_SELF ? self : c->gen);
		show_machine(f, c->machine);
		show_entry(f, c->loser, self);
	}
	cr_assert_eq(fclose(f), 0);
	return text;
}
