#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "local/flush.h"
#include "local/shelf.h"
#include "local/stage.h"
#include "store/fetch.h"
#include "sync/index.h"
#include "sync/inspect.h"
#include "sync/older.h"
#include "sync/receive.h"
#include "sync/waits.h"

#define COPY_LEN ((size_t)1 << 20) /* bytes a read */

/* One staged file in the making. */
struct job {
	const struct entry *want;
	size_t op;        /* index in the plan */
	uint64_t missing; /* bytes that are still to come */
	bool failed;
	bool is_loser;
};

struct receiver {
	const struct receive_in *in;
	struct job *job; /* owned */
	size_t job_count;
	struct want *want; /* owned */
	size_t want_count;
	size_t want_cap;
	struct index home;   /* files of the home by content */
	unsigned char *copy; /* COPY_LEN bytes, owned */
	struct inspect *inspect;
	struct flush *flush;
	uint64_t done, of; /* bytes, for progress */
	uint64_t fetched;
};

static const char *
job_name(const struct job *j, char out[STAGE_NAME_MAX])
{
	return stage_name(out, &j->want->hash, j->op);
}

static void
job_fail(struct receiver *r, struct job *j, const struct err *why)
{
	char name[STAGE_NAME_MAX];
	enum why w = WHY_DAMAGED;

	if (why->kind == ERR_SYSTEM)
		w = why->sys == ENOSPC || why->sys == EDQUOT ? WHY_NOSPACE
							     : WHY_BROKEN;
	j->failed = true;
	(void)unlinkat(r->in->stagefd, job_name(j, name), 0);
	op_fail(&r->in->plan->op[j->op], w);
	r->in->plan->op[j->op].lost = w == WHY_DAMAGED && !j->is_loser;
}

static int
add_want(struct receiver *r, const struct want *w, struct err *e)
{
	size_t cap = r->want_cap > 0 ? r->want_cap * 2 : 256;
	struct want *grown;

	if (r->want_count == r->want_cap) {
		if ((grown = realloc(r->want, cap * sizeof(*grown))) == NULL)
			return err_sys(e, "list of contents");
		r->want = grown;
		r->want_cap = cap;
	}
	r->want[r->want_count++] = *w;
	return 0;
}

/* A large file's signature is worth a second reading later, no more: one that
 * cannot be kept is no fault of this run. */
static void
keep_sig(const struct receiver *r, const struct job *j, const struct buf *sig)
{
	struct err why;

	if (sig->len > 0 &&
	    state_put_sig(r->in->c->statefd, &j->want->hash, sig->bytes,
		sig->len, &why) == -1)
		log_line(LOG_LEVEL_DEBUG, "signature: %s", why.text);
}

/* Is the staged file what its name says? */
static int
check_staged(struct receiver *r, const struct job *j, int fd, struct err *e)
{
	struct buf sig = { 0 };
	int rc = inspect_file(fd, j->want, &sig, e);

	if (rc == 0)
		keep_sig(r, j, &sig);
	buf_free(&sig);
	return rc;
}

/* The same, told by the crew. */
static void
told(size_t tag, const struct buf *sig, const struct err *why, void *arg)
{
	struct receiver *r = arg;
	struct job *j = &r->job[tag];

	if (why != NULL)
		job_fail(r, j, why);
	else
		keep_sig(r, j, sig);
}

/* Bytes from an open file of the home to a staged one. */
struct copy {
	int from_fd, fd;
	uint64_t from, off; /* where in each */
	uint64_t len;
};

static int
copy_range(struct receiver *r, struct copy c, struct err *e)
{
	size_t n;
	ssize_t got;

	while (c.len > 0) {
		n = c.len < COPY_LEN ? (size_t)c.len : COPY_LEN;
		got = io_read_at(c.from_fd, r->copy, n, c.from, e);
		if (got == -1)
			return -1;
		if ((size_t)got != n)
			return err_set(e, ERR_RACE, "became shorter");
		if (io_write_at(c.fd, r->copy, n, c.off, e) == -1)
			return -1;
		c.from += n;
		c.off += n;
		c.len -= n;
	}
	return 0;
}

/* All of an open file of the home, then a look at what came of it. */
static int
copy_whole(struct receiver *r, const struct job *j, int from_fd, int fd,
    struct err *e)
{
	const struct copy all = { .from_fd = from_fd,
		.fd = fd,
		.len = j->want->size };

	if (copy_range(r, all, e) == -1)
		return -1;
	return check_staged(r, j, fd, e);
}

/* The whole content lies in the home under another name: copy and check. */
static bool
copy_from_home(struct receiver *r, struct job *j)
{
	char name[STAGE_NAME_MAX];
	const struct entry *twin = index_find(&r->home, j->want);
	struct err e;
	int from = -1, fd = -1;
	bool ok = false;

	if (twin == NULL)
		return false;
	from = root_at(&r->in->c->root, twin->path, O_RDONLY, &e);
	if (from == -1)
		return false;
	fd = stage_create(r->in->stagefd, job_name(j, name), j->want->size, &e);
	if (fd != -1)
		ok = copy_whole(r, j, from, fd, &e) == 0;
	if (fd != -1)
		close(fd);
	close(from);
	if (fd != -1 && !ok)
		(void)unlinkat(r->in->stagefd, name, 0);
	return ok;
}

