#include "store/press.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "store/frame.h"

/* Frames are mostly of the target's size; this much more costs no moving. */
#define FRAME_ROOM (FRAME_TARGET + (FRAME_TARGET >> 2))

#define END_RING 16
_Static_assert(END_RING > PRESS_LAG, "what is asked for is still there");

/* One frame, on its way through the threads. */
struct job {
	struct buf raw;
	struct buf packed;
	struct deflater *deflater; /* owned */
	size_t run_first, run_end;
	bool ends_pack;
	int rc;
	struct err err;
};

struct press {
	struct store *store; /* borrowed */
	struct crew *crew;
	struct job *job; /* owned array */
	size_t job_count;
	struct job **idle; /* owned array of jobs that nobody uses */
	size_t idle_count;
	struct job *frame; /* in the making */
	/* Frames of its pack that were handed over; of the pack being written
	 * that were written, and how long it was after each of the newest. */
	size_t cut, settled;
	uint64_t end[END_RING];
	struct run *run; /* owned */
	size_t run_count, run_cap;
	struct sealed *sealed; /* owned; one for each pack begun */
	uint32_t sealed_count, sealed_cap;
	struct hash_stream *hash; /* of the pack that is being written */
	struct store_file *file;  /* that pack; NULL: none */
	/* The pack before it: left alone for a while, so that its bytes can
	 * reach the disk while the next ones are compressed. */
	struct store_file *last;
	uint64_t written;
	bool broken;
	struct err why;
	char dir[STORE_PATH_MAX + 1];
};

static void
deflate_job(void *item, void *arg)
{
	struct job *j = item;

	(void)arg;
	j->rc = frame_deflate(j->deflater, j->raw.bytes, j->raw.len, &j->packed,
	    &j->err);
}

static int
break_off(struct press *p, const struct err *e)
{
	p->broken = true;
	p->why = *e;
	return -1;
}

static int
still_whole(const struct press *p, struct err *e)
{
	if (!p->broken)
		return 0;
	*e = p->why;
	return -1;
}

int
press_new(struct press **out, struct store *s, const char *dir, int level,
    struct err *e)
{
	unsigned threads = crew_size();
	size_t depth = threads + 2 < PRESS_LAG ? threads + 2 : PRESS_LAG;
	struct press *p;
	int rc = -1;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return err_sys(e, "pack");
	p->store = s;
	snprintf(p->dir, sizeof(p->dir), "%s", dir);
	p->job_count = depth + 1;
	if ((p->job = calloc(p->job_count, sizeof(*p->job))) == NULL ||
	    (p->idle = calloc(p->job_count, sizeof(struct job *))) == NULL) {
		err_sys(e, "pack");
		goto out;
	}
	for (size_t i = 0; i < p->job_count; i++) {
		p->job[i].raw.max = FRAME_MAX;
		if (deflater_new(&p->job[i].deflater, level, e) == -1)
			goto out;
		p->idle[p->idle_count++] = &p->job[i];
	}
	if (hash_stream_new(&p->hash, e) == -1 ||
	    crew_new(&p->crew, threads, depth, deflate_job, NULL, e) == -1)
		goto out;
	p->frame = p->idle[--p->idle_count];
	*out = p;
	p = NULL;
	rc = 0;
out:
	press_free(p);
	return rc;
}

static void
give_up(struct store_file *f)
{
	struct err e;

	/* Whoever collects removes what stays behind. */
	if (f != NULL && store_finish(f, false, &e) == -1)
		return;
}

void
press_free(struct press *p)
{
	if (p == NULL)
		return;
	crew_free(p->crew); /* the jobs are ours all the time */
	give_up(p->file);
	give_up(p->last);
	for (size_t i = 0; p->job != NULL && i < p->job_count; i++) {
		buf_free(&p->job[i].raw);
		buf_free(&p->job[i].packed);
		deflater_free(p->job[i].deflater);
	}
	hash_stream_free(p->hash);
	free(p->job);
	free(p->idle);
	free(p->run);
	free(p->sealed);
	free(p);
}

struct buf *
press_frame(struct press *p)
{
	return &p->frame->raw;
}

int
press_run(struct press *p, uint64_t len, size_t *index, struct err *e)
{
	struct run *more;
	size_t cap;

	if (p->run_count == p->run_cap) {
		cap = p->run_cap < 64 ? 64 : p->run_cap * 2;
		if ((more = reallocarray(p->run, cap, sizeof(*more))) == NULL)
			return err_sys(e, "pack");
		p->run = more;
		p->run_cap = cap;
	}
	p->run[p->run_count] = (struct run){
		.len = len,
		.place = { .gen = GEN_SELF, .at = (uint32_t)p->frame->raw.len },
	};
	*index = p->run_count++;
	p->frame->run_end = p->run_count;
	return 0;
}

/* Close the pack whose bytes were all written before the present one's. */
static int
finish_last(struct press *p, struct err *e)
{
	struct store_file *f = p->last;

	if (f == NULL)
		return 0;
	p->last = NULL;
	return store_finish(f, true, e);
}

