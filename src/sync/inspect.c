#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crew.h"
#include "base/io.h"
#include "engine/blocks.h"
#include "sync/inspect.h"

#define READ_LEN ((size_t)1 << 20) /* bytes */
#define NAME_CAP 128

struct inspect {
	int dirfd;
	inspect_told *told;
	void *arg;
	struct crew *crew;
};

/* One file on its way through the crew. */
struct item {
	size_t tag;
	const struct entry *want;
	int dirfd;
	char name[NAME_CAP];
	struct buf sig; /* owned */
	bool bad;
	struct err why;
};

/* What reading a file once makes of it. */
struct reading {
	unsigned char *bytes;       /* owned */
	struct hash_stream *stream; /* owned */
	struct blocks_maker *maker; /* owned; NULL: small */
};

static int
reading_open(struct reading *r, const struct entry *want, struct err *e)
{
	if ((r->bytes = malloc(READ_LEN)) == NULL)
		return err_sys(e, "buffer");
	if (hash_stream_new(&r->stream, e) == -1)
		return -1;
	if (want->size < LARGE_FILE)
		return 0;
	return blocks_maker_new(&r->maker, want->size, e);
}

static void
reading_close(struct reading *r)
{
	free(r->bytes);
	hash_stream_free(r->stream);
	blocks_maker_free(r->maker);
}

static int
read_through(struct reading *r, int fd, const struct entry *want, struct err *e)
{
	struct hash got;
	uint64_t off = 0;
	ssize_t n;

	while ((n = io_read_at(fd, r->bytes, READ_LEN, off, e)) > 0) {
		hash_stream_add(r->stream, r->bytes, (size_t)n);
		if (r->maker != NULL &&
		    blocks_maker_add(r->maker, r->bytes, (size_t)n, e) == -1)
			return -1;
		off += (uint64_t)n;
	}
	if (n == -1)
		return -1;
	got = hash_stream_get(r->stream);
	if (off != want->size || !hash_same(&got, &want->hash))
		return err_set(e, ERR_FORMAT,
		    "content does not match its hash");
	return 0;
}

int
inspect_file(int fd, const struct entry *want, struct buf *sig, struct err *e)
{
	struct reading r = { 0 };
	struct blocks blocks = { 0 };
	int rc = -1;

	if (reading_open(&r, want, e) == -1 ||
	    read_through(&r, fd, want, e) == -1)
		goto out;
	if (r.maker != NULL &&
	    (blocks_maker_end(r.maker, &blocks, e) == -1 ||
		blocks_encode(sig, &blocks, e) == -1))
		goto out;
	rc = 0;
out:
	reading_close(&r);
	blocks_free(&blocks);
	return rc;
}

static void
inspect_item(void *arg, void *unused)
{
	struct item *it = arg;
	int fd;

	(void)unused;
	fd = openat(it->dirfd, it->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1) {
		it->bad = true;
		err_sys(&it->why, "%s", it->name);
		return;
	}
	it->bad = inspect_file(fd, it->want, &it->sig, &it->why) == -1;
	close(fd);
}

int
inspect_new(struct inspect **out, int dirfd, inspect_told *told, void *arg,
    struct err *e)
{
	struct inspect *in;
	unsigned threads = crew_size();

	if ((in = calloc(1, sizeof(*in))) == NULL)
		return err_sys(e, "inspect");
	in->dirfd = dirfd;
	in->told = told;
	in->arg = arg;
	if (crew_new(&in->crew, threads, (size_t)2 * threads, inspect_item,
		NULL, e) == -1) {
		free(in);
		return -1;
	}
	*out = in;
	return 0;
}

static void
tell(struct inspect *in, struct item *it)
{
	in->told(it->tag, &it->sig, it->bad ? &it->why : NULL, in->arg);
	buf_free(&it->sig);
	free(it);
}

int
inspect_add(struct inspect *in, size_t tag, const char *name,
    const struct entry *want, struct err *e)
{
	struct item *it;

	if ((it = calloc(1, sizeof(*it))) == NULL)
		return err_sys(e, "inspect");
	it->tag = tag;
	it->want = want;
	it->dirfd = in->dirfd;
	snprintf(it->name, sizeof(it->name), "%s", name);
	if (crew_is_full(in->crew))
		tell(in, crew_take(in->crew));
	crew_put(in->crew, it);
	return 0;
}

void
inspect_end(struct inspect *in)
{
	struct item *it;

	while ((it = crew_take(in->crew)) != NULL)
		tell(in, it);
}

void
inspect_free(struct inspect *in)
{
	struct item *it;

	if (in == NULL)
		return;
	while ((it = crew_take(in->crew)) != NULL) {
		buf_free(&it->sig);
		free(it);
	}
	crew_free(in->crew);
	free(in);
}
