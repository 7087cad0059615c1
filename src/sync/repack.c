#include "sync/repack.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "sync/lumps.h"
#include "sync/slices.h"

/* A checkpoint is written instead of a delta that says more than half of it. */
#define DELTA_SHARE 2

struct repacker {
	struct context *c; /* borrowed */
	struct head head;
	struct lumps lumps;
	struct draft *draft;
	struct hash id;
	struct slices slices;
	struct hash_stream *stream;
	uint64_t done; /* bytes of the open member */
	uint64_t bytes;
	struct profile next;
	size_t changed; /* entries that lie elsewhere now */
};

/* Pieces have no attributes of their own. */
static int
begin(struct repacker *r, const struct parcel *p, struct err *e)
{
	struct packer *packer = draft_packer(r->draft);
	struct entry pieces = { .type = ENTRY_FILE, .mode = 0600 };
	char name[64];

	hash_stream_reset(r->stream);
	if (p->file != NULL)
		return packer_begin(packer, p->file, NULL, p->size, e);
	snprintf(name, sizeof(name), ".roam/moved-%zu",
	    (size_t)(p - r->lumps.parcel));
	pieces.path = name;
	pieces.path_len = (uint16_t)strlen(name);
	pieces.mtime_ns = r->head.commit.time_ns;
	return packer_begin(packer, &pieces, NULL, p->size, e);
}

/* What is damaged is not to look whole in a new pack. */
static int
end(struct repacker *r, struct parcel *p, struct err *e)
{
	struct hash got = hash_stream_get(r->stream);

	if (p->file != NULL && !hash_same(&got, &p->file->hash))
		return err_set(e, ERR_FORMAT,
		    "%s: content does not match its hash", p->file->path);
	r->done = 0;
	r->bytes += p->size;
	return packer_end(draft_packer(r->draft), &p->run_first, &p->run_count,
	    e);
}

/* A slices_deliver(). */
static int
take(const struct slice *slice, const void *bytes, const struct err *why,
    void *arg, struct err *e)
{
	struct repacker *r = arg;
	struct parcel *p = slice->of;

	if (bytes == NULL) {
		*e = *why;
		return -1;
	}
	if (r->done == 0 && begin(r, p, e) == -1)
		return -1;
	hash_stream_add(r->stream, bytes, (size_t)slice->len);
	if (packer_data(draft_packer(r->draft), bytes, (size_t)slice->len, e) ==
	    -1)
		return -1;
	r->done += slice->len;
	return r->done == p->size ? end(r, p, e) : 0;
}

static int
pack(struct repacker *r, struct err *e)
{
	struct lumps *l = &r->lumps;

	for (size_t i = 0; i < l->parcel_count; i++) {
		struct parcel *p = &l->parcel[i];

		for (size_t k = 0; k < p->count; k++) {
			const struct lump *at = &l->at[p->lump[k]];
			const struct slice s = { at->place, at->len, p };

			if (slices_add(&r->slices, &s, e) == -1)
				return -1;
		}
	}
	return slices_read(r->c->store, &r->slices, take, r, e);
}

/* t, or a copy that says where its content lies now; NULL: failed. */
static const struct entry *
moved(struct repacker *r, const struct entry *t, const struct run *runs,
    struct err *e)
{
	struct extents x = { 0 };
	struct entry *copy;
	int rc = -1;

	if (!lumps_touch(&r->lumps, t))
		return t;
	r->changed++;
	copy = entry_copy(&r->c->arena, t, e);
	if (copy != NULL && lumps_moved(&r->lumps, t, runs, &x, e) == 0)
		rc = extents_set(&x, copy, &r->c->arena, e);
	extents_free(&x);
	return rc == 0 ? copy : NULL;
}

static int
make_next(struct repacker *r, const struct run *runs, struct err *e)
{
	const struct profile *now = &r->head.profile;
	struct conflict lost;

	for (size_t i = 0; i < now->tree.count; i++) {
		const struct entry *t = moved(r, now->tree.entry[i], runs, e);

		if (t == NULL || tree_add(&r->next.tree, t, e) == -1)
			return -1;
	}
	for (size_t i = 0; i < now->conflict_count; i++) {
		lost = now->conflict[i];
		lost.loser = moved(r, lost.loser, runs, e);
		if (lost.loser == NULL ||
		    profile_add_conflict(&r->next, &lost, e) == -1)
			return -1;
	}
	return tree_check(&r->next.tree, e);
}

static int
publish(struct repacker *r, uint64_t *number, struct err *e)
{
	const struct commit *head = &r->head.commit;
	struct commit m = { .id = r->id, .time_ns = clock_now_ns() };
	struct buf manifest = { 0 };
	bool full = head->deltas + 1 > DELTAS_MAX ||
	    r->changed * DELTA_SHARE > r->next.tree.count;
	int rc = -1;

	repo_follow(r->c->repo, head, &m);
	if (context_sign(r->c, &m, e) == -1)
		return -1;
	m.rules = head->rules;
	m.entries = r->next.tree.count;
	m.bytes = r->bytes;
	m.deltas = full ? 0 : head->deltas + 1;
	if (manifest_encode(&manifest, full ? NULL : &r->head.profile, &r->next,
		e) == 0)
		rc = draft_publish(r->draft, &m, manifest.bytes, manifest.len,
		    e);
	if (rc == 0)
		*number = m.number;
	buf_free(&manifest);
	commit_free(&m);
	return rc;
}

static int
work(struct repacker *r, uint64_t *number, struct err *e)
{
	struct context *c = r->c;
	const struct sealed *packs;
	const struct run *runs;
	uint32_t pack_count;

	if (hash_stream_new(&r->stream, e) == -1 ||
	    hash_random(&r->id, e) == -1 ||
	    draft_new(&r->draft, c->repo, &r->id,
		(int)c->setup->conf.conf.compression, e) == -1)
		return -1;
	if (pack(r, e) == -1 ||
	    packer_finish(draft_packer(r->draft), &runs, &packs, &pack_count,
		e) == -1 ||
	    make_next(r, runs, e) == -1)
		return -1;
	return publish(r, number, e);
}

/* Is it ours to go on from? What another user writes here would be that user's
 * alone, and nobody builds on a damaged head without need. */
static bool
may_follow(const struct repacker *r)
{
	const struct head *h = &r->head;

	if (h->commit.number == 0 || h->damaged > 0)
		return false;
	if (strcmp(h->commit.user, r->c->setup->user) == 0)
		return true;
	log_line(LOG_LEVEL_INFO, "the profile is of %s: nothing is moved",
	    h->commit.user);
	return false;
}

int
repack(struct context *c, const struct sparse *sparse, size_t count,
    uint64_t *number, struct err *e)
{
	const struct known none = { .profile = NULL };
	const struct decode how = { .arena = &c->arena,
		.machines = &c->machines };
	struct repacker r = { .c = c };
	int rc;

	*number = 0;
	rc = repo_load(c->repo, &none, &how, &r.head, e);
	if (rc == 0)
		rc = lumps_find(&r.lumps, &r.head.profile, sparse, count, e);
	if (rc == 0 && may_follow(&r) && r.lumps.count > 0)
		rc = work(&r, number, e);
	if (rc == -1 && e->kind == ERR_RACE)
		rc = 0;
	draft_free(r.draft);
	hash_stream_free(r.stream);
	slices_free(&r.slices);
	lumps_free(&r.lumps);
	profile_free(&r.next);
	profile_free(&r.head.profile);
	commit_free(&r.head.commit);
	return rc;
}
