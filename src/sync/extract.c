#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "local/meta.h"
#include "local/root.h"
#include "store/fetch.h"
#include "sync/extents.h"
#include "sync/extract.h"

#define ZEROS_LEN 65536u /* bytes of a hole written at once */

/* A content on its way out, in file order. */
struct outflow {
	int fd;
	struct hash_stream *stream;
	struct err why;
	bool damaged;
};

static int
deliver(const struct want *w, const void *bytes, const struct err *why,
    void *arg, struct err *e)
{
	struct outflow *out = arg;

	if (bytes == NULL) {
		out->damaged = true;
		out->why = *why;
		*e = *why;
		return -1;
	}
	hash_stream_add(out->stream, bytes, (size_t)w->len);
	return io_write(out->fd, bytes, (size_t)w->len, e);
}

static int
write_zeros(struct outflow *out, uint64_t len, struct err *e)
{
	static const unsigned char zeros[ZEROS_LEN];
	size_t n;

	while (len > 0) {
		n = len < ZEROS_LEN ? (size_t)len : ZEROS_LEN;
		hash_stream_add(out->stream, zeros, n);
		if (io_write(out->fd, zeros, n, e) == -1)
			return -1;
		len -= n;
	}
	return 0;
}

/* Extent by extent: a pipe wants its bytes in order. */
static int
flow(struct context *c, const struct entry *t, struct outflow *out,
    struct err *e)
{
	struct extent one;
	const struct extent *x;
	size_t count;

	x = extents_of(t, &one, &count);
	for (size_t i = 0; i < count; i++) {
		struct want w = { .place = x[i].place, .len = x[i].len };

		if (x[i].place.gen == GEN_HOLE) {
			if (write_zeros(out, x[i].len, e) == -1)
				return -1;
		} else if (fetch_run(c->store, &w, 1, deliver, out, e) == -1) {
			return -1;
		}
	}
	return 0;
}

int
extract_content(struct context *c, const struct entry *t, int fd, struct err *e)
{
	struct outflow out = { .fd = fd };
	struct hash got;
	int rc = -1;

	if (t->type == ENTRY_LINK)
		return io_write(fd, entry_target(t), (size_t)t->size, e);
	if (t->type != ENTRY_FILE)
		return err_set(e, ERR_USAGE, "%s: a directory has no content",
		    t->path);
	if (hash_stream_new(&out.stream, e) == -1)
		return -1;
	if (flow(c, t, &out, e) == -1) {
		err_wrap(e, "%s", t->path);
		goto out;
	}
	got = hash_stream_get(out.stream);
	if (hash_same(&got, &t->hash))
		rc = 0;
	else
		err_set(e, ERR_FORMAT, "%s: content does not match its hash",
		    t->path);
out:
	hash_stream_free(out.stream);
	return rc;
}

static int
exists(const char *rel, struct err *e)
{
	if (errno == EEXIST)
		return err_set(e, ERR_USAGE,
		    "%s: exists there already; nothing is overwritten", rel);
	return err_sys(e, "%s", rel);
}

static int
extract_file(struct context *c, struct root *to, const struct entry *t,
    const char *rel, struct err *e)
{
	bool partly;
	int fd, rc;

	fd = root_at(to, rel, O_WRONLY | O_CREAT | O_EXCL, e);
	if (fd == -1) {
		errno = e->sys;
		return exists(rel, e);
	}
	rc = extract_content(c, t, fd, e);
	if (rc == 0)
		rc = meta_write(fd, t, &partly, e);
	close(fd);
	return rc;
}

static int
extract_one(struct context *c, struct root *to, const struct entry *t,
    const char *rel, struct err *e)
{
	const char *name;
	int dir;

	if (t->type == ENTRY_FILE)
		return extract_file(c, to, t, rel, e);
	dir = root_parent(to, rel, strlen(rel), &name, e);
	if (dir == -1)
		return -1;
	if (t->type == ENTRY_LINK ? symlinkat(entry_target(t), dir, name) == -1
				  : mkdirat(dir, name, 0700) == -1)
		return exists(rel, e);
	return 0;
}

/* Modes and times of directories last, from the bottom. */
static int
finish_dirs(struct root *to, const struct tree *t, size_t skip, struct err *e)
{
	bool partly;
	int fd, rc;

	for (size_t i = t->count; i-- > 0;) {
		if (t->entry[i]->type != ENTRY_DIR ||
		    t->entry[i]->path_len < skip)
			continue;
		fd = root_at(to, t->entry[i]->path + skip,
		    O_RDONLY | O_DIRECTORY, e);
		if (fd == -1)
			return -1;
		rc = meta_write(fd, t->entry[i], &partly, e);
		close(fd);
		if (rc == -1)
			return -1;
	}
	return 0;
}

int
extract_tree(struct context *c, const struct tree *t, const char *top,
    const char *dir, struct err *e)
{
	size_t len = strlen(top);
	size_t skip = len == 0 ? 0 : (size_t)(path_name(top, len) - top);
	struct root to = { .fd = -1, .dir_fd = -1 };
	int rc = 0;

	if (root_open(&to, dir, e) == -1)
		return -1;
	for (size_t i = 0; i < t->count && rc == 0; i++)
		rc = extract_one(c, &to, t->entry[i], t->entry[i]->path + skip,
		    e);
	root_forget(&to);
	if (rc == 0)
		rc = finish_dirs(&to, t, skip, e);
	root_close(&to);
	return rc;
}
