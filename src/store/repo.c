#include "store/repo.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANIFEST_SIZE_MAX ((uint64_t)1 << 30) /* bytes of the file */

bool
repo_is_damage(const struct err *e)
{
	return e->kind == ERR_FORMAT || e->kind == ERR_LIMIT ||
	    e->kind == ERR_GONE;
}

bool
repo_is_unborn(const struct err *e)
{
	return e->kind == ERR_GONE && (e->sys == ECANCELED || e->sys == EBUSY);
}

int
repo_open(struct repo **out, struct store *s, struct err *e)
{
	struct repo *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return err_sys(e, "store");
	r->store = s;
	*out = r;
	return 0;
}

void
repo_close(struct repo *r)
{
	if (r == NULL)
		return;
	free(r->number);
	free(r);
}

/* The numbers of a list in the making. */
struct numbers {
	uint64_t *at; /* owned */
	size_t count, cap;
	uint64_t highest;
};

static int
add_number(const struct store_item *item, void *arg, struct err *e)
{
	struct numbers *list = arg;
	const char *rest;
	uint64_t n = repo_number(item->name, &rest), *more;
	size_t cap;

	if (n != 0 && *rest != '\0')
		return 0;
	if (n > list->highest)
		list->highest = n;
	if (n == 0 || !item->is_dir)
		return 0;
	if (list->count == list->cap) {
		cap = list->cap < 64 ? 64 : list->cap * 2;
		if ((more = reallocarray(list->at, cap, sizeof(*more))) == NULL)
			return err_sys(e, "generations");
		list->at = more;
		list->cap = cap;
	}
	list->at[list->count++] = n;
	return 0;
}

static int
by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int
repo_list(struct repo *r, struct err *e)
{
	struct numbers list = { 0 };

	if (store_list(r->store, "gen", add_number, &list, e) == -1 &&
	    e->kind != ERR_GONE) {
		free(list.at);
		return -1;
	}
	if (list.count > 1)
		qsort(list.at, list.count, sizeof(*list.at), by_number);
	free(r->number);
	r->number = list.at;
	r->number_count = list.count;
	r->highest = list.highest;
	return 0;
}

int
repo_commit(struct repo *r, uint64_t number, struct commit *out, struct err *e)
{
	char path[STORE_PATH_MAX + 1];
	struct buf b = { .max = COMMIT_SIZE_MAX };
	struct commit c = { 0 };
	int rc = -1;

	if (store_load(r->store, repo_path(path, number, "commit"), &b, e) ==
		-1 ||
	    commit_decode(&c, b.bytes, b.len, e) == -1)
		goto out;
	if (c.number != number) {
		err_set(e, ERR_FORMAT, "commit: says generation %llu",
		    (unsigned long long)c.number);
		commit_free(&c);
		goto out;
	}
	*out = c;
	rc = 0;
out:
	if (rc == -1)
		err_wrap(e, "generation %llu", (unsigned long long)number);
	buf_free(&b);
	return rc;
}

int
repo_head_before(struct repo *r, uint64_t below, struct commit *out,
    size_t *damaged, struct err *note, struct err *e)
{
	for (size_t i = r->number_count; i-- > 0;) {
		if (r->number[i] >= below)
			continue;
		if (repo_commit(r, r->number[i], out, e) == 0)
			return 0;
		if (!repo_is_damage(e))
			return -1;
		if (repo_is_unborn(e))
			continue;
		if ((*damaged)++ == 0 && note != NULL)
			*note = *e;
	}
	memset(out, 0, sizeof(*out));
	return 0;
}

int
repo_head(struct repo *r, struct commit *out, size_t *damaged, struct err *note,
    struct err *e)
{
	*damaged = 0;
	if (repo_list(r, e) == -1)
		return -1;
	return repo_head_before(r, UINT64_MAX, out, damaged, note, e);
}

uint64_t
repo_next(const struct repo *r)
{
	return r->highest + 1;
}

void
repo_follow(const struct repo *r, const struct commit *parent, struct commit *c)
{
	uint32_t count = parent->ancestor_count;

	c->number = repo_next(r);
	c->parent = parent->number;
	c->parent_id = parent->id;
	c->parent_manifest = parent->manifest.hash;
	c->ancestor_count = 0;
	if (parent->number == 0)
		return;
	c->store_id = parent->store_id;
	c->ancestor[0] = (struct ancestor){ parent->number, parent->id };
	if (count > COMMIT_ANCESTORS - 1)
		count = COMMIT_ANCESTORS - 1;
	memcpy(&c->ancestor[1], parent->ancestor,
	    count * sizeof(parent->ancestor[0]));
	c->ancestor_count = count + 1;
}

