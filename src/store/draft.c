#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/repo.h"

/* How often an unknown outcome is looked into before we give up for now. */
#define TRIES_MAX 3
#define WAIT_MS   200
/*
 * A listing that is no older says what there is: for a number to have been used
 * and collected since, and be free again, 64 generations would have to come
 * after it.
 */
#define FRESH_S 60.0

struct draft {
	struct repo *repo; /* borrowed */
	struct packer *packer;
	bool written; /* manifest and commit, or a part of them, exist */
	bool published;
	/* The number under which it may yet be published, by a request that
	 * was never answered; 0: none. Nothing may be changed then. */
	uint64_t unsure;
	char dir[STORE_PATH_MAX + 1];
};

static const char *
file_path(const struct draft *d, char out[STORE_PATH_MAX + 1], const char *name)
{
	snprintf(out, STORE_PATH_MAX + 1, "%.*s/%s", STORE_PATH_MAX - 32,
	    d->dir, name);
	return out;
}

/* Somebody else may make it at the same time. */
static int
make_dir(struct store *s, const char *path, struct err *e)
{
	if (store_mkdir(s, path, e) == -1 && e->kind != ERR_RACE)
		return -1;
	return 0;
}

/* The directory of a draft; the ones above it too where this is the store's
 * first. gen/ comes first, so that where tmp/ is gen/ is. */
static int
make_dirs(struct store *s, const char *dir, struct err *e)
{
	if (store_mkdir(s, dir, e) == 0)
		return 0;
	if (e->kind != ERR_GONE)
		return -1;
	if (make_dir(s, "gen", e) == -1 || make_dir(s, "tmp", e) == -1)
		return -1;
	return store_mkdir(s, dir, e);
}

int
draft_new(struct draft **out, struct repo *r, const struct hash *id, int level,
    struct err *e)
{
	char hex[HASH_HEX_MAX];
	struct draft *d;
	int rc = -1;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return err_sys(e, "draft");
	d->repo = r;
	snprintf(d->dir, sizeof(d->dir), "tmp/%s", hash_hex(id, hex));
	if (make_dirs(r->store, d->dir, e) == -1)
		goto out;
	if (packer_new(&d->packer, r->store, d->dir, level, e) == -1)
		goto out;
	*out = d;
	d = NULL;
	rc = 0;
out:
	free(d);
	return rc;
}

struct packer *
draft_packer(struct draft *d)
{
	return d->packer;
}

static int
write_file(struct draft *d, const char *name, const void *bytes, size_t len,
    struct err *e)
{
	char path[STORE_PATH_MAX + 1];
	struct store_file *f;
	struct err lost;
	int rc;

	if (store_create(d->repo->store, file_path(d, path, name), &f, e) == -1)
		return -1;
	rc = store_write(f, bytes, len, e);
	/* The first failure is the one to tell of. */
	if (store_finish(f, rc == 0, rc == 0 ? e : &lost) == -1)
		rc = -1;
	return rc;
}

static int
remove_file(struct draft *d, const char *name, struct err *e)
{
	char path[STORE_PATH_MAX + 1];

	return store_remove(d->repo->store, file_path(d, path, name), false, e);
}

/* The packs that are now complete become c's. */
static int
seal_packs(struct draft *d, struct commit *c, struct err *e)
{
	const struct sealed *packs;
	const struct run *runs;
	struct sealed *copy = NULL;
	uint32_t count;

	if (packer_finish(d->packer, &runs, &packs, &count, e) == -1)
		return -1;
	if (count > 0) {
		if ((copy = reallocarray(NULL, count, sizeof(*copy))) == NULL)
			return err_sys(e, "commit");
		memcpy(copy, packs, count * sizeof(*copy));
	}
	free(c->pack);
	c->pack = copy;
	c->pack_count = count;
	return 0;
}

static int
write_records(struct draft *d, struct commit *c, const void *manifest,
    size_t len, struct err *e)
{
	struct buf b = { .max = COMMIT_SIZE_MAX };
	int rc = -1;

	if (seal_packs(d, c, e) == -1)
		return -1;
	c->manifest.size = len;
	c->manifest.hash = hash_of(manifest, len);
	if (commit_encode(&b, c, e) == -1 || buf_check(&b, e) == -1)
		goto out;
	/* Those of an attempt that was refused for certain. */
	if (d->written &&
	    (remove_file(d, "commit", e) == -1 ||
		remove_file(d, "manifest", e) == -1))
		goto out;
	d->written = true;
	if (write_file(d, "manifest", manifest, len, e) == -1 ||
	    write_file(d, "commit", b.bytes, b.len, e) == -1)
		goto out;
	rc = 0;
out:
	buf_free(&b);
	return rc;
}

enum outcome {
	OUTCOME_ERROR,
	OUTCOME_OURS,
	OUTCOME_TAKEN, /* by somebody else */
	OUTCOME_FREE,
};

/* Whose is the number? */
static enum outcome
look(struct draft *d, const struct commit *c, struct err *e)
{
	struct commit there = { 0 };
	enum outcome is;

	if (repo_commit(d->repo, c->number, &there, e) == 0) {
		is =
		    hash_same(&there.id, &c->id) ? OUTCOME_OURS : OUTCOME_TAKEN;
		commit_free(&there);
		return is;
	}
	if (e->kind == ERR_GONE) /* or begun, and never to be finished */
		return e->sys == ECANCELED ? OUTCOME_TAKEN : OUTCOME_FREE;
	/* Damaged or of a newer format: not ours, which is whole. */
	if (e->kind == ERR_FORMAT || e->kind == ERR_POLICY)
		return OUTCOME_TAKEN;
	return OUTCOME_ERROR;
}