/* A version that lost a conflict is taken back, or comes beside the one that
 * won: it lies on the shelf. */
static bool
copy_from_shelf(struct receiver *r, struct job *j)
{
	const struct op *op = &r->in->plan->op[j->op];
	char name[STAGE_NAME_MAX];
	struct err e;
	int from, fd;
	bool ok = false;

	if (!r->in->taking && !op->beside)
		return false;
	from = shelf_open(r->in->c->statefd,
	    shelf_id(op->beside ? op->from : j->want), &e);
	if (from == -1)
		return false;
	fd = stage_create(r->in->stagefd, job_name(j, name), j->want->size, &e);
	if (fd != -1) {
		ok = copy_whole(r, j, from, fd, &e) == 0;
		close(fd);
		if (!ok)
			(void)unlinkat(r->in->stagefd, name, 0);
	}
	close(from);
	return ok;
}

/* Each extent: a hole, a piece of the older version, or wanted. */
static int
gather(struct receiver *r, size_t job, struct older *o, int fd, struct err *e)
{
	struct job *j = &r->job[job];
	struct extent one;
	const struct extent *x;
	uint64_t off = 0, from;
	size_t count;

	x = extents_of(j->want, &one, &count);
	for (size_t i = 0; i < count; off += x[i++].len) {
		struct want w = { .place = x[i].place,
			.len = x[i].len,
			.tag = job,
			.off = off };

		if (x[i].place.gen == GEN_HOLE)
			continue;
		if (o->fd != -1 &&
		    sources_find(&o->sources, &x[i].place, x[i].len, &from) &&
		    copy_range(r,
			(struct copy){ o->fd, fd, from, off, x[i].len },
			e) == 0)
			continue;
		if (add_want(r, &w, e) == -1)
			return -1;
		j->missing += x[i].len;
	}
	r->of += j->missing;
	return 0;
}

/* A file of more than one piece is made at once and filled as pieces come. */
static int
begin_large(struct receiver *r, size_t job, struct err *e)
{
	struct job *j = &r->job[job];
	char name[STAGE_NAME_MAX];
	struct older o;
	struct err why;
	int fd, rc = 0;

	fd = stage_create(r->in->stagefd, job_name(j, name), j->want->size,
	    &why);
	if (fd == -1) {
		job_fail(r, j, &why);
		return 0;
	}
	older_open(&o, r->in->c, &r->in->plan->op[j->op], j->is_loser);
	rc = gather(r, job, &o, fd, e);
	older_close(&o);
	if (rc == 0 && j->missing == 0 && check_staged(r, j, fd, &why) == -1)
		job_fail(r, j, &why);
	close(fd);
	return rc;
}

/* A small file in one piece: checked in memory, then written. */
static int
write_small(struct receiver *r, const struct job *j, const void *bytes,
    struct err *e)
{
	char name[STAGE_NAME_MAX];
	struct hash got = hash_of(bytes, (size_t)j->want->size);
	int fd, rc;

	if (!hash_same(&got, &j->want->hash))
		return err_set(e, ERR_FORMAT,
		    "content does not match its hash");
	fd = stage_create(r->in->stagefd, job_name(j, name), j->want->size, e);
	if (fd == -1)
		return -1;
	rc = io_write(fd, bytes, (size_t)j->want->size, e);
	close(fd);
	return rc;
}

/* What a driver made lies in memory. */
static bool
take_merged(struct receiver *r, struct job *j)
{
	const struct blended *made = blend_find(r->in->blend, j->want);
	struct err why;

	if (made == NULL || made->bytes.len == 0)
		return false;
	if (write_small(r, j, made->bytes.bytes, &why) == -1)
		job_fail(r, j, &why);
	return true;
}

static int
begin_job(struct receiver *r, size_t job, struct err *e)
{
	struct job *j = &r->job[job];
	struct want w = { .tag = job };

	if (j->want->size > CONTENT_MAX) {
		j->failed = true;
		op_fail(&r->in->plan->op[j->op], WHY_LARGE);
		return 0;
	}
	if (copy_from_shelf(r, j) || take_merged(r, j) || copy_from_home(r, j))
		return 0;
	if (j->want->size == 0 || entry_extent_count(j->want) > 0)
		return begin_large(r, job, e);
	w.place = j->want->place;
	w.len = j->missing = j->want->size;
	r->of += w.len;
	return add_want(r, &w, e);
}