static int
begin_file(struct press *p, struct err *e)
{
	char path[STORE_PATH_MAX + 1];
	struct sealed *more;
	uint32_t cap;

	if (p->sealed_count == COMMIT_PACKS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d packs",
		    COMMIT_PACKS_MAX);
	if (p->sealed_count == p->sealed_cap) {
		cap = p->sealed_cap < 16 ? 16 : p->sealed_cap * 2;
		more = reallocarray(p->sealed, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, "pack");
		p->sealed = more;
		p->sealed_cap = cap;
	}
	snprintf(path, sizeof(path), "%.*s/pack%u", STORE_PATH_MAX - 16, p->dir,
	    (unsigned)p->sealed_count);
	if (store_create(p->store, path, &p->file, e) == -1)
		return -1;
	p->sealed[p->sealed_count++] = (struct sealed){ 0 };
	hash_stream_reset(p->hash);
	p->settled = 0;
	return 0;
}

/* Write a compressed frame, and note where its runs came to lie. */
static int
write_job(struct press *p, struct job *j, struct err *e)
{
	struct sealed *pack;

	if (j->rc == -1) {
		*e = j->err;
		return -1;
	}
	if (p->file == NULL && begin_file(p, e) == -1)
		return -1;
	pack = &p->sealed[p->sealed_count - 1];
	for (size_t i = j->run_first; i < j->run_end; i++) {
		p->run[i].place.pack = p->sealed_count - 1;
		p->run[i].place.frame = pack->size;
		p->run[i].place.frame_len = (uint32_t)j->packed.len;
	}
	if (store_write(p->file, j->packed.bytes, j->packed.len, e) == -1)
		return -1;
	hash_stream_add(p->hash, j->packed.bytes, j->packed.len);
	pack->size += j->packed.len;
	p->written += j->packed.len;
	p->end[p->settled++ % END_RING] = pack->size;
	if (!j->ends_pack)
		return 0;
	pack->hash = hash_stream_get(p->hash);
	store_seal(p->file);
	if (finish_last(p, e) == -1)
		return -1;
	p->last = p->file;
	p->file = NULL;
	return 0;
}

/* Take a job from the threads and write it. */
static int
retire(struct press *p, struct job *j, struct err *e)
{
	int rc = write_job(p, j, e);

	buf_clear(&j->raw);
	buf_clear(&j->packed);
	p->idle[p->idle_count++] = j;
	return rc;
}

static int
hand_over(struct press *p, bool ends_pack, struct err *e)
{
	struct job *j = p->frame;

	if (buf_check(&j->raw, e) == -1)
		return -1;
	j->run_end = p->run_count;
	j->ends_pack = ends_pack;
	if (crew_is_full(p->crew) && retire(p, crew_take(p->crew), e) == -1)
		return -1;
	crew_put(p->crew, j);
	while ((j = crew_try_take(p->crew)) != NULL)
		if (retire(p, j, e) == -1)
			return -1;

	p->cut = ends_pack ? 0 : p->cut + 1;
	p->frame = p->idle[--p->idle_count];
	p->frame->run_first = p->run_count;
	if (buf_room(&p->frame->raw, FRAME_ROOM) == NULL)
		return buf_check(&p->frame->raw, e);
	return 0;
}

int
press_cut(struct press *p, struct err *e)
{
	if (still_whole(p, e) == -1)
		return -1;
	if (p->frame->raw.len == 0 && !p->frame->raw.bad)
		return 0;
	return hand_over(p, false, e) == -1 ? break_off(p, e) : 0;
}

int
press_end_pack(struct press *p, struct err *e)
{
	if (still_whole(p, e) == -1)
		return -1;
	assert(p->frame->raw.len > 0 || p->frame->raw.bad);
	return hand_over(p, true, e) == -1 ? break_off(p, e) : 0;
}

int
press_finish(struct press *p, const struct run **runs,
    const struct sealed **packs, uint32_t *pack_count, struct err *e)
{
	struct job *j;

	if (still_whole(p, e) == -1)
		return -1;
	while ((j = crew_take(p->crew)) != NULL)
		if (retire(p, j, e) == -1)
			return break_off(p, e);
	assert(p->file == NULL && p->frame->raw.len == 0);
	if (finish_last(p, e) == -1)
		return break_off(p, e);
	*runs = p->run;
	*packs = p->sealed;
	*pack_count = p->sealed_count;
	return 0;
}

uint32_t
press_pack_count(const struct press *p)
{
	return p->sealed_count;
}

size_t
press_run_count(const struct press *p)
{
	return p->run_count;
}

uint64_t
press_written(const struct press *p)
{
	return p->written;
}

uint64_t
press_pack_settled(const struct press *p)
{
	if (p->cut <= PRESS_LAG)
		return 0;
	return p->end[(p->cut - PRESS_LAG - 1) % END_RING];
}
