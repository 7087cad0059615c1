#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/reader.h"
#include "base/step.h"
#include "local/state.h"

/*
 * The file: magic, the fixed fields, the three trees as manifests with their
 * length before each (the head in full, base and local against the head), the
 * stamps in the order of the local tree, and a hash of all that.
 */
#define STATE_MAGIC   "ROAMtree"
#define STATE_VERSION 1
#define STATE_MAX     ((size_t)4 << 30) /* bytes */
#define STAMP_MIN     2                 /* bytes of a stamp */
#define POLL_MS       100

#define TREES "trees"
#define NEXT  "next"

/*
 * The local tree with the head's own entry wherever the two say the same, so
 * that next to nothing of it has to be written, and that after loading the two
 * share their entries. The head's knows more: place and machine.
 */
static int
share_entries(struct tree *out, const struct tree *local,
    const struct tree *head, struct err *e)
{
	struct tree_walk w = { .tree = { local, head }, .count = 2 };
	const struct entry *mine, *theirs;

	while (tree_walk_next(&w)) {
		mine = w.at[0];
		theirs = w.at[1];
		if (mine == NULL)
			continue;
		if (theirs != NULL && mine->mtime_ns == theirs->mtime_ns &&
		    entry_same(mine, theirs))
			mine = theirs;
		if (tree_add(out, mine, e) == -1)
			return -1;
	}
	return 0;
}

/* The tree of now as changes against head, its length before it. */
static int
encode_tree(struct buf *out, const struct profile *head,
    const struct profile *now, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	if ((rc = manifest_encode(&b, head, now, e)) == 0) {
		buf_u64(out, b.len);
		buf_bytes(out, b.bytes, b.len);
		rc = buf_check(out, e);
	}
	buf_free(&b);
	return rc;
}

static int
encode_trees(struct buf *out, const struct state *s, struct err *e)
{
	struct profile base = s->head, local = s->head;
	int rc = -1;

	base.tree = s->base;
	local.tree = (struct tree){ 0 };
	if (share_entries(&local.tree, &s->local.tree, &s->head.tree, e) == 0 &&
	    encode_tree(out, NULL, &s->head, e) == 0 &&
	    encode_tree(out, &s->head, &base, e) == 0)
		rc = encode_tree(out, &s->head, &local, e);
	tree_free(&local.tree);
	return rc;
}

/* Inodes and times of neighbours are near each other. */
static void
encode_stamps(struct buf *out, const struct home *local)
{
	struct stamp last = { 0 };
	const struct stamp *s;

	buf_varint(out, local->tree.count);
	for (size_t i = 0; i < local->tree.count; i++, last = *s) {
		s = &local->stamp[i];
		buf_zigzag(out, (int64_t)(s->inode - last.inode));
		buf_zigzag(out,
		    (int64_t)((uint64_t)s->ctime_ns - (uint64_t)last.ctime_ns));
	}
}

int
state_encode(struct buf *out, const struct state *s, struct err *e)
{
	size_t from = out->len;
	struct hash sum;

	buf_bytes(out, STATE_MAGIC, strlen(STATE_MAGIC));
	buf_u32(out, STATE_VERSION);
	buf_bytes(out, s->store_id.b, HASH_LEN);
	buf_u64(out, s->number);
	buf_bytes(out, s->id.b, HASH_LEN);
	buf_bytes(out, s->manifest.b, HASH_LEN);
	buf_bytes(out, s->rules.b, HASH_LEN);
	if (encode_trees(out, s, e) == -1)
		return -1;
	encode_stamps(out, &s->local);
	if (buf_check(out, e) == -1)
		return -1;
	sum = hash_of(out->bytes + from, out->len - from);
	buf_bytes(out, sum.b, HASH_LEN);
	return buf_check(out, e);
}