static int
write_piece(struct receiver *r, const struct job *j, const struct want *w,
    const void *bytes, struct err *e)
{
	char name[STAGE_NAME_MAX];
	int fd, rc;

	fd = openat(r->in->stagefd, job_name(j, name),
	    O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return err_sys(e, "%s", name);
	rc = io_write_at(fd, bytes, w->len, w->off, e);
	close(fd);
	if (rc == 0 && j->missing == w->len)
		rc = inspect_add(r->inspect, w->tag, name, j->want, e);
	return rc;
}

static int
deliver(const struct want *w, const void *bytes, const struct err *why,
    void *arg, struct err *e)
{
	struct receiver *r = arg;
	struct job *j = &r->job[w->tag];
	struct err failed;
	int rc;

	(void)e;
	r->done += w->len;
	r->fetched += bytes != NULL ? w->len : 0;
	if (j->failed)
		return 0;
	if (bytes == NULL) {
		job_fail(r, j, why);
		return 0;
	}
	if (entry_extent_count(j->want) == 0)
		rc = write_small(r, j, bytes, &failed);
	else
		rc = write_piece(r, j, w, bytes, &failed);
	j->missing -= w->len;
	if (rc == -1)
		job_fail(r, j, &failed);
	flush_note(r->flush, w->len);
	if (r->in->progress != NULL)
		r->in->progress(r->done, r->of, r->in->arg);
	return 0;
}

/* Which ops want content: their results, and the store's losers. */
static int
list_jobs(struct receiver *r, struct err *e)
{
	const struct plan *p = r->in->plan;
	const struct entry *want;
	const struct op *op;
	bool loser;

	if ((r->job = calloc(p->count + 1, sizeof(*r->job))) == NULL)
		return err_sys(e, "list of contents");
	for (size_t i = 0; i < p->count; i++) {
		op = &p->op[i];
		loser = r->in->losers && op->loser != NULL &&
		    !op->loser_is_local && op->loser->type == ENTRY_FILE;
		want = loser ? op->loser : op->result;
		if (op->state == OP_PLANNED && (loser || op_needs_content(op)))
			r->job[r->job_count++] = (struct job){ .want = want,
				.op = i,
				.is_loser = loser };
	}
	return 0;
}

/* The store's losers, now staged, go to the shelf. */
static int
shelve_losers(struct receiver *r, struct err *e)
{
	char name[STAGE_NAME_MAX];
	struct context *c = r->in->c;

	for (size_t i = 0; i < r->job_count; i++) {
		const struct job *j = &r->job[i];
		struct conflict lost = { .id = shelf_id(j->want),
			.loser = j->want,
			.machine = j->want->machine,
			.time_ns = r->in->now_ns };

		if (!j->is_loser || j->failed ||
		    r->in->plan->op[j->op].state != OP_PLANNED)
			continue;
		if (shelf_keep_staged(c->statefd, r->in->stagefd,
			job_name(j, name), &lost, e) == -1)
			return -1;
	}
	return 0;
}

/* The time is up: what is not complete waits, as if it had not been asked for.
 * Whole files go on to their places. */
static int
postpone(struct receiver *r, const struct err *why)
{
	struct job *j;

	if (why->kind != ERR_LATE)
		return -1;
	for (size_t i = 0; i < r->job_count; i++) {
		j = &r->job[i];
		if (j->failed || j->missing == 0)
			continue;
		j->failed = true;
		waits_late(r->in->plan, j->op);
		*r->in->late = true;
	}
	return 0;
}

static int
receive_jobs(struct receiver *r, struct err *e)
{
	if (r->job_count == 0)
		return 0;
	if ((r->copy = malloc(COPY_LEN)) == NULL)
		return err_sys(e, "copy buffer");
	if (inspect_new(&r->inspect, r->in->stagefd, told, r, e) == -1 ||
	    flush_new(&r->flush, r->in->stagefd, e) == -1 ||
	    index_new(&r->home, &r->in->local->tree, false, e) == -1)
		return -1;
	for (size_t i = 0; i < r->job_count; i++)
		if (begin_job(r, i, e) == -1)
			return -1;
	if (r->want_count > 0 &&
	    fetch_run(r->in->c->store, r->want, r->want_count, deliver, r, e) ==
		-1 &&
	    postpone(r, e) == -1)
		return -1;
	inspect_end(r->inspect);
	return shelve_losers(r, e);
}

int
receive(const struct receive_in *in, uint64_t *bytes, struct err *e)
{
	struct receiver r = { .in = in };
	int rc = -1;

	if (list_jobs(&r, e) == 0 &&
	    stage_fetching(in->stagefd, r.job_count > 0, e) == 0)
		rc = receive_jobs(&r, e);
	/* What is there now is whole. */
	if (rc == 0)
		rc = stage_fetching(in->stagefd, false, e);
	*bytes = r.fetched;
	free(r.job);
	free(r.want);
	index_free(&r.home);
	flush_free(r.flush);
	free(r.copy);
	inspect_free(r.inspect);
	return rc;
}
