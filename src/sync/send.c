#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "local/shelf.h"
#include "sync/index.h"
#include "sync/lean.h"
#include "sync/list.h"
#include "sync/mend.h"
#include "sync/place.h"
#include "sync/send.h"
#include "sync/waits.h"

#define GRACE_S 10.0

/* A checkpoint is written instead of a delta that says more than half of it. */
#define DELTA_SHARE 2

int
sender_new(struct sender *out, struct context *c, struct err *e)
{
	struct sender s = { .c = c };

	if (hash_random(&s.id, e) == -1 || contents_new(&s.contents, e) == -1)
		return -1;
	if (draft_new(&s.draft, c->repo, &s.id,
		(int)c->setup->conf.conf.compression, e) == -1) {
		contents_free(&s.contents);
		return -1;
	}
	s.contents.packer = draft_packer(s.draft);
	*out = s;
	return 0;
}

void
sender_free(struct sender *s)
{
	if (s->c == NULL)
		return;
	contents_free(&s->contents);
	draft_free(s->draft);
	*s = (struct sender){ 0 };
}

static bool
is_store_op(const struct op *op)
{
	return op->state == OP_PLANNED && (op->sides & SIDE_STORE) != 0;
}

int
send_is_needed(struct context *c, const struct plan *p, bool *needed,
    struct err *e)
{
	struct profile list = { 0 };
	bool changed;
	int rc;

	/* What was passed over has to be passed over no more. */
	*needed = (c->damaged > 0 && c->head.number > 0) || c->lost > 0;
	if (*needed)
		return 0;
	for (size_t i = 0; i < p->count; i++)
		if (is_store_op(&p->op[i])) {
			*needed = true;
			return 0;
		}
	rc = list_next(c, p, 0, &list, &changed, e);
	*needed = rc == 0 && changed;
	profile_free(&list);
	return rc;
}

/* What one call of send() works with. */
struct sending {
	struct sender *s;
	const struct send_in *in;
	struct index stored; /* the store's files by content */
	struct left leans;   /* of these, what older generations have */
	uint64_t done, of;
};

/* A version of op's file in the store that its new one can be cut from. */
static const struct entry *
find_older(struct sending *w, const struct op *op, struct blocks *blocks)
{
	const struct entry *older = op->remote != NULL ? op->remote : op->base;
	struct buf sig = { 0 };
	struct err e;
	int rc = -1;

	if (older == NULL || older->type != ENTRY_FILE ||
	    older->size < LARGE_FILE || op->result->size < LARGE_FILE ||
	    (older = index_find(&w->stored, older)) == NULL)
		return NULL;
	if (state_get_sig(w->s->c->statefd, &older->hash, &sig, &e) == 0)
		rc = blocks_decode(blocks, sig.bytes, sig.len, &e);
	buf_free(&sig);
	return rc == 0 && blocks->size == older->size ? older : NULL;
}

static int
pack_open(struct sending *w, const struct op *op, struct content_in *in,
    struct err *e)
{
	struct context *c = w->s->c;
	struct blocks blocks = { 0 };
	struct buf sig = { 0 };
	int rc;

	if (op != NULL)
		in->older = find_older(w, op, &blocks);
	in->older_blocks = &blocks;
	rc = contents_pack(&w->s->contents, in, &sig, e);
	if (rc == 0 && sig.len > 0)
		rc = state_put_sig(c->statefd, &in->entry->hash, sig.bytes,
		    sig.len, e);
	in->older = NULL;
	in->older_blocks = NULL;
	blocks_free(&blocks);
	buf_free(&sig);
	return rc;
}

/* Does the store have, or will it have, this content? */
static bool
is_stored(const struct sending *w, const struct entry *t)
{
	return t->type != ENTRY_FILE || t->size == 0 ||
	    index_find(&w->stored, t) != NULL ||
	    contents_has(&w->s->contents, t);
}