static int
write_state(int dirfd, const char *name, const struct state *s, struct err *e)
{
	struct buf b = { .max = STATE_MAX };
	int rc;

	rc = state_encode(&b, s, e);
	if (rc == 0)
		rc = io_replace(dirfd, name, b.bytes, b.len, e);
	if (rc == -1)
		err_wrap(e, "%s", name);
	buf_free(&b);
	return rc;
}

static struct hash
read_hash(struct reader *r)
{
	const uint8_t *bytes = reader_bytes(r, HASH_LEN);
	struct hash h = { 0 };

	if (bytes != NULL)
		memcpy(h.b, bytes, HASH_LEN);
	return h;
}

static int
decode_tree(struct profile *out, const struct profile *head, struct reader *r,
    const struct decode *how, struct err *e)
{
	uint64_t len = reader_u64(r);
	const uint8_t *bytes;

	if (len > r->left || (bytes = reader_bytes(r, len)) == NULL)
		return err_set(e, ERR_FORMAT, "tree is cut off");
	return manifest_decode(out, head, bytes, len, how, e);
}

/* Only the tree of a profile that was made against the head. */
static int
decode_changed(struct tree *out, const struct profile *head, struct reader *r,
    const struct decode *how, struct err *e)
{
	struct profile p = { 0 };

	if (decode_tree(&p, head, r, how, e) == -1)
		return -1;
	*out = p.tree;
	p.tree = (struct tree){ 0 };
	profile_free(&p);
	return 0;
}

static int
decode_stamps(struct home *local, struct reader *r, struct err *e)
{
	uint64_t count = reader_count(r, r->left / STAMP_MIN);
	struct stamp last = { 0 };

	if (r->bad || count != local->tree.count)
		return err_set(e, ERR_FORMAT, "stamps do not match the tree");
	if (count == 0)
		return 0;
	local->stamp = reallocarray(NULL, count, sizeof(*local->stamp));
	if (local->stamp == NULL)
		return err_sys(e, "stamps");
	local->stamp_cap = count;
	for (size_t i = 0; i < count; i++) {
		last.inode += (uint64_t)reader_zigzag(r);
		last.ctime_ns = (int64_t)((uint64_t)last.ctime_ns +
		    (uint64_t)reader_zigzag(r));
		local->stamp[i] = last;
	}
	return 0;
}

/* Cut off the hash at the end of bytes, and hold them to it. */
static int
check_sum(struct reader *out, const uint8_t *bytes, size_t len, struct err *e)
{
	struct hash sum;

	if (len < HASH_LEN)
		return err_set(e, ERR_FORMAT, "too short");
	len -= HASH_LEN;
	sum = hash_of(bytes, len);
	if (memcmp(sum.b, bytes + len, HASH_LEN) != 0)
		return err_set(e, ERR_FORMAT, "does not match its checksum");
	*out = reader_of(bytes, len);
	return 0;
}

static int
decode_fields(struct state *out, struct reader *r, struct err *e)
{
	const uint8_t *magic = reader_bytes(r, strlen(STATE_MAGIC));
	uint32_t version = reader_u32(r);

	if (magic == NULL ||
	    memcmp(magic, STATE_MAGIC, strlen(STATE_MAGIC)) != 0)
		return err_set(e, ERR_FORMAT, "not a state file");
	if (version != STATE_VERSION)
		return err_set(e, ERR_FORMAT, "version %u", (unsigned)version);
	out->store_id = read_hash(r);
	out->number = reader_u64(r);
	out->id = read_hash(r);
	out->manifest = read_hash(r);
	out->rules = read_hash(r);
	return 0;
}

int
state_decode(struct state *out, const void *bytes, size_t len,
    struct arena *arena, struct machines *machines, struct err *e)
{
	struct decode how = { .arena = arena, .machines = machines };
	struct state s = { 0 };
	struct reader r;

