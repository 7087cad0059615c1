#include "store/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/sweep.h"

#define SECOND_NS 1000000000

/* A generation as far as retention looks at it. */
struct past {
	uint64_t number;
	bool holds;  /* its record can be read */
	bool unborn; /* a number that is no generation */
	int64_t time_ns;
	uint64_t parent;
	uint32_t deltas;
	struct names files; /* owned; of an expired one, what is left to go */
	bool had_manifest;
};

struct collector {
	struct repo *repo; /* borrowed */
	struct sweep sweep;
	int64_t now_ns;
	uint64_t records;
	struct past *past; /* owned; ascending */
	size_t count;
	size_t first;    /* that is kept */
	bool remembered; /* a manifest stays that was to go, and so all packs */
	struct usage usage;
	struct profile head;    /* the newest kept one ... */
	struct known known;     /* ... that is this generation's */
	struct pack_size *left; /* owned: packs of expired ones that stay */
	size_t left_count, left_cap;
	struct collected *out;
};

/* What the record of a generation says. */
static int
read_record(struct collector *c, struct past *p, struct err *e)
{
	struct commit commit;

	if (repo_commit(c->repo, p->number, &commit, e) == -1) {
		p->unborn = repo_is_unborn(e);
		return repo_is_damage(e) ? 0 : -1;
	}
	p->holds = true;
	p->time_ns = commit.time_ns;
	p->parent = commit.parent;
	p->deltas = commit.deltas;
	commit_free(&commit);
	return 0;
}

/* What the records of all listed generations say that are newer than those
 * which were read before. */
static int
read_past(struct collector *c, struct err *e)
{
	const struct repo *r = c->repo;
	uint64_t read = c->count > 0 ? c->past[c->count - 1].number : 0;
	struct past *more;

	more = reallocarray(c->past, c->count + r->number_count + 1,
	    sizeof(*more));
	if (more == NULL)
		return err_sys(e, "generations");
	c->past = more;
	for (size_t i = 0; i < r->number_count; i++) {
		if (r->number[i] <= read)
			continue;
		more = &c->past[c->count++];
		*more = (struct past){ .number = r->number[i] };
		if (read_record(c, more, e) == -1)
			return -1;
	}
	return 0;
}

