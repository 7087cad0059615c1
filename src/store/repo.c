#include "store/repo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

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

/* A name in gen/ beside the generations, so that looking for it costs nothing:
 * users get the profile, and what they change in it is dropped. */
#define MANDATORY "mandatory"

/* The numbers of a list in the making. */
struct numbers {
	uint64_t *at; /* owned */
	size_t count, cap;
	uint64_t highest;
	bool mandatory;
};

static int
add_number(const struct store_item *item, void *arg, struct err *e)
{
	struct numbers *list = arg;
	const char *rest;
	uint64_t n = repo_number(item->name, &rest), *more;
	size_t cap;

	list->mandatory |= strcmp(item->name, MANDATORY) == 0;
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
	double start = clock_since_boot_s();

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
	r->mandatory = list.mandatory;
	r->listed_s = start;
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