	if (check_sum(&r, bytes, len, e) == -1 ||
	    decode_fields(&s, &r, e) == -1)
		return -1;
	how.gen = s.number;
	if (decode_tree(&s.head, NULL, &r, &how, e) == -1 ||
	    decode_changed(&s.base, &s.head, &r, &how, e) == -1 ||
	    decode_changed(&s.local.tree, &s.head, &r, &how, e) == -1 ||
	    decode_stamps(&s.local, &r, e) == -1)
		goto fail;
	if (r.bad || r.left != 0) {
		err_set(e, ERR_FORMAT, "bytes missing, or too many");
		goto fail;
	}
	*out = s;
	return 0;
fail:
	state_free(&s);
	return -1;
}

static int
load_file(struct state *out, int dirfd, const char *name, struct arena *arena,
    struct machines *machines, struct err *e)
{
	struct buf b = { .max = STATE_MAX };
	int rc;

	rc = io_load(dirfd, name, &b, e);
	if (rc == 0) {
		rc = state_decode(out, b.bytes, b.len, arena, machines, e);
		if (rc == -1)
			err_wrap(e, "%s", name);
	}
	buf_free(&b);
	return rc;
}

/* Errors that say something of the file, not of the machine. */
static bool
is_damage(const struct err *e)
{
	return e->kind == ERR_FORMAT || e->kind == ERR_LIMIT ||
	    e->kind == ERR_POLICY || e->sys == EIO || e->sys == ELOOP ||
	    e->sys == EISDIR;
}

int
state_load(struct state *out, int dirfd, struct arena *arena,
    struct machines *machines, struct err *note, struct err *e)
{
	*note = (struct err){ .kind = ERR_NONE };
	if (load_file(out, dirfd, TREES, arena, machines, e) == 0)
		return 0;
	if (e->kind != ERR_GONE && !is_damage(e))
		return -1;
	if (e->kind != ERR_GONE)
		*note = *e;
	*out = (struct state){ 0 };
	return 0;
}

int
state_load_next(struct state *out, int dirfd, struct arena *arena,
    struct machines *machines, struct err *e)
{
	if (load_file(out, dirfd, NEXT, arena, machines, e) == 0)
		return 0;
	if (is_damage(e))
		e->kind = ERR_GONE;
	return -1;
}

int
state_write_next(int dirfd, const struct state *s, struct err *e)
{
	return write_state(dirfd, NEXT, s, e);
}

bool
state_has_next(int dirfd)
{
	return faccessat(dirfd, NEXT, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int
state_promote(int dirfd, struct err *e)
{
	if (renameat(dirfd, NEXT, dirfd, TREES) == -1)
		return err_sys(e, "%s", NEXT);
	if (io_sync_dir(dirfd, e) == -1)
		return -1;
	step("state: next became trees");
	return 0;
}

int
state_drop_next(int dirfd, struct err *e)
{
	if (unlinkat(dirfd, NEXT, 0) == -1) {
		if (errno == ENOENT)
			return 0;
		return err_sys(e, "%s", NEXT);
	}
	if (io_sync_dir(dirfd, e) == -1)
		return -1;
	step("state: next was dropped");
	return 0;
}

int
state_save(int dirfd, const struct state *s, struct err *e)
{
	return write_state(dirfd, TREES, s, e);
}

void
state_free(struct state *s)
{
	profile_free(&s->head);
	tree_free(&s->base);
	home_free(&s->local);
	*s = (struct state){ 0 };
}

int
state_lock(int dirfd, unsigned wait_s, int *fd, struct err *e)
{
	double end = clock_steady_s() + wait_s;
	int lock;

	lock = openat(dirfd, "lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	if (lock == -1)
		return err_sys(e, "lock");
	while (flock(lock, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			err_sys(e, "lock");
		else if (clock_steady_s() >= end)
			err_set(e, ERR_BUSY, "another run is active");
		else {
			clock_sleep_ms(POLL_MS);
			continue;
		}
		close(lock);
		return -1;
	}
	*fd = lock;
	return 0;
}
