#include "sync/clean.h"

#include <stdlib.h>

#include "base/log.h"
#include "store/sweep.h"
#include "store/usage.h"
#include "sync/repack.h"

#define SECOND_NS 1000000000

/* Contents are moved only to free so much. */
#define WORTH_BYTES ((uint64_t)1 << 20)

/* Of the publications that clean up: one in so many. */
#define EVERY 32
/* ... and only if so great a part of the history has expired, at least. */
#define DUE_SHARE 8

static struct keep_policy
policy(const struct context *c)
{
	const struct conf *conf = &c->setup->conf.conf;

	return (struct keep_policy){ .keep_s = conf->keep_s,
		.keep_min = conf->keep_min,
		.records = conf->records };
}

static uint64_t
sum_sparse(const struct collected *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->sparse_count; i++)
		sum += c->sparse[i].size - c->sparse[i].live;
	return sum;
}

/* That some contents are damaged is no reason to fail: verify tells of it. */
static int
move(struct context *c, struct cleaned *to, struct err *e)
{
	const struct collected *done = &to->collected;

	if (repack(c, done->sparse, done->sparse_count, &to->published, e) == 0)
		return 0;
	if (!repo_is_damage(e))
		return -1;
	log_line(LOG_LEVEL_WARN, "old packs stay as they are: %s", e->text);
	return 0;
}

int
clean_store(struct context *c, bool dry_run, struct cleaned *out, struct err *e)
{
	const struct keep_policy keep = policy(c);
	struct cleaned now = { 0 };

	if (repo_collect(c->repo, &keep, dry_run, &now.collected, e) == -1)
		return -1;
	now.sparse_bytes = sum_sparse(&now.collected);
	if (!dry_run && now.sparse_bytes >= WORTH_BYTES &&
	    move(c, &now, e) == -1) {
		cleaned_free(&now);
		return -1;
	}
	*out = now;
	return 0;
}

void
cleaned_free(struct cleaned *c)
{
	collected_free(&c->collected);
}

/* Index of the oldest that was not collected; it goes from the oldest on. */
static int
find_oldest(struct context *c, size_t *out, struct err *e)
{
	struct repo *r = c->repo;
	size_t low = 0, high = r->number_count, mid;
	bool whole;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (repo_is_whole(r, r->number[mid], &whole, e) == -1)
			return -1;
		if (whole)
			high = mid;
		else
			low = mid + 1;
	}
	*out = low;
	return 0;
}

/*
 * Has enough expired to read the whole history for it? Asked by a look at a few
 * records. A chain of manifests longer than any shows whether the oldest is
 * needed for what comes behind it.
 */
static int
is_due(struct context *c, int64_t now_ns, bool *due, struct err *e)
{
	const struct keep_policy keep = policy(c);
	size_t oldest, at, count = c->repo->number_count;
	struct commit commit;

	*due = false;
	if (find_oldest(c, &oldest, e) == -1)
		return -1;
	at = (count - oldest) / DUE_SHARE;
	at = oldest + (at > DELTAS_MAX ? at : DELTAS_MAX + 1);
	if (at >= count || count - at <= keep.keep_min)
		return 0;
	if (repo_commit(c->repo, c->repo->number[at], &commit, e) == -1)
		return repo_is_damage(e) ? 0 : -1;
	*due = commit.time_ns < now_ns - (int64_t)keep.keep_s * SECOND_NS;
	commit_free(&commit);
	return 0;
}

/* The frames that a profile needs. */
struct frames {
	struct place *at; /* owned */
	size_t count, cap;
};

/* A usage_visit(). */
static int
add_frame(const struct place *place, uint64_t len, void *arg, struct err *e)
{
	struct frames *f = arg;
	size_t cap = f->cap > 0 ? f->cap * 2 : 1024;
	struct place *grown;

	(void)len;
	if (f->count == f->cap) {
		grown = reallocarray(f->at, cap, sizeof(*grown));
		if (grown == NULL)
			return err_sys(e, "frames");
		f->at = grown;
		f->cap = cap;
	}
	f->at[f->count++] = *place;
	return 0;
}

static int
by_frame(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->gen != y->gen)
		return x->gen < y->gen ? -1 : 1;
	if (x->pack != y->pack)
		return x->pack < y->pack ? -1 : 1;
	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* Compressed bytes of those. */
static int
sum_live(const struct profile *p, uint64_t *out, struct err *e)
{
	struct frames f = { 0 };
	int rc;

	*out = 0;
	rc = usage_each(p, add_frame, &f, e);
	if (f.count > 1)
		qsort(f.at, f.count, sizeof(*f.at), by_frame);
	for (size_t i = 0; i < f.count; i++)
		if (i == 0 || by_frame(&f.at[i - 1], &f.at[i]) != 0)
			*out += f.at[i].frame_len;
	free(f.at);
	return rc;
}

/* What a killed run left behind goes whether or not anything has expired. */
static int
sweep(struct context *c, int64_t *now_ns, struct err *e)
{
	struct sweep w = { .store = c->store };
	uint64_t count = 0;

	if (sweep_clock(&w, now_ns, e) == -1 ||
	    sweep_trash(&w, &count, e) == -1)
		return -1;
	return sweep_drafts(&w, *now_ns - (int64_t)COLLECT_DRAFT_S * SECOND_NS,
	    &count, e);
}

static int
clean(struct context *c, const struct profile *head, struct err *e)
{
	const struct keep_policy keep = policy(c);
	struct cleaned now = { 0 };
	uint64_t live;
	int64_t now_ns;
	bool due;
	int rc = 0;

	if (sweep(c, &now_ns, e) == -1 || is_due(c, now_ns, &due, e) == -1)
		return -1;
	if (!due)
		return 0;
	if (repo_collect(c->repo, &keep, false, &now.collected, e) == -1)
		return -1;
	now.sparse_bytes = sum_sparse(&now.collected);
	if (now.sparse_bytes >= WORTH_BYTES) {
		rc = sum_live(head, &live, e);
		if (rc == 0 && now.sparse_bytes > live / 2)
			rc = move(c, &now, e);
	}
	log_line(LOG_LEVEL_INFO,
	    "collected %llu bytes that the history does not need any more",
	    (unsigned long long)now.collected.bytes);
	cleaned_free(&now);
	return rc;
}

void
clean_sometimes(struct context *c, uint64_t published,
    const struct profile *head)
{
	struct err e;

	if (published % EVERY == 0 && clean(c, head, &e) == -1)
		log_line(LOG_LEVEL_WARN,
		    "the store was not cleaned up, that is tried again "
		    "later: %s",
		    e.text);
}
