#include "local/database.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "local/vouch.h"

#define PREFIX     "database-"
#define NOTE_MAX   (PATH_LEN_MAX + 512u)
#define ENDING_MAX 15u

/* --- What is what --------------------------------------------------------- */

int
database_open(struct database *out, const struct root *r, const char *path,
    struct err *e)
{
	size_t len = strlen(path), dir = path_parent_len(path, len);
	char parent[PATH_LEN_MAX + 1] = ".";

	*out = (struct database){ .stagefd = -1 };
	memcpy(out->path, path, len + 1);
	out->name = path_name(out->path, len);
	if (dir > 0)
		snprintf(parent, sizeof(parent), "%.*s", (int)dir, path);
	out->dirfd = root_at(r, parent, O_PATH | O_DIRECTORY, e);
	return out->dirfd != -1 ? 0 : -1;
}

void
database_set_log(const struct database *d, char log[LOG_NAME_MAX],
    const char *ending)
{
	snprintf(log, LOG_NAME_MAX, "%s%s", d->name, ending);
}

void
database_close(struct database *d)
{
	if (d->dirfd != -1)
		close(d->dirfd);
	d->dirfd = -1;
}

const char *
database_name(struct database *d, enum role role)
{
	snprintf(d->staged, sizeof(d->staged), PREFIX "%zu.%d", d->index,
	    (int)role);
	return d->staged;
}

bool
database_has(const struct database *d, enum role role)
{
	return d->role[role].inode != 0;
}

static void
note_role(struct database *d, enum role role, const struct stat *st)
{
	d->role[role] = (struct was){
		.inode = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns = stat_mtime_ns(st),
	};
}

int
database_note_role(struct database *d, enum role role, struct err *e)
{
	struct stat st;

	if (fstatat(d->stagefd, database_name(d, role), &st,
		AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "%s", d->path);
	note_role(d, role, &st);
	return 0;
}

void
database_note_hold(struct database *d, enum role role, const struct hold *h)
{
	if (h->fd != -1)
		note_role(d, role, &h->st);
}

static void
note_name(const struct database *d, char out[STAGE_NAME_MAX])
{
	snprintf(out, STAGE_NAME_MAX, PREFIX "%zu", d->index);
}

/* "-" stands for no log: no ending is that short. */
static const char *
ending_of(const struct database *d, const char *log)
{
	return log[0] != '\0' ? log + strlen(d->name) : "-";
}

int
database_write_note(const struct database *d, struct err *e)
{
	char name[STAGE_NAME_MAX], text[NOTE_MAX];
	size_t len = 0;

	for (enum role r = ROLE_OLD; r < ROLE__COUNT; r++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%" PRIu64 " %" PRIu64 " %" PRId64 " ", d->role[r].inode,
		    d->role[r].size, d->role[r].mtime_ns);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s %s",
	    ending_of(d, d->old_log), ending_of(d, d->new_log), d->path);
	note_name(d, name);
	return io_replace(d->stagefd, name, text, len, e);
}

/* --- One rename ----------------------------------------------------------- */

static struct stat
stat_of(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		st = (struct stat){ 0 };
	return st;
}

static enum role
role_of(const struct database *d, const struct stat *st)
{
	for (enum role r = ROLE_OLD; r < ROLE__COUNT; r++)
		if (st->st_ino != 0 && d->role[r].inode == st->st_ino)
			return r;
	return ROLE_NONE;
}

/* Has nobody written to what we put there? */
static bool
is_untouched(const struct database *d, const struct stat *st)
{
	const struct was *was = &d->role[role_of(d, st)];

	return was->inode == st->st_ino && was->size == (uint64_t)st->st_size &&
	    was->mtime_ns == stat_mtime_ns(st);
}

/* What has the name is held as it is now, where it is one of ours. */
static int
hold_present(const struct database *d, struct hold *out, struct err *e)
{
	struct stat st = stat_of(d->dirfd, d->name);
	const struct entry t = {
		.path = d->path,
		.path_len = (uint16_t)strlen(d->path),
		.type = ENTRY_FILE,
		.mode = stat_mode(&st),
		.size = (uint64_t)st.st_size,
		.mtime_ns = stat_mtime_ns(&st),
	};
	struct stamp stamp = stamp_of(&st);

	if (role_of(d, &st) == ROLE_NONE || !is_untouched(d, &st))
		return err_set(e, ERR_RACE, "%s: changed meanwhile", d->path);
	return hold_take(out, d->dirfd, d->name, &t, &stamp, e);
}

int
database_change(struct database *d, enum role role, struct swap *s,
    const struct hold *first, struct err *e)
{
	struct hold own = { .fd = -1 };
	const struct hold *h = first;
	int rc;

	s->name = d->name;
	s->staged = database_name(d, role);
	if (!database_has(d, ROLE_OLD) &&
	    stat_of(d->dirfd, d->name).st_ino == 0)
		return swap_in(s, e);
	if (first->fd == -1) {
		if (hold_present(d, &own, e) == -1)
			return -1;
		h = &own;
	}
	rc = role == ROLE_NONE ? swap_out(s, h, e) : swap_over(s, h, e);
	hold_end(&own);
	return rc;
}