/* A generation on the way back to a checkpoint, with its manifest's bytes. */
struct link {
	struct commit commit;
	struct buf manifest;
};

/* Manifests to be applied one after the other, the newest first. */
struct chain {
	struct link link[DELTAS_MAX + 1];
	size_t count;
};

static void
chain_free(struct chain *chain)
{
	if (chain == NULL)
		return;
	for (size_t i = 0; i < chain->count; i++) {
		/* The newest record is the caller's. */
		if (i > 0)
			commit_free(&chain->link[i].commit);
		buf_free(&chain->link[i].manifest);
	}
	free(chain);
}

/* The manifest file of c, as long and with the hash that c says. */
static int
load_manifest(struct repo *r, const struct commit *c, struct buf *out,
    struct err *e)
{
	char path[STORE_PATH_MAX + 1];
	struct hash hash;
	bool delta;

	if (c->manifest.size > MANIFEST_SIZE_MAX)
		return err_set(e, ERR_LIMIT,
		    "generation %llu: manifest: %llu bytes are too many",
		    (unsigned long long)c->number,
		    (unsigned long long)c->manifest.size);
	out->max = c->manifest.size + 1;
	if (store_load(r->store, repo_path(path, c->number, "manifest"), out,
		e) == -1)
		return err_wrap(e, "generation %llu",
		    (unsigned long long)c->number);
	hash = hash_of(out->bytes, out->len);
	if (out->len != c->manifest.size ||
	    !hash_same(&hash, &c->manifest.hash))
		return err_set(e, ERR_FORMAT,
		    "generation %llu: manifest: not what its commit says",
		    (unsigned long long)c->number);
	if (manifest_is_delta(out->bytes, out->len, &delta, e) == -1)
		return err_wrap(e, "generation %llu",
		    (unsigned long long)c->number);
	if (delta != (c->deltas > 0))
		return err_set(e, ERR_FORMAT,
		    "generation %llu: manifest: %s, its commit says otherwise",
		    (unsigned long long)c->number,
		    delta ? "is made against a parent" : "is complete");
	return 0;
}

/* Is p the parent that c names, and could it have been? */
static int
check_parent(const struct commit *c, const struct commit *p, struct err *e)
{
	const char *what = NULL;

	if (!hash_same(&c->parent_id, &p->id))
		what = "another id";
	else if (!hash_same(&c->parent_manifest, &p->manifest.hash))
		what = "another manifest";
	else if (!hash_same(&c->store_id, &p->store_id))
		what = "another store";
	else if (c->deltas != 0 && p->deltas + 1 != c->deltas)
		what = "another count of deltas";
	if (what == NULL)
		return 0;
	return err_set(e, ERR_FORMAT,
	    "generation %llu: its parent %llu has %s than it says",
	    (unsigned long long)c->number, (unsigned long long)p->number, what);
}

static bool
is_known(const struct known *known, const struct commit *c)
{
	return known != NULL && known->profile != NULL &&
	    known->number == c->number && hash_same(&known->id, &c->id);
}

/* Read back from the newest link to a checkpoint, or to the known profile,
 * which then is not in the chain but *base. */
static int
read_chain(struct repo *r, struct chain *chain, const struct known *known,
    const struct profile **base, struct err *e)
{
	struct link *l = &chain->link[0];

	*base = NULL;
	for (;;) {
		if (load_manifest(r, &l->commit, &l->manifest, e) == -1)
			return -1;
		if (l->commit.deltas == 0)
			return 0;
		if (chain->count == DELTAS_MAX + 1)
			return err_set(e, ERR_FORMAT,
			    "generation %llu: no checkpoint",
			    (unsigned long long)l->commit.number);
		if (repo_commit(r, l->commit.parent, &l[1].commit, e) == -1)
			return -1;
		chain->count++;
		if (check_parent(&l->commit, &l[1].commit, e) == -1)
			return -1;
		l++;
		if (is_known(known, &l->commit)) {
			*base = known->profile;
			commit_free(&l->commit);
			chain->count--;
			return 0;
		}
	}
}

