#include <stdlib.h>
#include <string.h>

#include "store/repo.h"

#define MANIFEST_SIZE_MAX ((uint64_t)1 << 30) /* bytes of the file */

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

/* Is the known profile what c was made against, by what its own commit said?
 * Then that need not be read again. */
static bool
is_known_parent(const struct known *known, const struct commit *c)
{
	return known != NULL && known->profile != NULL &&
	    known->number == c->parent &&
	    hash_same(&known->id, &c->parent_id) &&
	    hash_same(&known->manifest, &c->parent_manifest) &&
	    hash_same(&known->store_id, &c->store_id);
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
		if (is_known_parent(known, &l->commit)) {
			*base = known->profile;
			return 0;
		}
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

int
repo_is_whole(struct repo *r, uint64_t number, bool *yes, struct err *e)
{
	char path[STORE_PATH_MAX + 1], byte;

	*yes = true;
	if (store_read(r->store, repo_path(path, number, "manifest"), 0, &byte,
		1, e) == 0)
		return 0;
	*yes = false;
	return repo_is_damage(e) ? 0 : -1;
}
