#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/reader.h"
#include "base/step.h"
#include "local/copy.h"
#include "local/listing.h"
#include "local/shelf.h"
#include "local/vouch.h"

#define SHELF      "conflicts"
#define INCOMING   "incoming"         /* a content on its way to its name */
#define RECORD_MAX ((size_t)16 << 20) /* bytes */
#define ID_LEN     16
#define NAME_CAP   32

static void
record_name(char out[NAME_CAP], uint64_t id)
{
	snprintf(out, NAME_CAP, "%016" PRIx64, id);
}

static void
content_name(char out[NAME_CAP], uint64_t id)
{
	snprintf(out, NAME_CAP, "%016" PRIx64 ".content", id);
}

static int
shelf_dir(int statefd, bool make, struct err *e)
{
	int fd;

	if (make && mkdirat(statefd, SHELF, 0700) == -1 && errno != EEXIST)
		return err_sys(e, SHELF);
	fd = openat(statefd, SHELF,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		err_sys(e, SHELF);
		if (e->sys == ENOENT)
			e->kind = ERR_GONE;
	}
	return fd;
}

uint64_t
shelf_id(const struct entry *loser)
{
	struct buf b = { 0 };
	uint64_t id;

	buf_bytes(&b, loser->path, loser->path_len);
	buf_u8(&b, 0);
	buf_u8(&b, loser->type);
	buf_u64(&b, loser->size);
	buf_bytes(&b, loser->hash.b, HASH_LEN);
	id = hash_short(b.bytes, b.len);
	buf_free(&b);
	return id != 0 ? id : 1;
}

static int
put_record(int shelf, const struct conflict *c, struct err *e)
{
	struct conflict pending = *c;
	const struct profile p = { .conflict = &pending, .conflict_count = 1 };
	struct buf b = { .max = RECORD_MAX };
	char name[NAME_CAP];
	int rc;

	pending.gen = 0;
	record_name(name, c->id);
	rc = manifest_encode(&b, NULL, &p, e);
	if (rc == 0)
		rc = io_replace(shelf, name, b.bytes, b.len, e);
	buf_free(&b);
	if (rc == 0)
		step("shelf: record");
	return rc;
}

/* INCOMING as a copy of name, which must not change meanwhile. */
static int
copy_in(int shelf, int dirfd, const char *name, struct err *e)
{
	struct stat before, after;
	int from, to = -1, rc = -1;

	from = openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (from == -1)
		return err_sys(e, "%s", name);
	to = openat(shelf, INCOMING,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to == -1 || fstat(from, &before) == -1) {
		err_sys(e, INCOMING);
		goto out;
	}
	if (!S_ISREG(before.st_mode)) {
		err_set(e, ERR_RACE, "%s: not a file", name);
		goto out;
	}
	if (copy_content(from, to, (uint64_t)before.st_size, e) == -1)
		goto out;
	if (fstat(from, &after) == -1 || !stat_same_content(&before, &after))
		err_set(e, ERR_RACE, "%s: changed while it was copied", name);
	else
		rc = 0;
out:
	if (to != -1)
		close(to);
	close(from);
	return rc;
}

/*
 * INCOMING as one more name of the file, so that even what a program still
 * writes to it comes along. A file with other names in the home is copied:
 * who edits those must not edit what is kept.
 */
static int
link_in(int shelf, int dirfd, const char *name, uint64_t size, struct err *e)
{
	struct stat st;

	if (unlinkat(shelf, INCOMING, 0) == -1 && errno != ENOENT)
		return err_sys(e, INCOMING);
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "%s", name);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != size)
		return err_set(e, ERR_RACE, "%s: not what was to be kept",
		    name);
	if (st.st_nlink > 1 || linkat(dirfd, name, shelf, INCOMING, 0) == -1)
		return copy_in(shelf, dirfd, name, e);
	if (fstatat(shelf, INCOMING, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, INCOMING);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != size)
		return err_set(e, ERR_RACE, "%s: not what was to be kept",
		    name);
	return 0;
}