/* The content of an upload. What cannot be read, or is no longer what the scan
 * saw, fails alone and waits for the next run. */
static int
pack_op(struct sending *w, struct op *op, struct err *e)
{
	struct err why;
	struct stat st;
	struct content_in in = { .entry = op->result, .st = &st };
	int rc = -1;

	in.fd = root_at(&w->s->c->root, op->result->path, O_RDONLY, &why);
	if (in.fd == -1) {
		op_fail(op, why.sys == EACCES ? WHY_DENIED : WHY_CHANGED);
		return 0;
	}
	if (fstat(in.fd, &st) == -1)
		err_sys(&why, "%s", op->result->path);
	else if (!S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size != op->result->size)
		err_set(&why, ERR_RACE, "%s: changed", op->result->path);
	else
		rc = pack_open(w, op, &in, &why);
	close(in.fd);
	if (rc == 0)
		return 0;
	if (why.kind == ERR_RACE) {
		op_fail(op, WHY_CHANGED);
		return 0;
	}
	*e = why;
	return -1;
}

/* The content of a loser that lies on the shelf. ERR_RACE, ERR_GONE: what lies
 * there is not it. */
static int
pack_loser(struct sending *w, const struct conflict *lost, struct err *e)
{
	struct stat st;
	struct content_in in = { .entry = lost->loser, .st = &st };
	char name[64];
	int rc = -1;

	snprintf(name, sizeof(name), ".roam/conflict-%016llx",
	    (unsigned long long)lost->id);
	in.name = name;
	if ((in.fd = shelf_open(w->s->c->statefd, lost->id, e)) == -1)
		return -1;
	if (fstat(in.fd, &st) == -1)
		err_sys(e, "conflict %s", lost->loser->path);
	else
		rc = pack_open(w, NULL, &in, e);
	close(in.fd);
	return rc;
}

/* At the pace so far there is no time for it: op i waits. */
static bool
is_late(struct sending *w, const struct limits_pace *pace, size_t i)
{
	const struct op *op = &w->in->plan->op[i];

	if (!limits_too_late(w->in->limits, pace, op->result->size,
		clock_steady_s()))
		return false;
	waits_late(w->in->plan, i);
	*w->in->late = true;
	return true;
}

static int
pack_ops(struct sending *w, struct err *e)
{
	struct limits_pace pace = { .from_s = clock_steady_s() };
	struct plan *p = w->in->plan;
	struct op *op;

	for (size_t i = 0; i < p->count; i++)
		if (is_store_op(&p->op[i]) && p->op[i].result != NULL &&
		    !is_stored(w, p->op[i].result))
			w->of += p->op[i].result->size;
	for (size_t i = 0; i < p->count; i++) {
		op = &p->op[i];
		if (!is_store_op(op) || op->result == NULL ||
		    is_stored(w, op->result) || is_late(w, &pace, i))
			continue;
		if (pack_op(w, op, e) == -1)
			return -1;
		pace.bytes += op->result->size;
		w->done += op->result->size;
		if (w->in->progress != NULL)
			w->in->progress(w->done, w->of, w->in->progress_arg);
	}
	return 0;
}

/* A loser that cannot be published must not stop all that can. 1: what was
 * kept is damaged, and no other machine has it: it is listed no longer. */
static int
pack_or_drop(struct sending *w, const struct conflict *lost, struct err *e)
{
	const struct context *c = w->s->c;
	bool listed = profile_conflict(c->remote, lost->id) != NULL;

	if (mend_has_loser(c, lost->id) || is_stored(w, lost->loser) ||
	    pack_loser(w, lost, e) == 0)
		return 0;
	if (e->kind != ERR_RACE && e->kind != ERR_GONE)
		return -1;
	if (listed && e->kind == ERR_GONE)
		return 0;
	log_line(LOG_LEVEL_WARN,
	    "%s: the version that lost a conflict is damaged; what is left of "
	    "it lies in " ROAM_STATE_DIR "/lost",
	    lost->loser->path);
	return shelf_set_aside(c->statefd, lost->id, e) == -1 ? -1 : !listed;
}

