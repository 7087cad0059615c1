#ifndef ROAM_ENGINE_PLAN_H
#define ROAM_ENGINE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/entry.h"
#include "model/home.h"
#include "model/rules.h"
#include "model/tree.h"

/*
 * plan - what a run will do, as data. Made by plan_make() from three trees,
 * read by two: report (the dry run) and the applier. Pure: no file, network
 * or clock.
 */
enum action {
	ACTION_NONE, /* both sides hold it already: only base moves; not shown */
	ACTION_UPLOAD,
	ACTION_DOWNLOAD,
	ACTION_DELETE_LOCAL,
	ACTION_DELETE_STORE,
	ACTION_MERGE, /* by a driver */
	ACTION_CONFLICT,
	ACTION_ATTRIBUTES,
	ACTION_RENAME,
	ACTION__COUNT
};

/* The sides whose tree an op changes; ops may change both. */
#define SIDE_HOME  1u
#define SIDE_STORE 2u

/* Why the op is there, for people; texts in plan.c. */
enum reason {
	REASON_NONE,
	REASON_AGREED, /* both hold the same */
	REASON_GONE,   /* both removed it */
	REASON_NEW_HERE,
	REASON_NEW_THERE,
	REASON_CHANGED_HERE,
	REASON_CHANGED_THERE,
	REASON_REMOVED_HERE,
	REASON_REMOVED_THERE,
	REASON_MOVED_HERE,
	REASON_MOVED_THERE,
	REASON_EDIT_OUTLIVES,  /* changed on one side, removed on the other */
	REASON_BOTH_LOCAL_WON, /* true conflict, by the total order */
	REASON_BOTH_STORE_WON,
	REASON_DIRECTORY_WON, /* directory against file */
	REASON_ATTRS_HERE,    /* mode, xattrs or ACL only */
	REASON_ATTRS_THERE,
	REASON_ATTRS_BOTH, /* merged from both */
	REASON_HOLDS_MORE, /* a directory whose content lives */
	REASON_LEFT_LOCAL, /* removed there; holds what stays local here */
	REASON_MERGED,     /* changed on both sides, made one by a driver */
	REASON_NEWEST,   /* changed on both sides, the driver takes the newer */
	REASON_BESIDE,   /* lost, and becomes a file of its own */
	REASON_LOST,     /* the same, but the store has lost its content */
	REASON_UNDONE,   /* came with what 'undo' takes back */
	REASON_RESTORED, /* asked for by 'restore' or 'conflicts take' */
	REASON__COUNT
};

enum op_state {
	OP_PLANNED, /* to be done by this run */
	OP_DONE,
	OP_PENDING, /* waits for a run that may change the other side too */
	OP_HELD,    /* a deletion that a guard holds back */
	OP_SUSPECT, /* a change that a guard holds back */
	OP_FAILED,  /* was not done; why says what was in the way */
};

struct op {
	const struct entry *base, *local, *remote; /* NULL: absent */
	/*
	 * What both sides hold when the op is done; NULL: nothing. Is local,
	 * remote, or a merged entry of the plan's arena. Where the store has to
	 * get its content from the home, the builder fills in its place.
	 */
	const struct entry *result;
	const struct entry *loser; /* conflict: goes to the conflict list */
	const struct entry *from;  /* rename: the entry at the old path; beside:
		the version that lost */
	uint8_t action;            /* enum action */
	uint8_t sides;
	uint8_t state;  /* enum op_state */
	uint8_t why;    /* enum why, when OP_FAILED */
	uint8_t reason; /* enum reason */
	uint8_t moved;  /* the old path of a rename; not shown */
	uint8_t loser_is_local;
	uint8_t renewed; /* goes, while its content or nearly its name comes */
	uint8_t beside;  /* puts what lost at another path beside what won */
	uint8_t lost;    /* the store has not the content that it names */
	uint8_t left;    /* not to be touched; only while a plan is made */
	uint32_t
	    unit; /* plan.unit[unit - 1] decides and is done as one; 0: none */
	/* enum driver: merges it, or is to try it (a conflict of two files). */
	uint8_t driver;
};