/* --- After a stop --------------------------------------------------------- */

/* The name in staging of what role is; NULL if it is not there. */
static const char *
staged_as(struct database *d, enum role role)
{
	struct stat st;

	for (enum role r = ROLE_NONE; r < ROLE__COUNT; r++) {
		st = stat_of(d->stagefd, database_name(d, r));
		if (st.st_ino != 0 && st.st_ino == d->role[role].inode)
			return d->staged;
	}
	return NULL;
}

/* The log that belongs to the side comes beside the database, which says the
 * same without. True: it is there, or there is none. */
static bool
settle_log(struct database *d, enum role log, const char *name)
{
	struct swap s = {
		.dirfd = d->dirfd,
		.name = name,
		.stagefd = d->stagefd,
	};
	struct stat st;
	struct err ignored;

	if (!database_has(d, log))
		return true;
	st = stat_of(d->dirfd, name);
	if (st.st_ino != 0)
		return role_of(d, &st) == log;
	s.staged = staged_as(d, log);
	return s.staged != NULL && swap_in(&s, &ignored) == 0;
}

/* The bridge in the home gives way to the database that is meant. */
static void
settle_database(struct database *d, enum role role)
{
	struct swap s = { .dirfd = d->dirfd,
		.name = d->name,
		.stagefd = d->stagefd };
	struct err ignored;
	struct hold h;

	if (hold_present(d, &h, &ignored) == -1)
		return;
	if ((s.staged = staged_as(d, role)) != NULL)
		(void)!swap_over(&s, &h, &ignored);
	hold_end(&h);
}

void
database_settle(struct database *d)
{
	struct stat st = stat_of(d->dirfd, d->name);
	enum role now = role_of(d, &st);
	bool old = now == ROLE_OLD || now == ROLE_OLD_BRIDGE;

	if (now == ROLE_NONE || !is_untouched(d, &st) ||
	    hold_has_writer(d->dirfd, d->name) ||
	    !(old ? settle_log(d, ROLE_OLD_LOG, d->old_log)
		  : settle_log(d, ROLE_NEW_LOG, d->new_log)))
		return;
	if (now == ROLE_OLD_BRIDGE)
		settle_database(d, ROLE_OLD);
	else if (now == ROLE_NEW_BRIDGE)
		settle_database(d, ROLE_NEW);
}

bool
database_is_old(const struct database *d)
{
	struct stat st = stat_of(d->dirfd, d->name);

	return role_of(d, &st) == ROLE_OLD;
}

void
database_drop(struct database *d)
{
	char note[STAGE_NAME_MAX];

	for (enum role r = ROLE_NONE; r < ROLE__COUNT; r++)
		(void)unlinkat(d->stagefd, database_name(d, r), 0);
	note_name(d, note);
	(void)unlinkat(d->stagefd, note, 0);
}

/* The next word of text; NULL where none ends within max bytes. */
static const char *
word(char **text, size_t max)
{
	char *from = *text + strspn(*text, " "), *end = strchr(from, ' ');

	if (end == NULL || (size_t)(end - from) > max)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return from;
}

static void
set_log(const struct database *d, char log[LOG_NAME_MAX], const char *ending)
{
	if (strcmp(ending, "-") != 0)
		database_set_log(d, log, ending);
}

/* Six times an inode, its size and its mtime; the logs' endings; the path. */
static bool
parse(struct database *out, const struct root *r, char *text)
{
	struct was role[ROLE__COUNT] = { { 0 } };
	const char *old_log, *new_log;
	struct err ignored;

	for (enum role k = ROLE_OLD; k < ROLE__COUNT; k++) {
		role[k].inode = strtoull(text, &text, 10);
		role[k].size = strtoull(text, &text, 10);
		role[k].mtime_ns = strtoll(text, &text, 10);
	}
	if ((old_log = word(&text, ENDING_MAX)) == NULL ||
	    (new_log = word(&text, ENDING_MAX)) == NULL ||
	    !path_is_clean(text, strlen(text)) ||
	    database_open(out, r, text, &ignored) == -1)
		return false;
	set_log(out, out->old_log, old_log);
	set_log(out, out->new_log, new_log);
	memcpy(out->role, role, sizeof(role));
	return true;
}

bool
database_recover(const struct root *r, int stagefd, const char *name)
{
	struct buf text = { .max = NOTE_MAX };
	struct database d;
	struct err ignored;
	bool is_note = strncmp(name, PREFIX, strlen(PREFIX)) == 0 &&
	    strchr(name, '.') == NULL;

	if (!is_note)
		return false;
	if (io_load(stagefd, name, &text, &ignored) == 0)
		buf_u8(&text, 0);
	if (text.len > 0 && !text.bad && parse(&d, r, (char *)text.bytes)) {
		d.stagefd = stagefd;
		d.index = strtoull(name + strlen(PREFIX), NULL, 10);
		database_settle(&d);
		database_drop(&d);
		database_close(&d);
	}
	buf_free(&text);
	return true;
}