/* Index of a number, or count. */
static size_t
find_past(const struct collector *c, uint64_t number)
{
	size_t low = 0, high = c->count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (c->past[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->count && c->past[low].number == number ? low : c->count;
}

/*
 * The oldest generation to keep. Times are of the machines that wrote, which
 * may be wrong: one from the future counts as the time of the next newer
 * generation, and what lies between two that are kept is kept.
 */
static size_t
first_kept(const struct collector *c, const struct keep_policy *keep)
{
	uint64_t left = keep->keep_min > 0 ? keep->keep_min : 1;
	int64_t when = c->now_ns, since = INT64_MIN;
	size_t first = c->count;

	if (keep->keep_s < (uint64_t)INT64_MAX / SECOND_NS)
		since = c->now_ns - (int64_t)keep->keep_s * SECOND_NS;
	for (size_t i = c->count; i-- > 0;) {
		if (c->past[i].holds && c->past[i].time_ns <= c->now_ns)
			when = c->past[i].time_ns;
		if (left > 0 || when >= since)
			first = i;
		if (c->past[i].holds && left > 0)
			left--;
	}
	return first;
}

/* Back to the checkpoint that the manifests of all kept ones begin with. */
static size_t
with_checkpoint(const struct collector *c, size_t first)
{
	size_t parent;

	for (size_t i = c->count; i-- > first;) {
		if (!c->past[i].holds || c->past[i].deltas == 0)
			continue;
		parent = find_past(c, c->past[i].parent);
		if (parent < first)
			first = parent;
	}
	return first;
}

/* Read a kept generation, sharing what it can with the one before, whose place
 * it takes. */
static int
mark_one(struct collector *c, const struct past *p, const struct decode *how,
    struct err *e)
{
	struct commit commit = { 0 };
	struct profile now = { 0 };
	int rc;

	if (repo_commit(c->repo, p->number, &commit, e) == -1)
		return -1;
	rc = repo_profile(c->repo, &commit, &c->known, how, &now, e);
	if (rc == 0) {
		profile_free(&c->head);
		c->head = now;
		c->known = (struct known){
			.profile = &c->head,
			.number = commit.number,
			.id = commit.id,
		};
		rc = usage_add(&c->usage, &c->head, e);
	}
	commit_free(&commit);
	return rc;
}

/*
 * Which packs do the kept generations need, from that index on? Where the
 * oldest lack their manifests, a run with another policy has let them expire
 * before.
 */
static int
mark(struct collector *c, size_t from, const struct decode *how, struct err *e)
{
	for (size_t i = from; i < c->count; i++) {
		if (c->past[i].unborn || mark_one(c, &c->past[i], how, e) == 0)
			continue;
		if (!repo_is_damage(e))
			return -1;
		if (e->kind == ERR_GONE && c->known.profile == NULL &&
		    i + 1 < c->count) {
			c->first = i + 1;
			continue;
		}
		c->out->damaged++;
		c->out->note = *e;
	}
	return 0;
}

/* Take stock of an expired generation, and take its manifest: from then on
 * nobody brings back what it names. */
static int
forget(struct collector *c, struct past *p, struct err *e)
{
	uint64_t newest = c->past[c->count - 1].number;
	char dir[STORE_PATH_MAX + 1];
	struct names *n = &p->files;
	int rc;

	/* What was begun and never finished keeps its number taken. */
	if (p->unborn && p->number + c->records > newest)
		return 0;
	if (sweep_list(c->repo->store, repo_path(dir, p->number, ""), n, e) ==
	    -1)
		return -1;
	for (size_t i = 0; i < n->count && !c->sweep.dry; i++) {
		if (strcmp(n->at[i].name, "manifest") != 0)
			continue;
		if ((rc = sweep_remove(&c->sweep, dir, &n->at[i], e)) == -1)
			return -1;
		if (rc == 1) {
			c->remembered = true;
			continue;
		}
		n->at[i--] = n->at[--n->count];
		p->had_manifest = true;
	}
	return 0;
}

/*
 * What was published while the manifests were still there may have brought back
 * contents that no other kept generation names (roam-store(5)).
 */
static int
mark_news(struct collector *c, const struct decode *how, struct err *e)
{
	size_t known;
	bool forgot = false;

	for (size_t i = 0; i < c->first; i++)
		forgot |= c->past[i].had_manifest;
	if (!forgot)
		return 0;
	/* What was in the making may be a generation by now. */
	while (c->count > c->first && c->past[c->count - 1].unborn)
		c->count--;
	known = c->count;
	if (repo_list(c->repo, e) == -1 || read_past(c, e) == -1)
		return -1;
	return mark(c, known, how, e);
}

static int
keep_pack(struct collector *c, uint64_t gen, uint32_t pack, uint64_t size,
    struct err *e)
{
	struct pack_size *more;
	size_t cap;

	if (c->left_count == c->left_cap) {
		cap = c->left_cap < 64 ? 64 : c->left_cap * 2;
		more = reallocarray(c->left, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, "packs");
		c->left = more;
		c->left_cap = cap;
	}
	c->left[c->left_count++] = (struct pack_size){ { gen, pack }, size };
	return 0;
}

/* The number in "pack7"; false for the name of another file. */
static bool
pack_number(const char *name, uint32_t *out)
{
	static const char stem[] = "pack";
	uint64_t n;
	struct err e;

	if (strncmp(name, stem, strlen(stem)) != 0 ||
	    text_number(name + strlen(stem), 0, COMMIT_PACKS_MAX - 1, &n, &e) ==
		-1)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* Leave in n what is to go of an expired generation if its commit stays.
 * *needed: somebody needs one of the packs. */
static int
sort_files(struct collector *c, uint64_t number, struct names *n, bool *needed,
    struct err *e)
{
	size_t going = 0;
	uint32_t pack;

	*needed = false;
	for (size_t i = 0; i < n->count; i++) {
		if (strcmp(n->at[i].name, "commit") == 0)
			continue;
		if (pack_number(n->at[i].name, &pack) &&
		    usage_has(&c->usage, number, pack)) {
			*needed = true;
			if (keep_pack(c, number, pack, n->at[i].size, e) == -1)
				return -1;
			continue;
		}
		n->at[going++] = n->at[i];
	}
	n->count = going;
	return 0;
}

/* What is held of it counts when it goes. */
static int
remove_files(struct collector *c, const char *dir, const struct past *p,
    struct err *e)
{
	const struct names *n = &p->files;
	bool gone = p->had_manifest;
	int rc = 0;

	for (size_t i = 0; i < n->count && rc != -1; i++) {
		rc = sweep_remove(&c->sweep, dir, &n->at[i], e);
		gone |= rc == 0;
		c->out->packs += rc == 0 && n->at[i].name[0] == 'p';
	}
	c->out->expired += gone;
	return rc == -1 ? -1 : 0;
}

static int
remove_whole(struct collector *c, const char *dir, const struct names *n,
    struct err *e)
{
	int rc = sweep_discard(&c->sweep, dir, dir + strlen("gen/"), e);

	if (rc != 0)
		return rc == -1 ? -1 : 0;
	c->out->expired++;
	c->out->removed++;
	for (size_t i = 0; i < n->count; i++)
		c->out->packs += n->at[i].name[0] == 'p';
	return 0;
}

/* What of an expired generation is not needed any more. */
static int
expire(struct collector *c, struct past *p, struct err *e)
{
	uint64_t newest = c->past[c->count - 1].number;
	char dir[STORE_PATH_MAX + 1];
	bool needed;

	if (p->unborn && p->number + c->records > newest)
		return 0;
	repo_path(dir, p->number, "");
	if (sort_files(c, p->number, &p->files, &needed, e) == -1)
		return -1;
	if (!needed && p->number + c->records <= newest)
		return remove_whole(c, dir, &p->files, e);
	return remove_files(c, dir, p, e);
}

static int
by_name(const void *a, const void *b)
{
	const struct pack_size *x = a, *y = b;

	if (x->name.gen != y->name.gen)
		return x->name.gen < y->name.gen ? -1 : 1;
	if (x->name.pack != y->name.pack)
		return x->name.pack < y->name.pack ? -1 : 1;
	return 0;
}

/* Manifests first, all of them; then packs. */
static int
expire_all(struct collector *c, const struct decode *how, struct err *e)
{
	for (size_t i = 0; i < c->first; i++)
		if (forget(c, &c->past[i], e) == -1)
			return -1;
	if (c->remembered) {
		for (size_t i = 0; i < c->first; i++)
			c->out->expired += c->past[i].had_manifest;
		return 0;
	}
	if (mark_news(c, how, e) == -1)
		return -1;
	for (size_t i = 0; i < c->first && c->out->damaged == 0; i++)
		if (expire(c, &c->past[i], e) == -1)
			return -1;
	return 0;
}

static int
collect_generations(struct collector *c, const struct keep_policy *keep,
    const struct decode *how, struct err *e)
{
	struct collected *out = c->out;
	struct sparse_list sparse;

	if (read_past(c, e) == -1)
		return -1;
	c->first = with_checkpoint(c, first_kept(c, keep));
	if (mark(c, c->first, how, e) == -1)
		return -1;
	if (out->damaged == 0 && expire_all(c, how, e) == -1)
		return -1;
	out->kept = c->count - c->first;
	if (out->damaged > 0)
		return 0;
	if (c->left_count > 1)
		qsort(c->left, c->left_count, sizeof(*c->left), by_name);
	if (usage_sparse(c->repo->store, &c->head, c->left, c->left_count,
		&sparse, e) == -1)
		return -1;
	out->sparse = sparse.at;
	out->sparse_count = sparse.count;
	return 0;
}

static int
collect(struct collector *c, const struct keep_policy *keep,
    const struct decode *how, struct err *e)
{
	struct collected *out = c->out;

	/* The clock's own directory in tmp/ is not for an empty store. */
	if (repo_list(c->repo, e) == -1)
		return -1;
	c->now_ns = keep->now_ns;
	c->records =
	    keep->records > COLLECT_RECORDS ? keep->records : COLLECT_RECORDS;
	if (c->now_ns == 0 && sweep_clock(&c->sweep, &c->now_ns, e) == -1)
		return -1;
	if (sweep_trash(&c->sweep, &out->leftovers, e) == -1 ||
	    sweep_drafts(&c->sweep,
		c->now_ns - (int64_t)COLLECT_DRAFT_S * SECOND_NS,
		&out->leftovers, e) == -1)
		return -1;
	return collect_generations(c, keep, how, e);
}

int
repo_collect(struct repo *r, const struct keep_policy *keep, bool dry,
    struct collected *out, struct err *e)
{
	struct collected result = { 0 };
	struct collector c = {
		.repo = r,
		.sweep = { .store = r->store, .dry = dry },
		.out = &result,
	};
	struct arena arena = { 0 };
	struct machines machines = { .arena = &arena };
	struct decode how = { .arena = &arena, .machines = &machines };
	int rc;

	rc = collect(&c, keep, &how, e);
	result.bytes = c.sweep.bytes;
	result.held = c.sweep.held;
	result.held_note = c.sweep.note;
	if (rc == 0)
		*out = result;
	else
		collected_free(&result);
	profile_free(&c.head);
	usage_free(&c.usage);
	free(c.left);
	for (size_t i = 0; i < c.count; i++)
		free(c.past[i].files.at);
	free(c.past);
	machines_free(&machines);
	arena_free(&arena);
	return rc;
}

void
collected_free(struct collected *c)
{
	free(c->sparse);
	c->sparse = NULL;
	c->sparse_count = 0;
}
