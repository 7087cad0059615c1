#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/step.h"
#include "local/apply_parts.h"
#include "local/copy.h"
#include "local/database.h"
#include "local/meta.h"
#include "local/shelf.h"
#include "local/sqlite_log.h"
#include "local/stage.h"
#include "local/swap.h"
#include "local/vouch.h"

/*
 * A database and its log change by steps of one name each; database.h says how
 * none of them leaves the one's half with the other's.
 */
enum part { DB, WAL, JOURNAL, PARTS };

static const struct {
	const char *ending;
	enum sqlite_log log;
} parts[] = {
	[DB] = { "", 0 },
	[WAL] = { "-wal", SQLITE_LOG_WAL },
	[JOURNAL] = { "-journal", SQLITE_LOG_JOURNAL },
};
_Static_assert(sizeof(parts) / sizeof(parts[0]) == PARTS,
    "every part has a row");

struct work {
	struct apply *a;
	struct op *db;
	struct {
		struct op *op;   /* NULL: there is none */
		enum part which; /* it is */
	} old_log, new_log;
	struct database d;
	struct hold db_hold, log_hold; /* what the home has */
	struct swap swap;              /* of the step that failed */
};

static bool
is_file_or_none(const struct entry *t)
{
	return t == NULL || t->type == ENTRY_FILE;
}

/* Does the home get another content, or none, or one where it had none? */
static bool
is_change(const struct op *op)
{
	return op != NULL && op->state == OP_PLANNED &&
	    (op->sides & SIDE_HOME) != 0 &&
	    (op->local == NULL || op->result == NULL ||
		!entry_same_content(op->local, op->result));
}

static bool
is_plain(const struct op *op)
{
	return op->action != ACTION_RENAME && !op->moved &&
	    is_file_or_none(op->local) && is_file_or_none(op->result) &&
	    (op->local == NULL || entry_group(op->local) == 0) &&
	    (op->result == NULL || entry_group(op->result) == 0);
}

static bool
add_log(struct work *w, struct op *op, enum part which)
{
	if (op == NULL)
		return true;
	if (!is_plain(op) || (op->local != NULL && w->old_log.op != NULL) ||
	    (op->result != NULL && w->new_log.op != NULL))
		return false;
	if (op->local != NULL) {
		w->old_log.op = op;
		w->old_log.which = which;
	}
	if (op->result != NULL) {
		w->new_log.op = op;
		w->new_log.which = which;
	}
	return true;
}

/* One name alone changes in one step anyhow; of two logs at a time nobody
 * knows what they say. */
static bool
is_for_steps(struct work *w, const struct unit *u)
{
	const struct plan *p = w->a->in->plan;
	char path[PATH_LEN_MAX + 16];
	struct op *op[PARTS];
	int len;

	if (u->len > PATH_LEN_MAX)
		return false;
	for (enum part k = DB; k < PARTS; k++) {
		len = snprintf(path, sizeof(path), "%.*s%s", (int)u->len,
		    u->path, parts[k].ending);
		op[k] = plan_find(p, path, (size_t)len);
		if (!is_change(op[k]))
			op[k] = NULL;
	}
	w->db = op[DB];
	return w->db != NULL && is_plain(w->db) && add_log(w, op[WAL], WAL) &&
	    add_log(w, op[JOURNAL], JOURNAL) &&
	    (w->old_log.op != NULL || w->new_log.op != NULL);
}

static int
take_hold(const struct work *w, const struct op *op, const char *name,
    struct hold *out, struct err *e)
{
	struct stamp stamp;

	if (op == NULL || op->local == NULL)
		return 0;
	stamp = links_stamp(&w->a->links, op->local);
	return hold_take(out, w->d.dirfd, name, op->local, &stamp, e);
}

/* The database fd, played with its log, becomes a staged file of its own;
 * nothing where the log says nothing. */
