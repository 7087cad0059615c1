#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "local/meta.h"
#include "local/scan_parts.h"
#include "local/vouch.h"

#define CHUNK   ((size_t)1 << 20)
#define TRIES   2
#define LOOK_MS 100 /* how often who waits is asked */

/* The whole of a file that fits into one chunk; no stream is worth it. */
static int
hash_small(int fd, char *buf, size_t size, struct hash *out, struct err *e)
{
	ssize_t n = io_read_at(fd, buf, size + 1, 0, e);

	if (n == -1)
		return -1;
	if ((size_t)n != size)
		return err_set(e, ERR_RACE, "changed while it was read");
	*out = hash_of(buf, size);
	return 0;
}

static int
hash_large(int fd, char *buf, uint64_t size, const atomic_bool *stop,
    struct hash *out, struct err *e)
{
	struct hash_stream *s = NULL;
	uint64_t at = 0;
	ssize_t n;
	int rc = -1;

	if (hash_stream_new(&s, e) == -1)
		return -1;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while ((n = io_read_at(fd, buf, CHUNK, at, e)) > 0) {
		hash_stream_add(s, buf, (size_t)n);
		at += (uint64_t)n;
		if (at > size) /* or it may grow as fast as we read */
			break;
		if (stop != NULL && *stop)
			break;
	}
	if (n == -1)
		goto out;
	if (at != size) {
		err_set(e, ERR_RACE, "changed while it was read");
		goto out;
	}
	*out = hash_stream_get(s);
	rc = 0;
out:
	hash_stream_free(s);
	return rc;
}

static int
hash_open(int fd, const struct stat *st, const atomic_bool *stop,
    struct hash *out, struct err *e)
{
	uint64_t size = (uint64_t)st->st_size;
	struct stat after;
	char *buf;
	int rc;

	if ((buf = malloc(size < CHUNK ? size + 1 : CHUNK)) == NULL)
		return err_sys(e, "hash");
	if (size < CHUNK)
		rc = hash_small(fd, buf, size, out, e);
	else
		rc = hash_large(fd, buf, size, stop, out, e);
	free(buf);
	if (rc == -1)
		return -1;
	if (fstat(fd, &after) == -1)
		return err_sys(e, "stat");
	if (!stat_same(st, &after))
		return err_set(e, ERR_RACE, "changed while it was read");
	return 0;
}

int
scan_hash(int fd, const struct stat *st, struct hash *out, struct err *e)
{
	return hash_open(fd, st, NULL, out, e);
}

/* Reading leaves no trace where that is for us to say. */
static int
open_file(const struct reading *r, struct err *e)
{
	int fd;

	fd = root_at(r->root, r->path, O_RDONLY | O_NOFOLLOW | O_NOATIME, e);
	if (fd == -1 && e->sys == EPERM)
		fd = root_at(r->root, r->path, O_RDONLY | O_NOFOLLOW, e);
	return fd;
}

static int
read_open(struct reading *r, int fd, struct err *e)
{
	if (fstat(fd, &r->st) == -1)
		return err_sys(e, "stat");
	if (!S_ISREG(r->st.st_mode) || r->st.st_uid != r->root->uid)
		return err_set(e, ERR_RACE, "is another one now");
	if (meta_read(fd, &r->arena, &r->attrs, &r->attrs_len, e) == -1)
		return -1;
	return hash_open(fd, &r->st, r->stop, &r->hash, e);
}

/* Runs on any thread. */
static void
run_reading(void *item, void *arg)
{
	struct reading *r = item;
	struct err e = { 0 };
	int64_t tick = 0;
	int fd, rc = -1;

	(void)arg;
	for (int tries = 0; rc == -1 && tries < TRIES; tries++) {
		tick = clock_tick_ns();
		if ((fd = open_file(r, &e)) == -1)
			break;
		rc = read_open(r, fd, &e);
		close(fd);
		if (rc == -1 && e.kind != ERR_RACE)
			break;
	}
	if (rc == 0) {
		/* Its ctime would be the same if it were changed now. */
		r->racy = stat_ctime_ns(&r->st) >= tick;
		return;
	}
	r->gone = e.kind == ERR_GONE;
	if (e.kind == ERR_RACE)
		r->why = WHY_MOVING;
	else if (e.sys == EACCES || e.sys == EPERM)
		r->why = WHY_DENIED;
	else
		r->why = WHY_BROKEN;
}

/* What a thread found goes into the entry. */
static int
take_result(struct scan *s, struct reading *r, struct err *e)
{
	struct fresh *f = &s->fresh[r->fresh];
	struct entry *t = f->entry;

	f->racy = false;
	if (r->gone || r->why != WHY_NONE) {
		f->drop = true;
		if (r->gone)
			return 0;
		return scan_opaque(s, t->path, t->path_len, r->why, e);
	}
	arena_join(s->arena, &r->arena);
	t->size = (uint64_t)r->st.st_size;
	t->mtime_ns = stat_mtime_ns(&r->st);
	t->mode = stat_mode(&r->st);
	t->hash = r->hash;
	t->extra = NULL;
	f->racy = r->racy;
	f->inode = r->st.st_ino;
	f->ctime_ns = stat_ctime_ns(&r->st);
	s->sums->hashed_files++;
	s->sums->hashed_bytes += t->size;
	if (scan_set_attrs(s, t, r->attrs, r->attrs_len, e) == -1)
		return -1;
	return scan_progress(s, e);
}

/* The oldest is waited for, as long as the scan is to go on. */
static int
take_oldest(struct scan *s, struct err *e)
{
	struct reading *r;
	int rc;

	while ((r = crew_take_within(s->crew, LOOK_MS)) == NULL)
		if (scan_progress(s, e) == -1)
			return -1;
	rc = take_result(s, r, e);
	arena_free(&r->arena);
	return rc;
}

int
scan_read(struct scan *s, size_t i, struct err *e)
{
	struct reading *r;

	if (s->crew == NULL &&
	    crew_new(&s->crew, crew_size(), READING_DEPTH, run_reading, NULL,
		e) == -1)
		return -1;
	if (crew_is_full(s->crew) && take_oldest(s, e) == -1)
		return -1;
	/* They come back in order: the next of the ring is free. */
	r = &s->reading[s->put++ % READING_DEPTH];
	*r = (struct reading){
		.fresh = i,
		.path = s->fresh[i].entry->path,
		.root = s->in->root,
		.stop = &s->stop,
	};
	crew_put(s->crew, r);
	return 0;
}

int
scan_read_all(struct scan *s, struct err *e)
{
	while (s->crew != NULL && !crew_is_idle(s->crew))
		if (take_oldest(s, e) == -1)
			return -1; /* the rest goes in scan_read_stop() */
	return 0;
}

void
scan_read_stop(struct scan *s)
{
	struct reading *r;

	s->stop = true;
	while (s->crew != NULL && (r = crew_take(s->crew)) != NULL)
		arena_free(&r->arena);
	crew_free(s->crew);
	s->crew = NULL;
}