/*
 * One attempt at the rename. A request without an answer may be carried out at
 * any later time, so from then on only the same rename is made again, until
 * the number has an owner.
 */
static enum outcome
attempt(struct draft *d, const struct commit *c, struct err *e)
{
	struct store *s = d->repo->store;
	char to[STORE_PATH_MAX + 1];
	struct err first;
	enum outcome is;

	repo_path(to, c->number, "");
	if (store_publish(s, d->dir, to, e) == 0)
		return OUTCOME_OURS;
	/* Somebody may have tidied up gen/, empty as it was. */
	if (e->kind == ERR_GONE && d->unsure == 0 &&
	    make_dir(s, "gen", e) == 0 && store_publish(s, d->dir, to, e) == 0)
		return OUTCOME_OURS;
	if (e->kind == ERR_OFFLINE) {
		d->unsure = c->number;
		first = *e;
		is = look(d, c, e);
		if (is != OUTCOME_FREE)
			return is;
		*e = first;
		return OUTCOME_ERROR;
	}
	/* Refused; but by an earlier attempt of our own? */
	if (d->unsure != 0 && (e->kind == ERR_RACE || e->kind == ERR_GONE))
		return look(d, c, e);
	return e->kind == ERR_RACE ? OUTCOME_TAKEN : OUTCOME_ERROR;
}

static int
rename_draft(struct draft *d, const struct commit *c, struct err *e)
{
	unsigned long long number = c->number;
	struct err why;

	for (unsigned i = 0; i < TRIES_MAX; i++) {
		if (i > 0)
			clock_sleep_ms(WAIT_MS << i);
		switch (attempt(d, c, e)) {
		case OUTCOME_OURS:
			d->published = true;
			return 0;
		case OUTCOME_TAKEN:
			/* A late rename now fails for certain. */
			d->unsure = 0;
			return err_set(e, ERR_RACE,
			    "generation %llu: somebody else was first", number);
		case OUTCOME_FREE:
			return err_set(e, ERR_STORE,
			    "generation %llu: what was to be published is gone",
			    number);
		case OUTCOME_ERROR:
			if (d->unsure == 0)
				return -1;
		}
	}
	why = *e;
	return err_set(e, ERR_OFFLINE,
	    "generation %llu: not known whether it was published: %s", number,
	    why.text);
}

/*
 * After all others have seen it, too: are we in the history that goes on? Whoever
 * slept since the last listing may have got a number that was free once more;
 * and where the outcome was not known others may have gone on without us.
 */
static int
check_ancestry(struct draft *d, const struct commit *c, bool was_unsure,
    struct err *e)
{
	struct repo *r = d->repo;
	struct commit head = { 0 };
	size_t damaged = 0;
	bool yes = false;
	int rc;

	if (!was_unsure && clock_since_boot_s() - r->listed_s < FRESH_S)
		return 0;
	if (repo_list(r, e) == -1)
		return -1;
	if (repo_next(r) == c->number + 1)
		return 0;
	if (repo_head_before(r, UINT64_MAX, &head, &damaged, NULL, e) == -1)
		return -1;
	rc = repo_descends(r, &head, c->number, &c->id, &yes, e);
	if (rc == 0 && !yes)
		rc = err_set(e, ERR_STORE,
		    "generation %llu: published, but generation %llu goes on "
		    "from an older one",
		    (unsigned long long)c->number,
		    (unsigned long long)head.number);
	commit_free(&head);
	return rc;
}

int
draft_publish(struct draft *d, struct commit *c, const void *manifest,
    size_t len, struct err *e)
{
	if (d->published)
		return err_set(e, ERR_STORE, "%s: published already", d->dir);
	if (d->unsure != 0 && d->unsure != c->number)
		return err_set(e, ERR_OFFLINE,
		    "generation %llu: not known whether it was published",
		    (unsigned long long)d->unsure);
	if (d->unsure == 0 && write_records(d, c, manifest, len, e) == -1)
		return -1;
	if (rename_draft(d, c, e) == -1)
		return -1;
	return check_ancestry(d, c, d->unsure != 0, e);
}

/* As far as that works: what stays behind is collected some day. */
static void
discard(struct draft *d, uint32_t pack_count)
{
	char name[32];
	struct err e;

	for (uint32_t i = 0; i < pack_count; i++) {
		snprintf(name, sizeof(name), "pack%u", (unsigned)i);
		if (remove_file(d, name, &e) == -1)
			return;
	}
	if (d->written &&
	    (remove_file(d, "commit", &e) == -1 ||
		remove_file(d, "manifest", &e) == -1))
		return;
	if (store_remove(d->repo->store, d->dir, true, &e) == -1)
		return;
}

void
draft_free(struct draft *d)
{
	uint32_t pack_count;

	if (d == NULL)
		return;
	pack_count = packer_pack_count(d->packer);
	packer_free(d->packer);
	/* What may yet be published has to stay as it is; and somebody who has
	 * no time left does not tidy up. */
	if (!d->published && d->unsure == 0 && !store_is_late(d->repo->store))
		discard(d, pack_count);
	free(d);
}