/* The conflict list, and the contents of those losers that only lie here. */
static int
pack_list(struct sending *w, struct profile *now, struct err *e)
{
	struct context *c = w->s->c;
	size_t kept = 0;
	bool changed;
	int rc;

	if (list_next(c, w->in->plan, w->in->now_ns, now, &changed, e) == -1)
		return -1;
	for (size_t i = 0; i < now->conflict_count; i++) {
		if ((rc = pack_or_drop(w, &now->conflict[i], e)) == -1)
			return -1;
		if (rc == 0)
			now->conflict[kept++] = now->conflict[i];
	}
	now->conflict_count = kept;
	return 0;
}

static int
place_all(struct sending *w, struct profile *now, const struct run *runs,
    uint64_t number, struct err *e)
{
	struct plan *p = w->in->plan;

	for (size_t i = 0; i < p->count; i++) {
		struct op *op = &p->op[i];

		if (!is_store_op(op))
			continue;
		if (op->result != NULL &&
		    (op->result = place_entry(w->s, &w->stored, op->result,
			 runs, e)) == NULL)
			return -1;
		op->state = OP_DONE;
	}
	for (size_t i = 0; i < now->conflict_count; i++) {
		struct conflict *lost = &now->conflict[i];

		if (lost->gen == 0)
			lost->gen = number;
		if (mend_has_loser(w->s->c, lost->id) ||
		    !is_stored(w, lost->loser))
			continue;
		lost->loser =
		    place_entry(w->s, &w->stored, lost->loser, runs, e);
		if (lost->loser == NULL)
			return -1;
	}
	return 0;
}

static int
new_commit(const struct sending *w, const struct profile *now,
    struct commit *out, struct err *e)
{
	const struct context *c = w->s->c;
	const struct setup *setup = c->setup;
	struct commit m = { .id = w->s->id, .time_ns = w->in->now_ns };

	if (hash_random(&m.store_id, e) == -1)
		return -1;
	repo_follow(c->repo, &c->head, &m);
	if (context_sign(c, &m, e) == -1)
		return -1;
	if (setup->rules != NULL)
		m.rules = rules_hash(setup->rules);
	m.entries = now->tree.count;
	m.bytes = w->s->contents.bytes;
	for (size_t i = 0; i < w->in->plan->count; i++)
		m.changes += w->in->plan->op[i].state == OP_DONE &&
		    (w->in->plan->op[i].sides & SIDE_STORE) != 0;
	*out = m;
	return 0;
}

/* Full where there is no parent, the chain is long, or most of it changed. */
static int
encode(const struct context *c, const struct profile *now, struct commit *m,
    struct buf *manifest, struct err *e)
{
	bool full = c->head.number == 0 || c->head.deltas + 1 > DELTAS_MAX ||
	    m->changes * DELTA_SHARE > now->tree.count;

	m->deltas = full ? 0 : c->head.deltas + 1;
	return manifest_encode(manifest, full ? NULL : c->remote, now, e);
}

static int
publish(struct sending *w, struct profile *now, struct commit *m, struct err *e)
{
	struct buf manifest = { 0 };
	int rc = -1;

	if (tree_check(&now->tree, e) == -1)
		goto out;
	if (encode(w->s->c, now, m, &manifest, e) == -1)
		goto out;
	m->manifest.hash = hash_of(manifest.bytes, manifest.len);
	if (lean_intend(w->s->c, &w->leans, e) == -1 ||
	    w->in->intend(w->in->arg, now, m, e) == -1)
		goto out;
	/* From here on half a step helps nobody: each call has its deadline. */
	w->s->c->store->until_s = 0;
	rc = draft_publish(w->s->draft, m, manifest.bytes, manifest.len, e);
out:
	buf_free(&manifest);
	return rc;
}

