#include "sync/beside.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/step.h"
#include "base/text.h"
#include "local/meta.h"
#include "local/scan.h"
#include "local/shelf.h"
#include "sync/extract.h"
#include "sync/list.h"

#define COPY_NAME   "beside" /* below the state directory, while it is made */
#define COPY_LEN    65536u
#define MACHINE_LEN 64u
#define SECOND_NS   1000000000

/* Bytes of at most max that do not end within a character. */
static size_t
whole_len(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* What tells this version from others, the same on all machines. */
static size_t
tag_of(char *out, size_t cap, const struct conflict *lost, bool twin)
{
	const char *by = lost->machine != NULL ? lost->machine->name : "?";
	time_t at = (time_t)(lost->loser->mtime_ns / SECOND_NS);
	char machine[MACHINE_LEN + 1], date[32] = "?";
	struct tm tm;
	size_t n = whole_len(by, strlen(by), MACHINE_LEN);

	memcpy(machine, by, n);
	machine[n] = '\0';
	for (char *p = machine; *p != '\0'; p++)
		if (*p == '/' || (unsigned char)*p < ' ')
			*p = '_';
	if (gmtime_r(&at, &tm) != NULL)
		strftime(date, sizeof(date), "%Y-%m-%d %H.%M.%S", &tm);
	if (twin)
		snprintf(out, cap, " (conflict from %s %s, %016" PRIx64 ")",
		    machine, date, shelf_id(lost->loser));
	else
		snprintf(out, cap, " (conflict from %s %s)", machine, date);
	return strlen(out);
}

bool
beside_name(char *out, size_t cap, const struct conflict *lost, bool twin)
{
	const char *path = lost->loser->path, *name, *dot;
	size_t len = lost->loser->path_len, dir, stem, tag_len, ext;
	char tag[160];

	name = path_name(path, len);
	dir = (size_t)(name - path);
	dot = strrchr(name, '.');
	if (dot == NULL || dot == name)
		dot = path + len;
	ext = (size_t)(path + len - dot);
	tag_len = tag_of(tag, sizeof(tag), lost, twin);
	if (ext + tag_len >= NAME_LEN_MAX)
		return false;
	stem =
	    whole_len(name, (size_t)(dot - name), NAME_LEN_MAX - ext - tag_len);
	if (stem == 0 || dir + stem + tag_len + ext >= cap)
		return false;
	snprintf(out, cap, "%.*s%s%s", (int)(dir + stem), path, tag, dot);
	return true;
}

bool
beside_is_due(const struct rules *rules, const struct entry *loser)
{
	struct ruling ruling;

	if (rules == NULL || loser->type != ENTRY_FILE)
		return false;
	rules_explain(rules, loser->path, loser->path_len, false, &ruling);
	return ruling.roams && ruling.beside && ruling.unit == NULL;
}

static bool
is_due(const struct context *c, const struct conflict *lost)
{
	return beside_is_due(c->setup->rules, lost->loser);
}

static int
copy(int from, int to, struct err *e)
{
	char bytes[COPY_LEN];
	ssize_t n;

	while ((n = io_read(from, bytes, sizeof(bytes), e)) > 0)
		if (io_write(to, bytes, (size_t)n, e) == -1)
			return -1;
	return (int)n;
}

/* The loser's content, checked, with its attributes, on disk. */
static int
fill(struct context *c, const struct conflict *lost, int fd, struct err *e)
{
	int kept = shelf_open(c->statefd, lost->id, e), rc;
	struct hash hash;
	struct stat st;
	bool partly;

	rc = kept != -1 ? copy(kept, fd, e)
			: extract_content(c, lost->loser, fd, e);
	if (kept != -1)
		close(kept);
	if (rc == -1)
		return -1;
	if (lseek(fd, 0, SEEK_SET) == -1 || fstat(fd, &st) == -1)
		return err_sys(e, "%s", COPY_NAME);
	if (scan_hash(fd, &st, &hash, e) == -1)
		return -1;
	if (!hash_same(&hash, &lost->loser->hash))
		return err_set(e, ERR_FORMAT, "what is kept has changed");
	if (meta_write(fd, lost->loser, &partly, e) == -1)
		return -1;
	return fsync(fd) == 0 ? 0 : err_sys(e, "%s", COPY_NAME);
}

/* Is what has that name already this very version? */
static bool
is_there(const struct context *c, const char *name, const struct entry *loser)
{
	struct hash hash;
	struct stat st;
	struct err e;
	bool same = false;
	int fd;

	fd = root_at(&c->root, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, &e);
	if (fd == -1)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    scan_hash(fd, &st, &hash, &e) == 0)
		same = hash_same(&hash, &loser->hash);
	close(fd);
	return same;
}

/* dirfd only stands for the directory: what is to be synced has to be open. */
static int
sync_dir(int dirfd, struct err *e)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return err_sys(e, "sync of the directory");
	rc = io_sync_dir(fd, e);
	close(fd);
	return rc;
}

/* By a link, so that it appears whole and takes nobody's place. 1: something
 * else has the name. */
static int
link_in(struct context *c, const struct conflict *lost, const char *name,
    struct err *e)
{
	const char *last;
	int dirfd;

	dirfd = root_parent(&c->root, name, strlen(name), &last, e);
	if (dirfd == -1)
		return -1;
	if (linkat(c->statefd, COPY_NAME, dirfd, last, 0) == 0) {
		step("copy beside");
		return sync_dir(dirfd, e);
	}
	if (errno != EEXIST)
		return err_sys(e, "%s", name);
	return is_there(c, name, lost->loser) ? 0 : 1;
}

static int
place(struct context *c, const struct conflict *lost, struct err *e)
{
	char name[PATH_LEN_MAX + 1];
	int rc = 1;

	for (int twin = 0; twin < 2 && rc == 1; twin++) {
		if (!beside_name(name, sizeof(name), lost, twin != 0))
			return err_set(e, ERR_LIMIT,
			    "%s: no room for a longer name", lost->loser->path);
		rc = link_in(c, lost, name, e);
	}
	return rc == 1 ? err_set(e, ERR_RACE, "%s: is there already", name)
		       : rc;
}

static int
settle(struct context *c, const struct conflict *lost, struct err *e)
{
	int fd, rc = -1;

	if (unlinkat(c->statefd, COPY_NAME, 0) == -1 && errno != ENOENT)
		return err_sys(e, "%s", COPY_NAME);
	fd = openat(c->statefd, COPY_NAME,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, "%s", COPY_NAME);
	if (fill(c, lost, fd, e) == 0)
		rc = place(c, lost, e);
	close(fd);
	(void)unlinkat(c->statefd, COPY_NAME, 0);
	return rc == 0 ? list_drop(c, lost->id, e) : -1;
}

int
beside_settle(struct context *c, bool *made, struct err *e)
{
	struct profile list = { 0 };
	struct err why;

	*made = false;
	if (list_merged(c, &list, e) == -1) {
		profile_free(&list);
		return -1;
	}
	for (size_t i = 0; i < list.conflict_count; i++) {
		if (!is_due(c, &list.conflict[i]))
			continue;
		*made = true; /* or may have been, whatever it says */
		if (settle(c, &list.conflict[i], &why) == -1)
			log_line(LOG_LEVEL_WARN,
			    "a version that lost stays in 'roam conflicts': %s",
			    why.text);
	}
	profile_free(&list);
	return 0;
}
