#include "store/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/frame.h"
#include "store/repo.h"

static bool
is_in_pack(const struct place *p)
{
	return p->gen != GEN_NONE && p->gen != GEN_HOLE && p->gen != GEN_SELF;
}

static int
visit_entry(const struct entry *t, usage_visit *visit, void *arg, struct err *e)
{
	const struct extent *x;

	if (t->type != ENTRY_FILE)
		return 0;
	if (entry_extent_count(t) == 0)
		return is_in_pack(&t->place) ? visit(&t->place, t->size, arg, e)
					     : 0;
	for (uint32_t i = 0; i < t->extra->extent_count; i++) {
		x = &t->extra->extents[i];
		if (is_in_pack(&x->place) &&
		    visit(&x->place, x->len, arg, e) == -1)
			return -1;
	}
	return 0;
}

int
usage_each(const struct profile *p, usage_visit *visit, void *arg,
    struct err *e)
{
	for (size_t i = 0; i < p->tree.count; i++)
		if (visit_entry(p->tree.entry[i], visit, arg, e) == -1)
			return -1;
	for (size_t i = 0; i < p->conflict_count; i++)
		if (visit_entry(p->conflict[i].loser, visit, arg, e) == -1)
			return -1;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct pack_name *x = a, *y = b;

	if (x->gen != y->gen)
		return x->gen < y->gen ? -1 : 1;
	if (x->pack != y->pack)
		return x->pack < y->pack ? -1 : 1;
	return 0;
}

static void
sort_usage(struct usage *u)
{
	size_t n = 0;

	if (u->sorted == u->count)
		return;
	qsort(u->pack, u->count, sizeof(*u->pack), by_name);
	for (size_t i = 0; i < u->count; i++)
		if (n == 0 || by_name(&u->pack[n - 1], &u->pack[i]) != 0)
			u->pack[n++] = u->pack[i];
	u->count = u->sorted = n;
}

static int
add_pack(const struct place *place, uint64_t len, void *arg, struct err *e)
{
	struct usage *u = arg;
	struct pack_name name = { place->gen, place->pack }, *more;
	size_t cap;

	(void)len;
	/* Most of a pack is mentioned in one go. */
	if (u->count > 0 && by_name(&u->pack[u->count - 1], &name) == 0)
		return 0;
	if (u->count == u->cap)
		sort_usage(u);
	if (u->count > u->cap / 2 || u->cap == 0) {
		cap = u->cap == 0 ? 256 : u->cap * 2;
		more = reallocarray(u->pack, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, "packs");
		u->pack = more;
		u->cap = cap;
	}
	u->pack[u->count++] = name;
	return 0;
}

int
usage_add(struct usage *u, const struct profile *p, struct err *e)
{
	return usage_each(p, add_pack, u, e);
}

bool
usage_has(struct usage *u, uint64_t gen, uint32_t pack)
{
	struct pack_name name = { gen, pack };

	sort_usage(u);
	return u->count > 0 &&
	    bsearch(&name, u->pack, u->count, sizeof(*u->pack), by_name) !=
	    NULL;
}

void
usage_free(struct usage *u)
{
	free(u->pack);
	memset(u, 0, sizeof(*u));
}

/* Content that is needed, in one of the packs in question. */
struct live {
	struct place place;
	uint64_t len;
};

struct lives {
	const struct pack_size *pack; /* borrowed, sorted */
	size_t pack_count;
	struct live *live; /* owned */
	size_t count, cap;
};

static int
add_live(const struct place *place, uint64_t len, void *arg, struct err *e)
{
	struct lives *l = arg;
	struct pack_name name = { place->gen, place->pack };
	struct live *more;
	size_t cap;

	if (bsearch(&name, l->pack, l->pack_count, sizeof(*l->pack), by_name) ==
	    NULL)
		return 0;
	if (l->count == l->cap) {
		cap = l->cap < 1024 ? 1024 : l->cap * 2;
		more = reallocarray(l->live, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, "packs");
		l->live = more;
		l->cap = cap;
	}
	l->live[l->count++] = (struct live){ *place, len };
	return 0;
}

static int
by_place(const void *a, const void *b)
{
	const struct live *x = a, *y = b;
	struct pack_name p = { x->place.gen, x->place.pack };
	struct pack_name q = { y->place.gen, y->place.pack };
	int order = by_name(&p, &q);

	if (order != 0)
		return order;
	if (x->place.frame != y->place.frame)
		return x->place.frame < y->place.frame ? -1 : 1;
	if (x->place.at != y->place.at)
		return x->place.at < y->place.at ? -1 : 1;
	return 0;
}

