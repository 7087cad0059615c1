#include "storage.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "store/fetch.h"

void
storage_make(struct storage *s)
{
	struct store_how how = { .create = true };
	struct err e;

	memset(s, 0, sizeof(*s));
	snprintf(s->dir, sizeof(s->dir), "/tmp/roam-test-XXXXXX");
	cr_assert_not_null(mkdtemp(s->dir));
	snprintf(s->url, sizeof(s->url), "file://%s", s->dir);
	cr_assert_eq(store_open(&s->store, s->url, &how, &e), 0, "%s", e.text);
	cr_assert_eq(repo_open(&s->repo, s->store, &e), 0, "%s", e.text);
	s->machines.arena = &s->arena;
}

void
storage_free(struct storage *s)
{
	storage_shell(s, "rm -rf %s", s->dir);
	repo_close(s->repo);
	store_close(s->store);
	machines_free(&s->machines);
	arena_free(&s->arena);
}

void
fill_random(uint8_t *bytes, size_t size, uint64_t seed)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15 + 1;

	for (size_t i = 0; i < size; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		bytes[i] = (uint8_t)(x >> 32);
	}
}

void
storage_shell(const struct storage *s, const char *fmt, ...)
{
	char line[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	cr_assert_eq(chdir(s->dir), 0);
	cr_assert_eq(system(line), 0, "%s", line);
	cr_assert_eq(chdir("/"), 0);
}

bool
storage_has(const struct storage *s, const char *path)
{
	char full[4096];

	snprintf(full, sizeof(full), "%s/%s", s->dir, path);
	return access(full, F_OK) == 0;
}

void
storage_damage(const struct storage *s, const char *path, long at)
{
	char full[4096];
	FILE *f;
	int byte;

	snprintf(full, sizeof(full), "%s/%s", s->dir, path);
	cr_assert_not_null(f = fopen(full, "r+"));
	cr_assert_eq(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
	cr_assert_neq(byte = fgetc(f), EOF);
	cr_assert_eq(fseek(f, -1, SEEK_CUR), 0);
	cr_assert_neq(fputc(byte ^ 0x55, f), EOF);
	cr_assert_eq(fclose(f), 0);
}

void
head_free(struct head *h)
{
	commit_free(&h->commit);
	profile_free(&h->profile);
}

void
storage_load(struct storage *s, struct head *out)
{
	struct decode how = { &s->arena, &s->machines, 0 };
	struct err e;

	cr_assert_eq(repo_load(s->repo, NULL, &how, out, &e), 0, "%s", e.text);
}

/* An entry in the making, and its bytes. */
struct word {
	struct entry *entry;
	struct extra *extra;
	uint8_t *bytes;
	size_t first, count; /* runs; count 0: not packed */
	bool conflict;
};

/* All of it one hole. */
static void
make_hole(struct storage *s, struct word *w)
{
	static const uint8_t zeros[1 << 20];
	struct extent *x;
	struct err e;

	w->extra = arena_alloc(&s->arena, sizeof(*w->extra), &e);
	x = arena_alloc(&s->arena, sizeof(*x), &e);
	cr_assert(w->extra != NULL && x != NULL);
	cr_assert_leq(w->entry->size, sizeof(zeros));
	*x = (struct extent){ w->entry->size, { .gen = GEN_HOLE } };
	*w->extra = (struct extra){ .extents = x, .extent_count = 1 };
	w->entry->extra = w->extra;
	w->entry->hash = hash_of(zeros, w->entry->size);
}

static void
read_content(struct storage *s, struct word *w, const char *text)
{
	unsigned long seed, size;

	if (sscanf(text, "HOLE:%lu", &w->entry->size) == 1) {
		make_hole(s, w);
		return;
	}
	if (sscanf(text, "RAND:%lu:%lu", &seed, &size) == 2) {
		w->bytes = malloc(size + 1);
		cr_assert_not_null(w->bytes);
		fill_random(w->bytes, size, seed);
		w->entry->size = size;
	} else {
		w->bytes = (uint8_t *)strdup(text);
		w->entry->size = strlen(text);
	}
	w->entry->hash = hash_of(w->bytes, w->entry->size);
}

static void
read_word(struct storage *s, char *text, struct word *w)
{
	struct err e;
	char *is;

	memset(w, 0, sizeof(*w));
	w->conflict = text[0] == '!';
	text += w->conflict;
	w->entry = arena_alloc(&s->arena, sizeof(*w->entry), &e);
	cr_assert_not_null(w->entry);
	memset(w->entry, 0, sizeof(*w->entry));
	w->entry->mtime_ns = 1700000000123456789;
	if ((is = strchr(text, '=')) == NULL) {
		text[strlen(text) - 1] = '\0'; /* the slash */
		w->entry->type = ENTRY_DIR;
		w->entry->mode = 0755;
	} else {
		*is = '\0';
		w->entry->type = ENTRY_FILE;
		w->entry->mode = 0644;
		read_content(s, w, is + 1);
	}
	w->entry->path_len = (uint16_t)strlen(text);
	w->entry->path = arena_copy(&s->arena, text, strlen(text), &e);
}

/* What stood in the same role in the generation before. */
static const struct entry *
old_entry(const struct profile *before, const struct word *w)
{
	const struct entry *t;

	if (!w->conflict)
		return tree_find(&before->tree, w->entry->path,
		    w->entry->path_len);
	for (size_t i = 0; i < before->conflict_count; i++) {
		t = before->conflict[i].loser;
		if (strcmp(t->path, w->entry->path) == 0)
			return t;
	}
	return NULL;
}

static bool
take_place(struct word *w, const struct entry *old)
{
	if (old == NULL || !entry_same_content(old, w->entry))
		return false;
	w->entry->place = old->place;
	w->entry->extra = old->extra;
	return true;
}

static void
pack_word(struct packer *p, struct word *w)
{
	struct err e;

	cr_assert_eq(packer_begin(p, w->entry, NULL, w->entry->size, &e), 0);
	cr_assert_eq(packer_data(p, w->bytes, w->entry->size, &e), 0);
	cr_assert_eq(packer_end(p, &w->first, &w->count, &e), 0);
}

static void
place_word(struct storage *s, struct word *w, const struct run *run)
{
	struct extent *x;
	struct err e;

	if (w->count == 0)
		return;
	run += w->first;
	if (w->count == 1) {
		w->entry->place = run->place;
		return;
	}
	w->extra = arena_alloc(&s->arena, sizeof(*w->extra), &e);
	x = arena_alloc(&s->arena, w->count * sizeof(*x), &e);
	cr_assert(w->extra != NULL && x != NULL);
	memset(w->extra, 0, sizeof(*w->extra));
	for (size_t i = 0; i < w->count; i++)
		x[i] = (struct extent){ run[i].len, run[i].place };
	w->extra->extents = x;
	w->extra->extent_count = (uint32_t)w->count;
	w->entry->extra = w->extra;
}

/* All of a push that is in memory. */
struct work {
	struct word word[256];
	size_t count;
	struct head before;
	struct profile now;
	struct commit commit;
	struct buf manifest;
	struct draft *draft;
};

static void
read_words(struct storage *s, struct work *w, const struct push *p)
{
	char *copy = strdup(p->words), *rest = copy, *text;
	const struct entry *old, *back;

	while ((text = strtok_r(rest, " ", &rest)) != NULL) {
		cr_assert_lt(w->count, 256);
		read_word(s, text, &w->word[w->count]);
		old = old_entry(&w->before.profile, &w->word[w->count]);
		back = p->back != NULL ? old_entry(p->back, &w->word[w->count])
				       : NULL;
		if (w->word[w->count].bytes != NULL &&
		    w->word[w->count].entry->size > 0 &&
		    !take_place(&w->word[w->count], old) &&
		    !take_place(&w->word[w->count], back))
			pack_word(draft_packer(w->draft), &w->word[w->count]);
		w->count++;
	}
	free(copy);
}

static void
build_profile(struct storage *s, struct work *w)
{
	struct conflict c = { .time_ns = 1 };
	const struct sealed *packs;
	const struct run *runs;
	uint32_t pack_count;
	struct err e;

	cr_assert_eq(packer_finish(draft_packer(w->draft), &runs, &packs,
			 &pack_count, &e),
	    0, "%s", e.text);
	for (size_t i = 0; i < w->count; i++) {
		place_word(s, &w->word[i], runs);
		if (w->word[i].conflict) {
			c.id = i + 1;
			c.loser = w->word[i].entry;
			cr_assert_eq(profile_add_conflict(&w->now, &c, &e), 0);
		} else
			cr_assert_eq(tree_add(&w->now.tree, w->word[i].entry,
					 &e),
			    0);
	}
	tree_sort(&w->now.tree);
}

static void
fill_commit(struct storage *s, struct work *w, const struct push *p)
{
	struct commit *c = &w->commit;
	struct err e;
	bool full;

	repo_follow(s->repo, &w->before.commit, c);
	if (p->number != 0)
		c->number = p->number;
	if (c->parent == 0)
		cr_assert_eq(hash_random(&c->store_id, &e), 0);
	full =
	    p->full || c->parent == 0 || w->before.commit.deltas == DELTAS_MAX;
	c->deltas = full ? 0 : w->before.commit.deltas + 1;
	c->time_ns = p->time_ns != 0 ? p->time_ns : clock_now_ns();
	c->entries = w->now.tree.count;
	snprintf(c->machine_id, sizeof(c->machine_id), "m1");
	snprintf(c->user, sizeof(c->user), "alice");
	w->manifest.len = 0;
	cr_assert_eq(manifest_encode(&w->manifest,
			 full ? NULL : &w->before.profile, &w->now, &e),
	    0, "%s", e.text);
}

uint64_t
storage_try(struct storage *s, const struct push *p, struct err *e)
{
	struct work *w = calloc(1, sizeof(*w));
	uint64_t number;

	cr_assert_not_null(w);
	storage_load(s, &w->before);
	cr_assert_eq(hash_random(&w->commit.id, e), 0);
	cr_assert_eq(draft_new(&w->draft, s->repo, &w->commit.id, 3, e), 0,
	    "%s", e->text);
	read_words(s, w, p);
	build_profile(s, w);
	fill_commit(s, w, p);
	number = w->commit.number;
	if (draft_publish(w->draft, &w->commit, w->manifest.bytes,
		w->manifest.len, e) == -1)
		number = 0;
	draft_free(w->draft);
	for (size_t i = 0; i < w->count; i++)
		free(w->word[i].bytes);
	head_free(&w->before);
	profile_free(&w->now);
	commit_free(&w->commit);
	buf_free(&w->manifest);
	free(w);
	return number;
}

uint64_t
storage_push(struct storage *s, const char *words)
{
	struct push p = { .words = words };
	struct err e = { 0 };
	uint64_t number = storage_try(s, &p, &e);

	cr_assert_neq(number, 0, "%s", e.text);
	return number;
}

/* One content, put together from what fetch delivers. */
struct fetched {
	uint8_t *bytes;
	size_t missing;
};

static int
deliver(const struct want *w, const void *bytes, const struct err *why,
    void *arg, struct err *e)
{
	struct fetched *f = arg;

	(void)why;
	(void)e;
	if (bytes == NULL)
		f->missing++;
	else
		memcpy(f->bytes + w->off, bytes, w->len);
	return 0;
}

static bool
content_holds(struct storage *s, const struct entry *t)
{
	uint32_t count = entry_extent_count(t);
	struct want *want = calloc((size_t)count + 1, sizeof(*want));
	struct fetched f = { malloc(t->size + 1), 0 };
	struct hash hash;
	struct err e;
	uint64_t off = 0;

	want[0] = (struct want){ .place = t->place, .len = t->size };
	for (uint32_t i = 0; i < count; i++) {
		want[i] = (struct want){ .place = t->extra->extents[i].place,
			.len = t->extra->extents[i].len,
			.off = off };
		off += want[i].len;
	}
	cr_assert_eq(fetch_run(s->store, want, count > 0 ? count : 1, deliver,
			 &f, &e),
	    0, "%s", e.text);
	hash = hash_of(f.bytes, t->size);
	free(f.bytes);
	free(want);
	return f.missing == 0 && hash_same(&hash, &t->hash);
}

size_t
storage_check(struct storage *s, const struct profile *p)
{
	size_t bad = 0;

	for (size_t i = 0; i < p->tree.count; i++)
		if (p->tree.entry[i]->size > 0)
			bad += !content_holds(s, p->tree.entry[i]);
	for (size_t i = 0; i < p->conflict_count; i++)
		bad += !content_holds(s, p->conflict[i].loser);
	return bad;
}