/* What is merged and carried out as one: a directory that the rules name, or
 * an SQLite database with its logs. */
struct unit {
	const char *path; /* borrowed, of an entry; no NUL behind */
	size_t len;
	bool is_dir;
	bool swapped; /* carried out in one step; all of it has new stamps */
};

struct plan {
	struct op *op; /* owned; in path_order() of op_path() */
	size_t count;
	size_t cap;
	struct unit *unit; /* owned; those that ops belong to */
	size_t unit_count;
	size_t unit_cap;
};

struct plan_in {
	const struct tree *base;
	const struct home *local;
	const struct stamp *base_stamp; /* inodes at the last agreement, one for
		each entry of known; may be NULL */
	const struct tree *known;       /* the local tree of the last run */
	const struct tree *remote;
	const struct rules *rules; /* NULL: everything roams */
	bool rules_changed;        /* since known was seen */
	const struct machine *self;
	struct arena *arena; /* where merged entries go */
};

int plan_make(struct plan *out, const struct plan_in *in,
    struct err *e) MUST_CHECK;
/* Append; the caller keeps the order. */
int plan_add(struct plan *p, const struct op *op, struct err *e) MUST_CHECK;
void plan_free(struct plan *p);

/*
 * A plan that puts the entries of want (of another generation, say) into the
 * home, whatever the store holds. What they replace loses a conflict, so that
 * it is kept; what they do not name stays. A file never replaces a directory.
 * What gone names goes where the home has it still and nothing else in it.
 * A database of want has the logs that want has beside it, and no others.
 * in: local, rules; its remote is want.
 */
int plan_put(struct plan *out, const struct plan_in *in,
    const struct tree *gone, struct err *e) MUST_CHECK;

/* Ops that need a side outside sides wait: OP_PENDING. */
void plan_restrict(struct plan *p, unsigned sides);

struct guard {
	uint64_t percent; /* held when more than percent ... */
	uint64_t count;   /* ... and more than count would go on one side */
};
/* Hold deletions back (OP_HELD) where g says so, or where the home or the
 * store is empty and base is not. Returns how many are held. */
size_t plan_guard(struct plan *p, const struct plan_in *in,
    const struct guard *g);
/*
 * Hold back (OP_SUSPECT) what gives more than g's share of base's files, and
 * more than its number, other contents on one side: under their names, or under
 * names that differ in what follows a dot, while the old ones go. Renames never
 * count. Returns how many files are held; none where g is NULL. Comes before
 * plan_guard(), to which a file that gives way to another is no deletion.
 */
size_t plan_guard_changes(struct plan *p, const struct plan_in *in,
    const struct guard *g);

/* The path an op is about; its length to *len where that is not NULL. */
const char *op_path(const struct op *op, size_t *len);
/* Does this op bring content into the home that is not there yet? */
bool op_needs_content(const struct op *op);
/* Is the op one that people see: planned or done, and more than ACTION_NONE? */
bool op_is_shown(const struct op *op);
void op_fail(struct op *op, enum why why);
/* The op of path, or NULL. */
struct op *plan_find(const struct plan *p, const char *path, size_t len);
/* The ops of unit that are still planned wait for another run: as why says. */
void plan_fail_unit(struct plan *p, uint32_t unit, enum why why);

/* Is path at or below the unit, or of the database that it is? */
bool unit_holds(const struct unit *u, const char *path, size_t len);

/* Length of a database's path in front of a log's ending; 0: no log. */
size_t unit_log_stem(const char *path, size_t len);

const char *action_text(enum action a); /* as in --json */
const char *reason_text(enum reason r);

/*
 * What the ops that are OP_DONE make of a tree. The store's tree after the
 * ops of SIDE_STORE; the base after all; the local one after SIDE_HOME.
 */
int plan_new_store(struct tree *out, const struct plan *p,
    const struct tree *remote, struct err *e) MUST_CHECK;
int plan_new_base(struct tree *out, const struct plan *p,
    const struct tree *base, struct err *e) MUST_CHECK;
int plan_new_local(struct tree *out, const struct plan *p,
    const struct tree *local, struct err *e) MUST_CHECK;

#endif