/* The first lives of a list that lie in one frame: how many, and how many bytes
 * of its content they are together. */
static size_t
one_frame(const struct live *live, size_t count, uint64_t *content)
{
	uint64_t end = 0, from, to;
	size_t n;

	*content = 0;
	for (n = 0; n < count; n++) {
		if (live[n].place.gen != live->place.gen ||
		    live[n].place.pack != live->place.pack ||
		    live[n].place.frame != live->place.frame)
			break;
		from = live[n].place.at;
		to = from + live[n].len;
		if (from < end)
			from = end;
		if (to > from)
			*content += to - from;
		if (to > end)
			end = to;
	}
	return n;
}

/* How many bytes the frame's content has, as its head says. */
static int
content_size(struct store *s, const struct place *p, uint64_t *out,
    struct err *e)
{
	char path[STORE_PATH_MAX + 1], file[32];
	uint8_t head[FRAME_HEAD];
	size_t len = p->frame_len < sizeof(head) ? p->frame_len : sizeof(head);
	size_t size;

	snprintf(file, sizeof(file), "pack%u", (unsigned)p->pack);
	if (store_read(s, repo_path(path, p->gen, file), p->frame, head, len,
		e) == -1 ||
	    frame_size(head, len, &size, e) == -1)
		return -1;
	*out = size;
	return 0;
}

/* The part of a frame's compressed bytes that stands for content bytes. */
static uint64_t
share(const struct place *p, uint64_t content, uint64_t size)
{
	if (content >= size)
		return p->frame_len;
	return (
	    uint64_t)((double)p->frame_len * (double)content / (double)size);
}

/* All lives of one pack. */
struct patch {
	const struct live *live;
	size_t count;
};

/*
 * Sum up what is live in a pack. exact asks the frames for their size, which
 * costs a call each; else they count as full, which makes too little of them.
 */
static int
sum_up(struct store *s, const struct patch *patch, bool exact,
    struct sparse *out, struct err *e)
{
	uint64_t content, size;
	size_t n;

	out->live = out->frames = 0;
	for (size_t i = 0; i < patch->count; i += n) {
		n = one_frame(&patch->live[i], patch->count - i, &content);
		size = FRAME_TARGET;
		if (exact &&
		    content_size(s, &patch->live[i].place, &size, e) == -1)
			return -1;
		out->live += share(&patch->live[i].place, content, size);
		out->frames++;
	}
	return 0;
}

/* Is the pack sparse? A damaged one is left alone: what it still holds cannot
 * be moved as a whole. */
static int
judge(struct store *s, const struct patch *patch, struct sparse *out,
    bool *sparse, struct err *e)
{
	uint64_t half = out->size - out->size / 2;

	*sparse = false;
	if (sum_up(s, patch, false, out, e) == -1)
		return -1;
	if (out->live >= half)
		return 0;
	if (sum_up(s, patch, true, out, e) == -1)
		return repo_is_damage(e) ? 0 : -1;
	*sparse = out->live < half;
	return 0;
}

int
usage_sparse(struct store *s, const struct profile *p,
    const struct pack_size *list, size_t count, struct sparse_list *out,
    struct err *e)
{
	struct lives l = { .pack = list, .pack_count = count };
	struct sparse *found = NULL, one;
	size_t n = 0, from = 0;
	struct patch patch;
	bool sparse;
	int rc = -1;

	if (count > 0 && usage_each(p, add_live, &l, e) == -1)
		goto out;
	if ((found = calloc(count + 1, sizeof(*found))) == NULL) {
		err_sys(e, "packs");
		goto out;
	}
	if (l.count > 1)
		qsort(l.live, l.count, sizeof(*l.live), by_place);
	for (size_t i = 0; i < count && from < l.count; i++) {
		patch = (struct patch){ &l.live[from], 0 };
		while (from < l.count &&
		    l.live[from].place.gen == list[i].name.gen &&
		    l.live[from].place.pack == list[i].name.pack) {
			patch.count++;
			from++;
		}
		one = (struct sparse){ list[i].name, list[i].size, 0, 0 };
		if (patch.count == 0)
			continue;
		if (judge(s, &patch, &one, &sparse, e) == -1)
			goto out;
		if (sparse)
			found[n++] = one;
	}
	*out = (struct sparse_list){ found, n };
	found = NULL;
	rc = 0;
out:
	free(found);
	free(l.live);
	return rc;
}
