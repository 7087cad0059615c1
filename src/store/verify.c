#include "store/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/sweep.h"
#include "store/verify_data.h"

#define ABSENT UINT64_MAX

/* A claim is made in less; what is empty for longer stays so. */
#define CLAIM_MS 1000

/* What is there of a generation. */
struct seen {
	uint64_t number;
	bool holds;        /* its record can be read */
	bool has_manifest; /* else it has expired */
	struct commit commit;
	size_t first_size; /* of its packs' in struct verifier */
};

struct verifier {
	struct repo *repo; /* borrowed */
	const struct verify *how;
	struct verified *out;
	struct seen *seen; /* owned; ascending */
	size_t count;
	uint64_t *size; /* owned: of each pack that a record names, ABSENT
			 * where there is no such file */
	size_t size_count;
	uint64_t *empty; /* owned: numbers, of directories without anything */
	size_t empty_count;
	struct contents contents;
	/* The generation that is looked at. */
	const struct seen *now;
};

static void
found(struct verifier *v, uint64_t gen, const char *path, const char *text)
{
	verify_found(v->how, gen, path, text, &v->out->findings);
}

static uint64_t
pack_size(const struct verifier *v, const struct seen *s, uint32_t pack)
{
	return v->size[s->first_size + pack];
}

/* Room for the sizes of s's packs. */
static int
add_sizes(struct verifier *v, struct seen *s, struct err *e)
{
	uint64_t *more;

	s->first_size = v->size_count;
	more = reallocarray(v->size, v->size_count + s->commit.pack_count + 1,
	    sizeof(*more));
	if (more == NULL)
		return err_sys(e, "packs");
	v->size = more;
	v->size_count += s->commit.pack_count;
	return 0;
}

/* Sizes of what a generation's directory holds. */
static int
look_around(struct verifier *v, struct seen *s, struct err *e)
{
	char dir[STORE_PATH_MAX + 1], pack[32];
	uint64_t *size;
	struct names n;
	int rc = -1;

	if (add_sizes(v, s, e) == -1)
		return -1;
	if (sweep_list(v->repo->store, repo_path(dir, s->number, ""), &n, e) ==
	    -1)
		goto out;
	for (uint32_t i = 0; i < s->commit.pack_count; i++) {
		size = &v->size[s->first_size + i];
		*size = ABSENT;
		snprintf(pack, sizeof(pack), "pack%u", (unsigned)i);
		for (size_t k = 0; k < n.count; k++)
			if (strcmp(n.at[k].name, pack) == 0)
				*size = n.at[k].size;
	}
	for (size_t k = 0; k < n.count; k++)
		if (strcmp(n.at[k].name, "manifest") == 0)
			s->has_manifest = true;
	rc = 0;
out:
	free(n.at);
	return rc;
}

/* A store_visit(). */
static int
see_any(const struct store_item *item, void *arg, struct err *e)
{
	bool *empty = arg;

	(void)item;
	(void)e;
	*empty = false;
	return 0;
}

/* Is it there, and does it look as if a claim is about to be made in it? */
static int
is_empty(const struct verifier *v, uint64_t number, bool *yes, struct err *e)
{
	char dir[STORE_PATH_MAX + 1];

	*yes = true;
	if (store_list(v->repo->store, repo_path(dir, number, ""), see_any, yes,
		e) == 0)
		return 0;
	*yes = false;
	return e->kind == ERR_GONE ? 0 : -1;
}

/* A number that is no generation, or not yet. */
static int
note_unborn(struct verifier *v, uint64_t number, struct err *e)
{
	bool empty;

	if (is_empty(v, number, &empty, e) == -1)
		return -1;
	if (empty)
		v->empty[v->empty_count++] = number;
	return 0;
}

/*
 * Directories that were empty, and still are a moment later. Nobody makes them
 * who can rename one; where claims are made the next one tells what they are.
 */
static int
check_empty(struct verifier *v, struct err *e)
{
	bool empty;

	if (v->empty_count == 0 || store_uses_claims(v->repo->store))
		return 0;
	clock_sleep_ms(CLAIM_MS);
	for (size_t i = 0; i < v->empty_count; i++) {
		if (is_empty(v, v->empty[i], &empty, e) == -1)
			return -1;
		if (empty)
			found(v, v->empty[i], "",
			    "an empty directory, to be removed");
	}
	return 0;
}