static int
make_bridge(struct work *w, enum role role, int fd, int log,
    const struct entry *like, struct err *e)
{
	enum part which =
	    role == ROLE_OLD_BRIDGE ? w->old_log.which : w->new_log.which;
	bool did = false, partly;
	int to, rc = -1;

	if (fd == -1 || log == -1)
		return 0;
	to = stage_create(w->a->in->stagefd, database_name(&w->d, role), 0, e);
	if (to == -1)
		return -1;
	if (copy_content(fd, to, like->size, e) == 0 &&
	    sqlite_log_play(parts[which].log, to, log, &did, e) == 0 &&
	    meta_write(to, like, &partly, e) == 0)
		rc = fsync(to) == 0 ? 0 : err_sys(e, "%s", like->path);
	close(to);
	if (rc == 0 && did)
		return database_note_role(&w->d, role, e);
	(void)unlinkat(w->a->in->stagefd, database_name(&w->d, role), 0);
	return rc;
}

/* What an op brings, whole and with its attributes, under its role's name. */
static int
prepare(struct work *w, const struct op *op, enum role role, int *fd,
    struct err *e)
{
	char staged[STAGE_NAME_MAX];
	int stagefd = w->a->in->stagefd;

	*fd = -1;
	if (op == NULL || op->result == NULL)
		return 0;
	stage_name(staged, &op->result->hash,
	    (size_t)(op - w->a->in->plan->op));
	if (apply_prepare(w->a, op, staged, e) == -1)
		return -1;
	if (renameat(stagefd, staged, stagefd, database_name(&w->d, role)) ==
	    -1)
		return err_sys(e, "%s", op->result->path);
	*fd = openat(stagefd, database_name(&w->d, role),
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd == -1)
		return err_sys(e, "%s", op->result->path);
	return database_note_role(&w->d, role, e);
}

static int
prepare_new(struct work *w, struct err *e)
{
	int db = -1, log = -1, rc = -1;

	if (prepare(w, w->db, ROLE_NEW, &db, e) == 0 &&
	    prepare(w, w->new_log.op, ROLE_NEW_LOG, &log, e) == 0)
		rc = make_bridge(w, ROLE_NEW_BRIDGE, db, log, w->db->result, e);
	if (db != -1)
		close(db);
	if (log != -1)
		close(log);
	return rc;
}

static int
prepare_all(struct work *w, struct err *e)
{
	if (take_hold(w, w->db, w->d.name, &w->db_hold, e) == -1 ||
	    take_hold(w, w->old_log.op, w->d.old_log, &w->log_hold, e) == -1)
		return -1;
	database_note_hold(&w->d, ROLE_OLD, &w->db_hold);
	database_note_hold(&w->d, ROLE_OLD_LOG, &w->log_hold);
	if (make_bridge(w, ROLE_OLD_BRIDGE, w->db_hold.fd, w->log_hold.fd,
		w->db->local, e) == -1 ||
	    prepare_new(w, e) == -1)
		return -1;
	return database_write_note(&w->d, e);
}

/* The old log leaves: nothing in the home needs it. */
static int
take_log(struct work *w, struct err *e)
{
	if (w->old_log.op == NULL)
		return 0;
	w->swap.name = w->d.old_log;
	w->swap.staged = database_name(&w->d, ROLE_OLD_LOG);
	if (swap_out(&w->swap, &w->log_hold, e) == -1)
		return -1;
	step("apply: old log taken out");
	return 0;
}

static int
put_log(struct work *w, struct err *e)
{
	if (w->new_log.op == NULL)
		return 0;
	w->swap.name = w->d.new_log;
	w->swap.staged = database_name(&w->d, ROLE_NEW_LOG);
	if (swap_in(&w->swap, e) == -1)
		return -1;
	step("apply: new log put in place");
	return 0;
}

/* The database becomes what is staged as role; the first time what the scan
 * saw goes, later what we have put there. */
static int
change(struct work *w, enum role role, struct err *e)
{
	int rc;

	if (role != ROLE_NONE && !database_has(&w->d, role))
		return 0;
	w->swap.name = w->d.name;
	rc = database_change(&w->d, role, &w->swap, &w->db_hold, e);
	hold_end(&w->db_hold);
	if (rc == -1)
		return -1;
	w->a->changed = true;
	step("apply: database exchanged");
	return 0;
}

