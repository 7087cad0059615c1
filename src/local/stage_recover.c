#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/path.h"
#include "base/step.h"
#include "local/database.h"
#include "local/listing.h"
#include "local/meta.h"
#include "local/scan.h"
#include "local/shelf.h"
#include "local/stage.h"
#include "local/unit_tree.h"
#include "local/vouch.h"

/* What a stop has left in staging; stage.h says how it is told apart. */

#define STAGING   "staging"
#define NAMES     "names"
#define UNIT      "unit-"      /* see apply_unit.c */
#define DATABASE  "database-"  /* see database.h */
#define NAMES_NEW ".names.new" /* io_replace()'s, after a stop */
#define FETCHING  "fetching"
#define LOST      "lost"
#define NAMES_MAX ((size_t)1 << 30) /* bytes */

/* A staged object, described as the scan would. */
struct found {
	struct entry entry;
	struct extra extra;
	struct arena arena;
	char target[PATH_LEN_MAX + 1];
};

static int
describe_file(struct found *f, int stagefd, const char *name, struct err *e)
{
	struct stat st;
	int fd, rc = -1;

	fd = openat(stagefd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 && errno == EACCES &&
	    fchmodat(stagefd, name, 0600, 0) == 0)
		fd = openat(stagefd, name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return err_sys(e, STAGING "/%s", name);
	if (fstat(fd, &st) == -1)
		err_sys(e, STAGING "/%s", name);
	else if (scan_hash(fd, &st, &f->entry.hash, e) == 0 &&
	    meta_read(fd, &f->arena, &f->extra.attrs, &f->extra.attrs_len, e) ==
		0)
		rc = 0;
	close(fd);
	return rc;
}

/* ERR_POLICY: nothing that could be on the shelf. */
static int
describe(struct found *f, int stagefd, const char *name, const char *path,
    struct err *e)
{
	struct stat st;
	ssize_t len;

	*f = (struct found){ 0 };
	if (fstatat(stagefd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, STAGING "/%s", name);
	f->entry = (struct entry){
		.path = path,
		.path_len = (uint16_t)strlen(path),
		.extra = &f->extra,
		.mtime_ns = stat_mtime_ns(&st),
		.size = (uint64_t)st.st_size,
		.mode = stat_mode(&st),
		.type = (uint8_t)stat_type(&st),
	};
	if (f->entry.type == ENTRY_FILE)
		return describe_file(f, stagefd, name, e);
	if (f->entry.type != ENTRY_LINK)
		return err_set(e, ERR_POLICY, "%s: no file", path);
	len = readlinkat(stagefd, name, f->target, sizeof(f->target) - 1);
	if (len == -1)
		return err_sys(e, STAGING "/%s", name);
	f->extra.target = f->target;
	f->entry.size = (uint64_t)len;
	f->entry.hash = hash_of(f->target, (size_t)len);
	return 0;
}

/* Out of the way, yet not out of the world. */
static int
set_aside(int statefd, int stagefd, const char *name, struct err *e)
{
	char to[NAME_LEN_MAX + 1];

	if (mkdirat(statefd, LOST, 0700) == -1 && errno != EEXIST)
		return err_sys(e, LOST);
	snprintf(to, sizeof(to), LOST "/%lld-%.*s", (long long)clock_now_ns(),
	    STAGE_NAME_MAX, name);
	if (renameat(stagefd, name, statefd, to) == -1)
		return err_sys(e, "%s", to);
	return 0;
}

static int
keep(const struct found *f, int statefd, int stagefd, const char *name,
    const struct machine *self, struct err *e)
{
	const struct conflict c = {
		.id = shelf_id(&f->entry),
		.loser = &f->entry,
		.machine = self,
		.time_ns = clock_now_ns(),
	};

	if (shelf_keep_staged(statefd, stagefd, name, &c, e) == -1)
		return -1;
	if (f->entry.type == ENTRY_LINK && unlinkat(stagefd, name, 0) == -1)
		return err_sys(e, STAGING "/%s", name);
	return 0;
}

int
stage_rescue(int statefd, int stagefd, const char *name, const char *path,
    const struct machine *self, struct err *e)
{
	struct found *f;
	int rc;

	if ((f = malloc(sizeof(*f))) == NULL)
		return err_sys(e, STAGING);
	if (describe(f, stagefd, name, path, e) == 0)
		rc = keep(f, statefd, stagefd, name, self, e);
	else
		rc = set_aside(statefd, stagefd, name, e);
	arena_free(&f->arena);
	free(f);
	return rc;
}

/* What recovery knows. */
struct recovery {
	struct root *root;
	int statefd, stagefd;
	const struct machine *self;
	bool fetching;      /* nothing has come out of the home yet */
	struct buf names;   /* owned */
	struct hash *known; /* owned; sorted */
	size_t known_count;
	size_t *rescued;
};

static int
by_hash(const void *a, const void *b)
{
	return hash_order(a, b);
}

static int
load_known(struct recovery *v, const struct tree *known, struct err *e)
{
	v->known = calloc(known->count + 1, sizeof(*v->known));
	if (v->known == NULL)
		return err_sys(e, STAGING);
	for (size_t i = 0; i < known->count; i++)
		if (known->entry[i]->type != ENTRY_DIR)
			v->known[v->known_count++] = known->entry[i]->hash;
	qsort(v->known, v->known_count, sizeof(*v->known), by_hash);
	return 0;
}

/* The path that the index in a staged name stands for; NULL if unknown. */
static const char *
path_of(const struct recovery *v, const char *name)
{
	const char *at = (const char *)v->names.bytes, *dash, *end;
	unsigned long index;

	if (v->names.len == 0 || at[v->names.len - 1] != '\0' ||
	    (dash = strchr(name, '-')) == NULL)
		return NULL;
	end = at + v->names.len;
	for (index = strtoul(dash + 1, NULL, 10); at < end && index > 0;
	     index--)
		at += strlen(at) + 1;
	return at < end && path_is_clean(at, strlen(at)) ? at : NULL;
}

/* Content that its own name announces came from us; known content is in the
 * store, or was when it was taken out of the home. */
static bool
is_expendable(const struct recovery *v, const struct found *f, const char *name)
{
	char hex[HASH_HEX_MAX];

	hash_hex(&f->entry.hash, hex);
	if (strncmp(name, hex, strlen(hex)) == 0 && name[strlen(hex)] == '-')
		return true;
	return bsearch(&f->entry.hash, v->known, v->known_count,
		   sizeof(*v->known), by_hash) != NULL;
}

/* Directories and such: where they were, if nothing else is there now. */
static int
give_back(const struct recovery *v, const char *name, const char *path,
    struct err *e)
{
	const char *last;
	int dirfd;

	if (unlinkat(v->stagefd, name, AT_REMOVEDIR) == 0)
		return 0;
	if (path != NULL &&
	    (dirfd = root_parent(v->root, path, strlen(path), &last, e)) !=
		-1 &&
	    renameat2(v->stagefd, name, dirfd, last, RENAME_NOREPLACE) == 0)
		return 0;
	++*v->rescued;
	return set_aside(v->statefd, v->stagefd, name, e);
}

static int
recover_one(const struct recovery *v, struct found *f, const char *name,
    struct err *e)
{
	const char *path = path_of(v, name);
	char unknown[NAME_LEN_MAX + 16];

	if (v->fetching) {
		if (unlinkat(v->stagefd, name, 0) == -1)
			return err_sys(e, STAGING "/%s", name);
		return 0;
	}
	snprintf(unknown, sizeof(unknown), "recovered-%s", name);
	if (describe(f, v->stagefd, name, path != NULL ? path : unknown, e) ==
	    -1)
		return give_back(v, name, path, e);
	if (is_expendable(v, f, name)) {
		if (unlinkat(v->stagefd, name, 0) == -1)
			return err_sys(e, STAGING "/%s", name);
		return 0;
	}
	++*v->rescued;
	return keep(f, v->statefd, v->stagefd, name, v->self, e);
}

/* Files that recovery itself reads. */
static bool
is_note(const char *name)
{
	return strcmp(name, NAMES) == 0 || strcmp(name, NAMES_NEW) == 0 ||
	    strcmp(name, FETCHING) == 0;
}

/* A file of a directory that was taken out of the home as a whole. One with
 * another name is still there. */
static int
recover_file(int dirfd, const char *name, const char *path, void *arg,
    struct err *e)
{
	const struct recovery *v = arg;
	struct found *f;
	struct stat st;
	int rc = 0;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) || st.st_nlink > 1)
		return 0;
	if ((f = malloc(sizeof(*f))) == NULL)
		return err_sys(e, STAGING);
	if (describe(f, dirfd, name, path, e) == -1) {
		rc = -1;
	} else if (!is_expendable(v, f, name)) {
		++*v->rescued;
		rc = keep(f, v->statefd, dirfd, name, v->self, e);
	}
	arena_free(&f->arena);
	free(f);
	return rc;
}

