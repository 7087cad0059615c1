#ifndef ROAM_LOCAL_DATABASE_H
#define ROAM_LOCAL_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/path.h"
#include "local/hold.h"
#include "local/root.h"
#include "local/stage.h"
#include "local/swap.h"

/*
 * database - an SQLite database that gets another content while its log does.
 *
 * There is no call that renames two names at once, and SQLite believes whatever
 * log lies beside a database. So the way leads over two databases that say the
 * same with their log as without it (sqlite_log.h), the bridges:
 *
 *	old, its log    ->  old bridge, its log  ->  old bridge
 *	                ->  new bridge           ->  new bridge, its log
 *	                ->  new, its log
 *
 * Each arrow is one rename, and what stands between two of them is read as the
 * old or as the new content, whole, by whoever reads it then. Where a log says
 * nothing, or there is none, its bridge is the database itself.
 *
 * A note in staging has the inodes of all of them. After a stop what is in the
 * home by then goes back to the old bytes or on to the new ones, unless a
 * program has used it meanwhile: then it stays as the program left it.
 */
enum role {
	ROLE_NONE, /* no file */
	ROLE_OLD,
	ROLE_OLD_BRIDGE,
	ROLE_OLD_LOG,
	ROLE_NEW,
	ROLE_NEW_BRIDGE,
	ROLE_NEW_LOG,
	ROLE__COUNT
};

#define LOG_NAME_MAX (NAME_LEN_MAX + 16)

struct database {
	int stagefd; /* the caller's */
	int dirfd;   /* owned */
	char path[PATH_LEN_MAX + 1];
	const char *name; /* in dirfd; the end of path */
	char old_log[LOG_NAME_MAX], new_log[LOG_NAME_MAX]; /* in dirfd, or "" */
	size_t index; /* in the names in staging */
	/* What each role is: an inode, 0 for none; its size and mtime. */
	struct was {
		uint64_t inode, size;
		int64_t mtime_ns;
	} role[ROLE__COUNT];
	char staged[STAGE_NAME_MAX]; /* of database_name() */
};

/* A database of the home at path, for now without any log. */
int database_open(struct database *out, const struct root *r, const char *path,
    struct err *e) MUST_CHECK;
/* Its old_log or new_log ends so. */
void database_set_log(const struct database *d, char log[LOG_NAME_MAX],
    const char *ending);
void database_close(struct database *d);
/* The name of a role in staging; valid until the next call. */
const char *database_name(struct database *d, enum role role);

/* Before anything changes: what each role is, then all of it on disk. */
int database_note_role(struct database *d, enum role role,
    struct err *e) MUST_CHECK;
void database_note_hold(struct database *d, enum role role,
    const struct hold *h);
int database_write_note(const struct database *d, struct err *e) MUST_CHECK;
bool database_has(const struct database *d, enum role role);

/*
 * The staged file of role takes the database's place, ROLE_NONE: it goes. What
 * was there comes to staging. first is what the scan saw, while it is held;
 * later what is there is held as it is. ERR_RACE as of swap_over().
 */
int database_change(struct database *d, enum role role, struct swap *s,
    const struct hold *first, struct err *e) MUST_CHECK;

/* After a stop or a failure: back to the old bytes, or on to the new. */
void database_settle(struct database *d);
/* Has the home the very database that it had before? */
bool database_is_old(const struct database *d);
/* Nothing of it is left in staging. */
void database_drop(struct database *d);

/* Is name in staging the note of a database? Then settle and drop that. */
bool database_recover(const struct root *r, int stagefd, const char *name);

#endif
