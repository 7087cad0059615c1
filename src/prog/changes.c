#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "prog/changes.h"
#include "prog/print.h"

#define LINES_MAX 100 /* where not all are asked for */

static const char *const words[] = {
	[CHANGE_ADDED] = "added",
	[CHANGE_CHANGED] = "changed",
	[CHANGE_REMOVED] = "removed",
	[CHANGE_RENAMED] = "renamed",
};
_Static_assert(sizeof(words) / sizeof(words[0]) == CHANGE__COUNT,
    "every kind of change has a word");

static int
add(struct changes *c, enum change_kind kind, const struct entry *entry,
    struct err *e)
{
	struct change *more;
	size_t cap;

	if (c->count == c->cap) {
		cap = c->cap < 64 ? 64 : c->cap * 2;
		more = reallocarray(c->at, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, "changes");
		c->at = more;
		c->cap = cap;
	}
	c->at[c->count++] = (struct change){ .kind = kind, .entry = entry };
	return 0;
}

/* Removals by content, then in order of the paths. */
static int
by_content(const void *a, const void *b)
{
	const struct change *x = *(struct change *const *)a;
	const struct change *y = *(struct change *const *)b;
	int d = hash_order(&x->entry->hash, &y->entry->hash);

	return d != 0 ? d : x < y ? -1 : x > y;
}

static bool
can_move(const struct change *c, enum change_kind kind)
{
	return c->kind == kind && c->entry->type == ENTRY_FILE &&
	    c->entry->size > 0;
}

/* The first removal in gone (sorted) that held what added holds, not yet
 * paired. */
static struct change *
find_gone(struct change *const *gone, size_t count, const struct entry *added)
{
	size_t low = 0, high = count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (hash_order(&gone[mid]->entry->hash, &added->hash) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < count; low++) {
		if (!entry_same_content(gone[low]->entry, added))
			return NULL;
		if (!gone[low]->moved)
			return gone[low];
	}
	return NULL;
}

static int
pair_renames(struct changes *c, struct err *e)
{
	struct change **gone, *from;
	size_t count = 0;

	gone = reallocarray(NULL, c->count + 1, sizeof(*gone));
	if (gone == NULL)
		return err_sys(e, "changes");
	for (size_t i = 0; i < c->count; i++)
		if (can_move(&c->at[i], CHANGE_REMOVED))
			gone[count++] = &c->at[i];
	qsort(gone, count, sizeof(struct change *), by_content);
	for (size_t i = 0; i < c->count; i++) {
		if (!can_move(&c->at[i], CHANGE_ADDED))
			continue;
		from = find_gone(gone, count, c->at[i].entry);
		if (from != NULL) {
			c->at[i].was = from->entry;
			from->moved = true;
		}
	}
	free(gone);
	return 0;
}

int
changes_find(struct changes *out, const struct tree *from,
    const struct home *to, struct err *e)
{
	struct tree_walk w = { .tree = { from, &to->tree }, .count = 2 };
	struct changes c = { 0 };
	size_t next = 0;
	int rc = 0;

	while (rc == 0 && tree_walk_next(&w)) {
		const struct entry *old = w.at[0], *new = w.at[1];

		if (opaque_covers(to->opaque, to->opaque_count, &next, w.path,
			w.path_len) ||
		    entry_same(old, new))
			continue;
		/* A directory of things that stay local does not roam. */
		if (old == NULL && new->hollow)
			continue;
		rc = add(&c,
		    old == NULL       ? CHANGE_ADDED
			: new == NULL ? CHANGE_REMOVED
				      : CHANGE_CHANGED,
		    new != NULL ? new : old, e);
	}
	if (rc == -1 || pair_renames(&c, e) == -1) {
		changes_free(&c);
		return -1;
	}
	*out = c;
	return 0;
}

void
changes_within(struct changes *c, const char *path)
{
	size_t kept = 0, len = strlen(path);

	for (size_t i = 0; i < c->count; i++)
		if (len == 0 ||
		    path_is_within(c->at[i].entry->path,
			c->at[i].entry->path_len, path, len))
			c->at[kept++] = c->at[i];
	c->count = kept;
}

void
changes_free(struct changes *c)
{
	free(c->at);
	*c = (struct changes){ 0 };
}

static void
print_line(const struct change *c, enum change_kind kind)
{
	char path[4 * PATH_LEN_MAX + 1], size[TEXT_SIZE_MAX] = "";

	if (c->entry->type == ENTRY_FILE)
		text_size_human(c->entry->size, size);
	printf("%-8s %8s  %s%s", words[kind], size,
	    text_show(c->entry->path, c->entry->path_len, path, sizeof(path)),
	    c->entry->type == ENTRY_DIR ? "/" : "");
	if (c->was != NULL)
		printf("  (was %s)",
		    text_show(c->was->path, c->was->path_len, path,
			sizeof(path)));
	putchar('\n');
}

int
changes_print(const struct changes *c, bool all, struct err *e)
{
	size_t sum[CHANGE__COUNT] = { 0 }, lines = 0, more = 0;
	const char *comma = "";

	for (size_t i = 0; i < c->count; i++) {
		const struct change *at = &c->at[i];
		enum change_kind kind = at->kind;

		if (at->moved)
			continue;
		if (at->was != NULL)
			kind = CHANGE_RENAMED;
		sum[kind]++;
		if (all || lines++ < LINES_MAX)
			print_line(at, kind);
		else
			more++;
	}
	if (more > 0)
		printf("… and %zu more; --verbose lists them\n", more);
	for (size_t kind = 0; kind < CHANGE__COUNT; kind++)
		if (sum[kind] > 0) {
			printf("%s%zu %s", comma, sum[kind], words[kind]);
			comma = ", ";
		}
	printf("%s\n", comma[0] == '\0' ? "no changes" : "");
	return ferror(stdout) ? err_sys(e, "output") : 0;
}

static json_t *
json_change(const struct change *c)
{
	json_t *v = json_pack("{s:s,s:n,s:s,s:I}", "change", words[c->kind],
	    "path", "kind", entry_kind(c->entry), "size",
	    (json_int_t)c->entry->size);

	if (v != NULL &&
	    json_set_path(v, "path", c->entry->path, c->entry->path_len) ==
		-1) {
		json_decref(v);
		return NULL;
	}
	return v;
}

/* The list is written element by element: that of a first generation has one
 * for each file of the home. */
int
changes_print_json(json_t *head, const struct changes *c, struct err *e)
{
	putchar('{');
	if (json_write(stdout, head, JSON_EMBED, e) == -1)
		return -1;
	fputs(c != NULL ? ",\"changes\":[" : ",\"changes\":null", stdout);
	for (size_t i = 0; c != NULL && i < c->count; i++) {
		if (i > 0)
			putchar(',');
		if (json_write(stdout, json_change(&c->at[i]), 0, e) == -1)
			return -1;
	}
	fputs(c != NULL ? "]}\n" : "}\n", stdout);
	return ferror(stdout) ? err_sys(e, "output") : 0;
}