/* Contents of an earlier attempt may rest on what that head had. */
static int
recheck(struct sending *w, struct err *e)
{
	struct usage named = { 0 };
	int rc;

	if (w->s->contents.count == 0)
		return 0;
	rc = usage_add(&named, w->s->c->remote, e);
	if (rc == 0)
		contents_recheck(&w->s->contents, &named);
	usage_free(&named);
	return rc;
}

/* What need not be packed. */
static int
find_stored(struct sending *w, struct context *c, struct err *e)
{
	if (index_new(&w->stored, mend_tree(c), true, e) == -1 ||
	    index_add_losers(&w->stored, mend_profile(c), true, e) == -1)
		return -1;
	return lean_find(c, w->in->plan, &w->stored, &w->leans, e);
}

/* Fills in now, or says that what could be read is no news. */
static int
pack_all(struct sending *w, struct profile *now, bool *needed, struct err *e)
{
	struct context *c = w->s->c;

	if (recheck(w, e) == -1 || find_stored(w, c, e) == -1 ||
	    pack_ops(w, e) == -1)
		return -1;
	waits_torn(&c->root, w->in->plan, w->in->local);
	if (send_is_needed(c, w->in->plan, needed, e) == -1)
		return -1;
	return *needed ? pack_list(w, now, e) : 0;
}

static int
send_all(struct sending *w, struct commit *m, struct profile *now,
    struct err *e)
{
	struct context *c = w->s->c;
	const struct sealed *packs;
	const struct run *runs;
	uint32_t pack_count;
	bool needed;

	if (pack_all(w, now, &needed, e) == -1)
		return -1;
	if (!needed)
		return 0;
	/* What is on its way has some time more to arrive. */
	if (c->store->until_s > 0)
		c->store->until_s += GRACE_S;
	if (packer_finish(w->s->contents.packer, &runs, &packs, &pack_count,
		e) == -1 ||
	    place_all(w, now, runs, repo_next(c->repo), e) == -1 ||
	    plan_new_store(&now->tree, w->in->plan, mend_tree(c), e) == -1 ||
	    new_commit(w, now, m, e) == -1)
		return -1;
	return publish(w, now, m, e);
}

/*
 * Contents of the generation that did not come to be have no place. The home's
 * tree shares what own_entry() gave, and must not remember one.
 */
static void
forget_place(const struct entry *t)
{
	struct entry *own = entry_own(t);
	bool is_new = t->place.gen == GEN_SELF;
	struct extra *extra;

	for (uint32_t i = 0; i < entry_extent_count(t); i++)
		is_new |= t->extra->extents[i].place.gen == GEN_SELF;
	if (!is_new)
		return;
	own->place = (struct place){ 0 };
	if (entry_extent_count(t) > 0) {
		extra = entry_own_extra(own); /* made when it was placed */
		extra->extents = NULL;
		extra->extent_count = 0;
	}
}

/* It did not come to a generation: the store's side is still to be done. */
static void
not_done(struct plan *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct op *op = &p->op[i];

		if ((op->sides & SIDE_STORE) == 0)
			continue;
		if (op->state == OP_DONE)
			op->state = OP_PLANNED;
		if (op->result != NULL && op->state == OP_PLANNED)
			forget_place(op->result);
	}
}

int
send_generation(struct sender *s, const struct send_in *in,
    struct commit *commit, struct profile *now, struct err *e)
{
	struct sending w = { .s = s, .in = in };
	struct commit m = { 0 };
	struct profile made = { 0 };
	int rc;

	rc = send_all(&w, &m, &made, e);
	index_free(&w.stored);
	left_free(&w.leans);
	if (rc == -1) {
		not_done(in->plan);
		commit_free(&m);
		profile_free(&made);
		return -1;
	}
	*commit = m;
	*now = made;
	return 0;
}