/* INCOMING gets the name of id's content, its bytes on disk before that. */
static int
settle(int shelf, uint64_t id, struct err *e)
{
	char name[NAME_CAP];
	int fd, rc = 0;

	content_name(name, id);
	fd = openat(shelf, INCOMING,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return err_sys(e, INCOMING);
	if (fsync(fd) == -1 || renameat(shelf, INCOMING, shelf, name) == -1)
		rc = err_sys(e, "%s", name);
	close(fd);
	/* Two names of one file: rename() has then done nothing. */
	(void)unlinkat(shelf, INCOMING, 0);
	if (rc == 0)
		step("shelf: content");
	return rc;
}

int
shelf_keep_local(struct root *r, int statefd, const struct conflict *c,
    struct err *e)
{
	const struct entry *t = c->loser;
	const char *name;
	int dirfd, shelf, rc = 0;

	if ((shelf = shelf_dir(statefd, true, e)) == -1)
		return -1;
	if (t->type == ENTRY_FILE) {
		dirfd = root_parent(r, t->path, t->path_len, &name, e);
		if (dirfd == -1 ||
		    link_in(shelf, dirfd, name, t->size, e) == -1 ||
		    settle(shelf, c->id, e) == -1)
			rc = -1;
	}
	if (rc == 0)
		rc = put_record(shelf, c, e);
	if (rc == -1)
		(void)unlinkat(shelf, INCOMING, 0);
	close(shelf);
	return rc;
}

int
shelf_part(int statefd, uint64_t id, struct err *e)
{
	char name[NAME_CAP];
	int shelf, rc = -1;

	if ((shelf = shelf_dir(statefd, false, e)) == -1)
		return -1;
	content_name(name, id);
	if (unlinkat(shelf, INCOMING, 0) == -1 && errno != ENOENT)
		err_sys(e, INCOMING);
	else if (copy_in(shelf, shelf, name, e) == 0)
		rc = settle(shelf, id, e);
	if (rc == -1)
		(void)unlinkat(shelf, INCOMING, 0);
	close(shelf);
	return rc;
}

/*
 * INCOMING as one more name of the staged file, which keeps its own until the
 * record is written: a run that is cut off in between finds it there again.
 */
static int
take_in(int shelf, int stagefd, const char *staged, struct err *e)
{
	struct stat st;

	if (unlinkat(shelf, INCOMING, 0) == -1 && errno != ENOENT)
		return err_sys(e, INCOMING);
	if (fstatat(stagefd, staged, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "%s", staged);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_FORMAT, "%s: not a file", staged);
	if (st.st_nlink > 1 ||
	    linkat(stagefd, staged, shelf, INCOMING, 0) == -1)
		return copy_in(shelf, stagefd, staged, e);
	return 0;
}

int
shelf_keep_staged(int statefd, int stagefd, const char *staged,
    const struct conflict *c, struct err *e)
{
	bool is_file = c->loser->type == ENTRY_FILE;
	int shelf, rc = 0;

	if ((shelf = shelf_dir(statefd, true, e)) == -1)
		return -1;
	if (is_file &&
	    (take_in(shelf, stagefd, staged, e) == -1 ||
		settle(shelf, c->id, e) == -1))
		rc = -1;
	if (rc == 0)
		rc = put_record(shelf, c, e);
	if (rc == 0 && is_file && unlinkat(stagefd, staged, 0) == -1)
		rc = err_sys(e, "%s", staged);
	close(shelf);
	return rc;
}

static bool
is_record(const char *name)
{
	return strlen(name) == ID_LEN &&
	    strspn(name, "0123456789abcdef") == ID_LEN;
}

/* 1: damaged, or not what its name says. */
static int
load_record(int shelf, const char *name, const struct decode *how,
    struct profile *out, struct err *e)
{
	struct buf b = { .max = RECORD_MAX };
	struct profile p = { 0 };
	struct conflict c;
	int rc = 1;

	if (io_load(shelf, name, &b, e) == -1 ||
	    manifest_decode(&p, NULL, b.bytes, b.len, how, e) == -1) {
		if (e->kind == ERR_SYSTEM && e->sys == ENOMEM)
			rc = -1;
		goto out;
	}
	if (p.conflict_count != 1 ||
	    p.conflict[0].id != strtoull(name, NULL, 16))
		goto out;
	c = p.conflict[0];
	c.gen = 0;
	rc = profile_add_conflict(out, &c, e);
out:
	profile_free(&p);
	buf_free(&b);
	return rc;
}

static int
load_records(int shelf, const struct listing *names, const struct decode *how,
    struct profile *out, size_t *damaged, struct err *e)
{
	int rc;

	for (size_t i = 0; i < names->count; i++) {
		if (!is_record(names->at[i]))
			continue;
		if ((rc = load_record(shelf, names->at[i], how, out, e)) == -1)
			return -1;
		*damaged += rc == 1;
	}
	return 0;
}

/* 1: there is no shelf. */
static int
list_shelf(int statefd, struct listing *names, int *shelf, struct err *e)
{
	DIR *dir;
	int fd, rc;

	if ((*shelf = shelf_dir(statefd, false, e)) == -1)
		return e->kind == ERR_GONE ? 1 : -1;
	fd = dup(*shelf);
	if (fd == -1 || (dir = fdopendir(fd)) == NULL) {
		err_sys(e, SHELF);
		if (fd != -1)
			close(fd);
		close(*shelf);
		return -1;
	}
	if ((rc = listing_read(names, dir)) == -1) {
		err_sys(e, SHELF);
		close(*shelf);
	}
	closedir(dir);
	return rc;
}

int
shelf_load(int statefd, struct arena *a, struct machines *machines,
    struct profile *out, size_t *damaged, struct err *e)
{
	const struct decode how = { .arena = a, .machines = machines };
	struct listing names;
	int shelf, rc;

	*damaged = 0;
	if ((rc = list_shelf(statefd, &names, &shelf, e)) != 0)
		return rc == 1 ? 0 : -1;
	rc = load_records(shelf, &names, &how, out, damaged, e);
	listing_free(&names);
	close(shelf);
	return rc;
}

/* What a run that was cut off has left: a file on its way to its name, or a
 * content whose record was not written yet, or is gone already. */
static bool
is_leftover(int shelf, const char *name)
{
	char record[NAME_CAP];
	size_t len = strlen(name);

	if (strcmp(name, INCOMING) == 0 ||
	    (name[0] == '.' && len > 4 && strcmp(name + len - 4, ".new") == 0))
		return true;
	if (len <= ID_LEN || strcmp(name + ID_LEN, ".content") != 0)
		return false;
	snprintf(record, sizeof(record), "%.*s", ID_LEN, name);
	return faccessat(shelf, record, F_OK, AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno == ENOENT;
}

int
shelf_sweep(int statefd, struct err *e)
{
	struct listing names;
	int shelf, rc;

	if ((rc = list_shelf(statefd, &names, &shelf, e)) != 0)
		return rc == 1 ? 0 : -1;
	for (size_t i = 0; i < names.count; i++)
		if (is_leftover(shelf, names.at[i]))
			(void)unlinkat(shelf, names.at[i], 0);
	listing_free(&names);
	close(shelf);
	return 0;
}

int
shelf_open(int statefd, uint64_t id, struct err *e)
{
	char name[NAME_CAP];
	int shelf, fd;

	if ((shelf = shelf_dir(statefd, false, e)) == -1)
		return -1;
	content_name(name, id);
	fd = openat(shelf, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1) {
		err_sys(e, SHELF "/%s", name);
		if (e->sys == ENOENT)
			e->kind = ERR_GONE;
	}
	close(shelf);
	return fd;
}

int
shelf_remove(int statefd, uint64_t id, struct err *e)
{
	char name[NAME_CAP];
	int shelf, rc = 0;

	if ((shelf = shelf_dir(statefd, false, e)) == -1)
		return e->kind == ERR_GONE ? 0 : -1;
	/* The record first: a record has its content at all times. */
	record_name(name, id);
	if (unlinkat(shelf, name, 0) == -1 && errno != ENOENT)
		rc = err_sys(e, SHELF "/%s", name);
	step("shelf: record removed");
	content_name(name, id);
	if (rc == 0 && unlinkat(shelf, name, 0) == -1 && errno != ENOENT)
		rc = err_sys(e, SHELF "/%s", name);
	close(shelf);
	return rc;
}

bool
shelf_has(int statefd, uint64_t id)
{
	char name[sizeof(SHELF) + NAME_CAP];

	snprintf(name, sizeof(name), SHELF "/%016" PRIx64, id);
	return faccessat(statefd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}
