#include "sync/left.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

#define FILE_MAX    ((size_t)16 << 20) /* bytes */
#define NUMBER_LEN  12
#define ID_AT       (NUMBER_LEN + 1)
#define DIR_LEN     (ID_AT + HASH_LEN * 2)
#define CONTENT_LEN (DIR_LEN + 1 + HASH_LEN * 2)

void
left_free(struct left *l)
{
	tree_free(&l->tree);
	index_free(&l->index);
	*l = (struct left){ 0 };
}

static bool
is_ours(const struct entry *t, uint64_t *number, struct hash *id)
{
	struct err e;
	char hex[HASH_HEX_MAX];

	if (t->type != ENTRY_FILE || t->path_len != CONTENT_LEN)
		return false;
	*number = strtoull(t->path, NULL, 10);
	snprintf(hex, sizeof(hex), "%.*s", HASH_LEN * 2, t->path + ID_AT);
	return *number > 0 && *number <= GEN_MAX &&
	    hash_parse(id, hex, &e) == 0;
}

void
left_generation(const struct entry *t, uint64_t *number, struct hash *id)
{
	if (!is_ours(t, number, id)) {
		*number = 0;
		*id = (struct hash){ 0 };
	}
}

static int
decode(struct left *out, const struct buf *b, const struct decode *how,
    struct err *e)
{
	struct profile all = { 0 };
	struct hash id;
	uint64_t number;
	int rc = 0;

	if (manifest_decode(&all, NULL, b->bytes, b->len, how, e) == -1)
		return -1;
	for (size_t i = 0; i < all.tree.count && rc == 0; i++)
		if (is_ours(all.tree.entry[i], &number, &id))
			rc = tree_add(&out->tree, all.tree.entry[i], e);
	profile_free(&all);
	return rc == 0 ? left_end(out, e) : -1;
}

static bool
is_damage(const struct err *e)
{
	return e->kind == ERR_GONE || e->kind == ERR_FORMAT ||
	    e->kind == ERR_LIMIT || e->kind == ERR_POLICY;
}

int
left_load(struct left *l, int dirfd, const char *name, struct arena *arena,
    struct machines *machines, struct err *e)
{
	const struct decode how = { .arena = arena, .machines = machines };
	struct buf b = { .max = FILE_MAX };
	struct left got = { .loaded = true };
	int rc = 0;

	if (l->loaded)
		return 0;
	if (io_load(dirfd, name, &b, e) == -1 ||
	    decode(&got, &b, &how, e) == -1) {
		left_free(&got);
		got.loaded = true;
		rc = is_damage(e) ? 0 : -1;
	}
	buf_free(&b);
	*l = got;
	return rc;
}

/* The directory that t lies in, where the entry before lies in another one. */
static int
add_dir(struct tree *out, const struct entry *t, struct arena *arena,
    struct err *e)
{
	const struct entry *last =
	    out->count > 0 ? out->entry[out->count - 1] : NULL;
	struct entry *dir;

	if (last != NULL && memcmp(last->path, t->path, DIR_LEN) == 0)
		return 0;
	dir = arena_alloc(arena, sizeof(*dir), e);
	if (dir == NULL)
		return -1;
	*dir = (struct entry){ .type = ENTRY_DIR,
		.mode = 0700,
		.path_len = DIR_LEN };
	dir->path = arena_copy(arena, t->path, DIR_LEN, e);
	return dir->path == NULL ? -1 : tree_add(out, dir, e);
}

/* Is that what the file says? */
static bool
is_written(int dirfd, const char *name, const struct buf *b)
{
	struct buf now = { .max = FILE_MAX };
	struct err e;
	bool same = io_load(dirfd, name, &now, &e) == 0 && now.len == b->len &&
	    memcmp(now.bytes, b->bytes, b->len) == 0;

	buf_free(&now);
	return same;
}

int
left_save(const struct left *l, int dirfd, const char *name,
    struct arena *arena, struct err *e)
{
	struct profile all = { 0 };
	struct buf b = { .max = FILE_MAX };
	int rc = 0;