/* Apply the manifests of a chain onto base, from its end to its beginning. */
static int
decode_chain(const struct chain *chain, const struct profile *base,
    const struct decode *how, struct profile *out, struct err *e)
{
	struct profile now = { 0 }, next;
	const struct profile *onto = base;
	struct decode with = *how;
	const struct link *l;

	for (size_t i = chain->count; i-- > 0;) {
		l = &chain->link[i];
		with.gen = l->commit.number;
		memset(&next, 0, sizeof(next));
		if (manifest_decode(&next, onto, l->manifest.bytes,
			l->manifest.len, &with, e) == -1) {
			profile_free(&now);
			return err_wrap(e, "generation %llu",
			    (unsigned long long)l->commit.number);
		}
		profile_free(&now);
		now = next;
		onto = &now;
	}
	*out = now;
	return 0;
}

/* The known profile once more. */
static int
copy_profile(const struct profile *p, struct profile *out, struct err *e)
{
	struct profile copy = { 0 };

	if (tree_copy(&copy.tree, &p->tree, e) == -1)
		return -1;
	for (size_t i = 0; i < p->conflict_count; i++)
		if (profile_add_conflict(&copy, &p->conflict[i], e) == -1) {
			profile_free(&copy);
			return -1;
		}
	*out = copy;
	return 0;
}

int
repo_profile(struct repo *r, const struct commit *c, const struct known *known,
    const struct decode *how, struct profile *out, struct err *e)
{
	const struct profile *base;
	struct chain *chain;
	int rc = -1;

	if (is_known(known, c))
		return copy_profile(known->profile, out, e);
	if ((chain = calloc(1, sizeof(*chain))) == NULL)
		return err_sys(e, "manifest");
	chain->link[0].commit = *c;
	chain->count = 1;
	if (read_chain(r, chain, known, &base, e) == 0)
		rc = decode_chain(chain, base, how, out, e);
	chain_free(chain);
	return rc;
}

/*
 * The newest generation by the last listing that holds as a whole. *vanished:
 * what was passed over was not there any more.
 */
static int
load_listed(struct repo *r, const struct known *known, const struct decode *how,
    struct head *out, struct err *e)
{
	uint64_t below = UINT64_MAX;

	for (;;) {
		if (repo_head_before(r, below, &out->commit, &out->damaged,
			&out->note, e) == -1)
			return -1;
		if (out->commit.number == 0)
			return 0;
		if (repo_profile(r, &out->commit, known, how, &out->profile,
			e) == 0)
			return 0;
		below = out->commit.number;
		commit_free(&out->commit);
		if (!repo_is_damage(e))
			return -1;
		if (out->damaged++ == 0)
			out->note = *e;
	}
}

int
repo_load(struct repo *r, const struct known *known, const struct decode *how,
    struct head *out, struct err *e)
{
	struct head head = { 0 };
	uint64_t newest;
	int rc;

	if (repo_list(r, e) == -1)
		return -1;
	rc = load_listed(r, known, how, &head, e);
	if (rc == 0 && head.damaged > 0) {
		/* Perhaps not damaged, but published and collected since. */
		newest = repo_next(r);
		if ((rc = repo_list(r, e)) == 0 && repo_next(r) != newest) {
			commit_free(&head.commit);
			profile_free(&head.profile);
			memset(&head, 0, sizeof(head));
			rc = load_listed(r, known, how, &head, e);
		}
	}
	if (rc == -1) {
		commit_free(&head.commit);
		profile_free(&head.profile);
		return -1;
	}
	*out = head;
	return 0;
}

/* The oldest ancestor of c at or above number whose record can be read; moves
 * *c there. False: there is none. */
static int
climb(struct repo *r, struct commit *c, uint64_t number, bool *moved,
    struct err *e)
{
	struct commit old = { 0 };

	*moved = false;
	for (uint32_t i = c->ancestor_count; i-- > 0;) {
		if (c->ancestor[i].number < number)
			continue;
		if (repo_commit(r, c->ancestor[i].number, &old, e) == -1) {
			if (!repo_is_damage(e))
				return -1;
			continue;
		}
		if (hash_same(&old.id, &c->ancestor[i].id)) {
			commit_free(c);
			*c = old;
			*moved = true;
			return 0;
		}
		commit_free(&old);
	}
	return 0;
}

int
repo_descends(struct repo *r, const struct commit *c, uint64_t number,
    const struct hash *id, bool *yes, struct err *e)
{
	struct commit at = *c;
	bool moved = true;
	int rc = 0;

	at.pack = NULL; /* the caller's */
	at.pack_count = 0;
	*yes = commit_descends(&at, number, id);
	while (!*yes && moved && at.number > number && at.ancestor_count > 0 &&
	    at.ancestor[at.ancestor_count - 1].number > number) {
		if ((rc = climb(r, &at, number, &moved, e)) == -1)
			break;
		*yes = commit_descends(&at, number, id);
	}
	commit_free(&at);
	return rc;
}