/*
 * One of the two directories of a unit (apply_unit.c). The new one holds
 * nothing that is not elsewhere; the note says whether it is the old one.
 */
static int
recover_unit(struct recovery *v, const char *name, struct err *e)
{
	char note[STAGE_NAME_MAX + 8], *path;
	struct buf text = { .max = PATH_LEN_MAX + 32 };
	struct err gone;
	struct stat st;
	int fd, rc = 0;

	snprintf(note, sizeof(note), "%.*s.old", STAGE_NAME_MAX, name);
	fd = openat(v->stagefd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_sys(e, STAGING "/%s", name);
	if (io_load(v->stagefd, note, &text, &gone) == 0 &&
	    fstat(fd, &st) == 0) {
		buf_u8(&text, 0);
		if (!text.bad &&
		    strtoull((char *)text.bytes, &path, 10) == st.st_ino &&
		    *path == ' ')
			rc = unit_tree_walk(fd, path + 1, recover_file, v, e);
	}
	buf_free(&text);
	close(fd);
	if (rc == 0)
		rc = unit_tree_remove(v->stagefd, name, e);
	if (rc == 0)
		(void)unlinkat(v->stagefd, note, 0);
	return rc;
}

static bool
is_unit(const struct recovery *v, const char *name)
{
	struct stat st;

	return strncmp(name, UNIT, strlen(UNIT)) == 0 &&
	    fstatat(v->stagefd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
}

static bool
is_of_database(const char *name)
{
	return strncmp(name, DATABASE, strlen(DATABASE)) == 0 ||
	    strncmp(name, "." DATABASE, strlen("." DATABASE)) == 0;
}

/* A note without its directory, or one half written. */
static bool
is_unit_note(const char *name)
{
	return strncmp(name, UNIT, strlen(UNIT)) == 0 ||
	    strncmp(name, "." UNIT, strlen("." UNIT)) == 0;
}

/* First those that have a note; without one nothing was changed yet. */
static void
recover_databases(const struct recovery *v, const struct listing *names)
{
	for (size_t i = 0; i < names->count; i++)
		(void)database_recover(v->root, v->stagefd, names->at[i]);
	for (size_t i = 0; i < names->count; i++)
		if (is_of_database(names->at[i]))
			(void)unlinkat(v->stagefd, names->at[i], 0);
}

static int
recover_all(struct recovery *v, const struct listing *names, struct err *e)
{
	struct found *f;
	int rc = 0;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return err_sys(e, STAGING);
	recover_databases(v, names);
	for (size_t i = 0; i < names->count && rc == 0; i++) {
		if (is_note(names->at[i]) || is_of_database(names->at[i]))
			continue;
		if (is_unit(v, names->at[i]))
			rc = recover_unit(v, names->at[i], e);
		else if (is_unit_note(names->at[i]))
			(void)unlinkat(v->stagefd, names->at[i], 0);
		else
			rc = recover_one(v, f, names->at[i], e);
		arena_free(&f->arena);
		f->arena = (struct arena){ 0 };
	}
	free(f);
	(void)unlinkat(v->stagefd, NAMES_NEW, 0);
	if (rc == 0)
		rc = stage_drop_names(v->stagefd, e);
	return rc == 0 ? stage_fetching(v->stagefd, false, e) : rc;
}

static int
list_staging(struct listing *out, int stagefd, struct err *e)
{
	int fd = openat(stagefd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;
	int rc;

	if (fd == -1)
		return err_sys(e, STAGING);
	if ((dir = fdopendir(fd)) == NULL) {
		err_sys(e, STAGING);
		close(fd);
		return -1;
	}
	if ((rc = listing_read(out, dir)) == -1)
		err_sys(e, STAGING);
	closedir(dir);
	return rc;
}

int
stage_recover(struct root *r, int statefd, const struct tree *known,
    const struct machine *self, size_t *rescued, struct err *e)
{
	struct recovery v = {
		.root = r,
		.statefd = statefd,
		.self = self,
		.names = { .max = NAMES_MAX },
		.rescued = rescued,
	};
	struct listing names = { 0 };
	int rc = -1;

	*rescued = 0;
	if ((v.stagefd = stage_open(statefd, e)) == -1)
		return -1;
	if (list_staging(&names, v.stagefd, e) == -1)
		goto out;
	rc = 0;
	if (names.count == 0)
		goto out;
	v.fetching =
	    faccessat(v.stagefd, FETCHING, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (io_load(v.stagefd, NAMES, &v.names, e) == -1)
		buf_clear(&v.names);
	if ((rc = load_known(&v, known, e)) == 0)
		rc = recover_all(&v, &names, e);
	step("stage: recovered");
out:
	listing_free(&names);
	buf_free(&v.names);
	free(v.known);
	close(v.stagefd);
	return rc;
}