	for (size_t i = 0; i < l->tree.count && rc == 0; i++) {
		rc = add_dir(&all.tree, l->tree.entry[i], arena, e);
		if (rc == 0)
			rc = tree_add(&all.tree, l->tree.entry[i], e);
	}
	if (rc == 0)
		rc = manifest_encode(&b, NULL, &all, e);
	if (rc == 0 && !is_written(dirfd, name, &b))
		rc = io_replace(dirfd, name, b.bytes, b.len, e);
	profile_free(&all);
	buf_free(&b);
	return rc;
}

/* Is t's content known by a generation that is as new? */
static bool
is_known(const struct left *l, const struct entry *t, uint64_t number)
{
	const struct entry *known = index_find(&l->index, t);
	struct hash id;
	uint64_t by = 0;

	if (known != NULL)
		left_generation(known, &by, &id);
	return by >= number;
}

/* Only content and place of t. */
int
left_add(struct left *l, const struct entry *t, uint64_t number,
    const struct hash *id, struct arena *arena, struct err *e)
{
	char path[CONTENT_LEN + 1], generation[HASH_HEX_MAX], hex[HASH_HEX_MAX];
	struct entry *own;
	struct extra *x;

	if (t->type != ENTRY_FILE || t->size < LEFT_MIN ||
	    !entry_has_place(t) || entry_extent_count(t) > LEFT_EXTENTS ||
	    is_known(l, t, number))
		return 0;
	snprintf(path, sizeof(path), "%0*llu-%s/%s", NUMBER_LEN,
	    (unsigned long long)number, hash_hex(id, generation),
	    hash_hex(&t->hash, hex));
	if ((own = entry_copy_extra(arena, t, &x, e)) == NULL ||
	    (own->path = arena_copy(arena, path, CONTENT_LEN, e)) == NULL)
		return -1;
	own->path_len = CONTENT_LEN;
	own->mode = 0600;
	own->mtime_ns = 0;
	own->machine = NULL;
	*x = (struct extra){ .extents = x->extents,
		.extent_count = x->extent_count };
	return tree_add(&l->tree, own, e);
}

static void
reverse(struct tree *t)
{
	const struct entry *swap;

	for (size_t i = 0; i < t->count / 2; i++) {
		swap = t->entry[i];
		t->entry[i] = t->entry[t->count - 1 - i];
		t->entry[t->count - 1 - i] = swap;
	}
}

int
left_end(struct left *l, struct err *e)
{
	struct tree *t = &l->tree;
	struct index newest;
	size_t kept = 0, extents = 0;

	tree_sort(t);
	reverse(t);
	if (index_new(&newest, t, true, e) == -1)
		return -1;
	for (size_t i = 0; i < t->count && kept < LEFT_CONTENTS; i++) {
		if (index_find(&newest, t->entry[i]) != t->entry[i])
			continue;
		extents += entry_extent_count(t->entry[i]);
		if (extents > LEFT_EXTENTS)
			break;
		t->entry[kept++] = t->entry[i];
	}
	t->count = kept;
	reverse(t);
	index_free(&newest);
	index_free(&l->index);
	return index_new(&l->index, t, true, e);
}

int
left_learn(struct left *l, const struct known *head, const struct profile *next,
    struct arena *arena, bool *news, struct err *e)
{
	const struct profile *was = head->profile;
	struct tree_walk w = { .tree = { &was->tree, &next->tree },
		.count = 2 };
	struct index still = { 0 };
	size_t before = l->tree.count;
	const struct entry *t;
	int rc;

	rc = index_new(&still, &next->tree, false, e);
	if (rc == 0)
		rc = index_add_losers(&still, next, false, e);
	while (rc == 0 && tree_walk_next(&w)) {
		t = w.at[0];
		if (t != NULL && t != w.at[1] && index_find(&still, t) == NULL)
			rc = left_add(l, t, head->number, &head->id, arena, e);
	}
	for (size_t i = 0; i < was->conflict_count && rc == 0; i++) {
		t = was->conflict[i].loser;
		if (index_find(&still, t) == NULL)
			rc = left_add(l, t, head->number, &head->id, arena, e);
	}
	index_free(&still);
	*news = l->tree.count != before;
	return rc == 0 && *news ? left_end(l, e) : rc;
}