static int
look_at_records(struct verifier *v, struct err *e)
{
	struct repo *r = v->repo;
	struct seen *s;

	v->seen = calloc(r->number_count + 1, sizeof(*v->seen));
	v->empty = calloc(r->number_count + 1, sizeof(*v->empty));
	if (v->seen == NULL || v->empty == NULL)
		return err_sys(e, "generations");
	for (size_t i = 0; i < r->number_count; i++) {
		s = &v->seen[v->count++];
		s->number = r->number[i];
		if (repo_commit(r, s->number, &s->commit, e) == 0)
			s->holds = true;
		else if (repo_is_unborn(e)) {
			v->count--;
			if (note_unborn(v, s->number, e) == -1)
				return -1;
			continue;
		} else if (repo_is_damage(e))
			found(v, s->number, "commit", e->text);
		else
			return -1;
		if (look_around(v, s, e) == -1)
			return -1;
	}
	return 0;
}

static const struct seen *
find_seen(const struct verifier *v, uint64_t number)
{
	size_t low = 0, high = v->count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (v->seen[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == v->count || v->seen[low].number != number)
		return NULL;
	return &v->seen[low];
}

/* Do the records agree on who follows whom? */
static void
check_chain(struct verifier *v, const struct seen *s)
{
	const struct commit *c = &s->commit;
	const struct seen *other;

	other = find_seen(v, c->parent);
	if (other != NULL && other->holds &&
	    (!hash_same(&c->parent_id, &other->commit.id) ||
		!hash_same(&c->parent_manifest, &other->commit.manifest.hash)))
		found(v, s->number, "commit",
		    "its parent is not the generation of that number");
	for (uint32_t i = 0; i < c->ancestor_count; i++) {
		other = find_seen(v, c->ancestor[i].number);
		if (other != NULL && other->holds &&
		    !hash_same(&c->ancestor[i].id, &other->commit.id))
			found(v, s->number, "commit",
			    "an ancestor is not the generation of that "
			    "number");
	}
}

/* Has the generation all that it brought with it? */
static void
check_packs(struct verifier *v, const struct seen *s)
{
	char name[32];

	for (uint32_t i = 0; i < s->commit.pack_count; i++) {
		snprintf(name, sizeof(name), "pack%u", (unsigned)i);
		if (pack_size(v, s, i) == ABSENT)
			found(v, s->number, name, "missing");
		else if (pack_size(v, s, i) != s->commit.pack[i].size)
			found(v, s->number, name,
			    "not as long as its commit says");
	}
}

/* What is wrong with a place of len bytes; NULL: nothing. */
static const char *
judge_place(const struct verifier *v, const struct place *p, uint64_t len)
{
	const struct seen *s;

	if (p->gen == GEN_NONE || p->gen == GEN_HOLE)
		return NULL;
	if (p->gen > v->now->number)
		return "its content would lie in a later generation";
	s = find_seen(v, p->gen);
	if (s == NULL || !s->holds)
		return "the generation that holds its content is missing";
	if (p->pack >= s->commit.pack_count ||
	    pack_size(v, s, p->pack) == ABSENT)
		return "the pack that holds its content is missing";
	if (p->frame_len > pack_size(v, s, p->pack) ||
	    p->frame > pack_size(v, s, p->pack) - p->frame_len ||
	    len > FRAME_MAX || p->at > FRAME_MAX - len)
		return "its content would lie beyond the end of a pack";
	return NULL;
}

static int
check_entry(struct verifier *v, const struct entry *t, struct err *e)
{
	const struct extent *x;
	const char *wrong = NULL;

	v->out->entries++;
	if (t->type != ENTRY_FILE)
		return 0;
	if (entry_extent_count(t) == 0)
		wrong = judge_place(v, &t->place, t->size);
	for (uint32_t i = 0; i < entry_extent_count(t) && wrong == NULL; i++) {
		x = &t->extra->extents[i];
		wrong = judge_place(v, &x->place, x->len);
	}
	if (wrong == NULL && t->size > 0 && entry_extent_count(t) == 0 &&
	    t->place.gen == GEN_NONE)
		wrong = "its content is nowhere";
	if (wrong != NULL) {
		found(v, v->now->number, t->path, wrong);
		return 0;
	}
	if (!v->how->data)
		return 0;
	return contents_add(&v->contents, t, v->now->number, e);
}

/* Entries that the generation before had, too, were looked at there. */
static int
check_profile(struct verifier *v, const struct profile *before,
    const struct profile *p, struct err *e)
{
	struct tree_walk w = {
		.tree = { &before->tree, &p->tree },
		.count = 2,
	};
	const struct conflict *c, *old;

	while (tree_walk_next(&w))
		if (w.at[1] != NULL && w.at[1] != w.at[0] &&
		    check_entry(v, w.at[1], e) == -1)
			return -1;
	for (size_t i = 0; i < p->conflict_count; i++) {
		c = &p->conflict[i];
		old = profile_conflict(before, c->id);
		if ((old == NULL || old->loser != c->loser) &&
		    check_entry(v, c->loser, e) == -1)
			return -1;
	}
	return 0;
}

/* A generation with a manifest. *before and *known become it if it holds. */
static int
check_generation(struct verifier *v, struct profile *before,
    struct known *known, const struct decode *how, struct err *e)
{
	const struct seen *s = v->now;
	struct profile p = { 0 };
	int rc;

	v->out->generations++;
	check_packs(v, s);
	if (repo_profile(v->repo, &s->commit, known, how, &p, e) == -1) {
		if (!repo_is_damage(e))
			return -1;
		found(v, s->number, "manifest", e->text);
		return 0;
	}
	if (p.tree.count != s->commit.entries)
		found(v, s->number, "commit",
		    "another count of entries than in the manifest");
	rc = check_profile(v, before, &p, e);
	profile_free(before);
	*before = p;
	*known = (struct known){
		.profile = before,
		.number = s->number,
		.id = s->commit.id,
	};
	return rc;
}

/* Manifests, from the oldest on. Those of the oldest generations may have been
 * collected; none that follows one that is there. */
static int
check_manifests(struct verifier *v, const struct decode *how, struct err *e)
{
	struct profile before = { 0 };
	struct known known = { 0 };
	bool begun = false;
	int rc = 0;

	for (size_t i = 0; i < v->count && rc == 0; i++) {
		v->now = &v->seen[i];
		if (!v->now->holds)
			continue;
		check_chain(v, v->now);
		if (v->now->has_manifest) {
			begun = true;
			rc = check_generation(v, &before, &known, how, e);
		} else if (begun || i + 1 == v->count)
			found(v, v->now->number, "manifest", "missing");
		else
			v->out->records++;
	}
	profile_free(&before);
	return rc;
}

static int
check_data(struct verifier *v, struct err *e)
{
	struct pack_name name;
	const struct seen *s;

	for (size_t i = 0; i < v->count; i++) {
		s = &v->seen[i];
		for (uint32_t k = 0; k < s->commit.pack_count; k++) {
			name = (struct pack_name){ s->number, k };
			if (pack_size(v, s, k) == s->commit.pack[k].size &&
			    pack_check(v->repo->store, &name,
				&s->commit.pack[k], v->how, v->out, e) == -1)
				return -1;
		}
	}
	return contents_check(&v->contents, v->repo->store, v->how,
	    &v->out->findings, e);
}

int
repo_verify(struct repo *r, const struct verify *how, struct verified *out,
    struct err *e)
{
	struct verifier v = { .repo = r, .how = how, .out = out };
	struct arena arena = { 0 };
	struct machines machines = { .arena = &arena };
	struct decode decode = { .arena = &arena, .machines = &machines };
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (repo_list(r, e) == -1 || look_at_records(&v, e) == -1 ||
	    check_manifests(&v, &decode, e) == -1)
		goto out;
	if (check_empty(&v, e) == -1)
		goto out;
	rc = how->data ? check_data(&v, e) : 0;
out:
	for (size_t i = 0; i < v.count; i++)
		commit_free(&v.seen[i].commit);
	free(v.size);
	free(v.seen);
	free(v.empty);
	free(v.contents.at);
	machines_free(&machines);
	arena_free(&arena);
	return rc;
}