static int
carry_out(struct work *w, struct err *e)
{
	bool stays = w->db->result != NULL;
	enum role by = !stays                      ? ROLE_NONE
	    : database_has(&w->d, ROLE_NEW_BRIDGE) ? ROLE_NEW_BRIDGE
						   : ROLE_NEW;

	if (change(w, ROLE_OLD_BRIDGE, e) == -1 || take_log(w, e) == -1 ||
	    change(w, by, e) == -1 || put_log(w, e) == -1)
		return -1;
	return by == ROLE_NEW_BRIDGE ? change(w, ROLE_NEW, e) : 0;
}

static int
keep_losers(struct work *w, uint64_t kept[2], struct err *e)
{
	if (apply_keep_loser(w->a, w->db, &kept[0], e) == -1)
		return -1;
	return w->old_log.op != NULL
	    ? apply_keep_loser(w->a, w->old_log.op, &kept[1], e)
	    : 0;
}

static int
note_one(struct work *w, const struct op *op, const char *name, struct err *e)
{
	size_t i;

	if (op == NULL)
		return 0;
	i = (size_t)(op - w->a->in->plan->op);
	w->a->done[i] = DONE_UNIT;
	return op->result != NULL ? apply_placed(w->a, i, w->d.dirfd, name, e)
				  : 0;
}

static int
note_done(struct work *w, struct err *e)
{
	if (note_one(w, w->db, w->d.name, e) == -1 ||
	    note_one(w, w->old_log.op, w->d.old_log, e) == -1 ||
	    note_one(w, w->new_log.op, w->d.new_log, e) == -1)
		return -1;
	return 0;
}

/* What could not go on goes back, or on, as after a stop. */
static void
fail(struct work *w, const uint64_t kept[2])
{
	struct err ignored;

	if (w->swap.stray &&
	    stage_rescue(w->a->in->statefd, w->a->in->stagefd, w->swap.staged,
		w->d.path, w->a->in->self, &ignored) == -1)
		return; /* it stays in staging, for the next run */
	database_settle(&w->d);
	for (size_t i = 0; i < 2; i++)
		if (kept[i] != 0 && database_is_old(&w->d))
			(void)!shelf_remove(w->a->in->statefd, kept[i],
			    &ignored);
}

static int
run(struct work *w, struct err *e)
{
	uint64_t kept[2] = { 0, 0 };
	int rc = -1;

	if (prepare_all(w, e) == 0 && keep_losers(w, kept, e) == 0) {
		step("apply: database prepared");
		rc = carry_out(w, e);
	}
	hold_end(&w->db_hold);
	hold_end(&w->log_hold);
	if (rc == -1)
		fail(w, kept);
	database_drop(&w->d);
	step("apply: database done");
	return rc == 0 ? note_done(w, e) : -1;
}

int
apply_database(struct apply *a, uint32_t unit, bool *whole, struct err *e)
{
	const struct unit *u = &a->in->plan->unit[unit - 1];
	struct work w = {
		.a = a,
		.db_hold.fd = -1,
		.log_hold.fd = -1,
		.swap = { .stagefd = a->in->stagefd },
	};
	char path[PATH_LEN_MAX + 1];
	int rc;

	*whole = is_for_steps(&w, u);
	if (!*whole)
		return 0;
	snprintf(path, sizeof(path), "%.*s", (int)u->len, u->path);
	if (database_open(&w.d, a->in->root, path, e) == -1)
		return -1;
	w.d.stagefd = a->in->stagefd;
	w.d.index = (size_t)(w.db - a->in->plan->op);
	if (w.old_log.op != NULL)
		database_set_log(&w.d, w.d.old_log,
		    parts[w.old_log.which].ending);
	if (w.new_log.op != NULL)
		database_set_log(&w.d, w.d.new_log,
		    parts[w.new_log.which].ending);
	w.swap.dirfd = w.d.dirfd;
	rc = run(&w, e);
	database_close(&w.d);
	return rc;
}
