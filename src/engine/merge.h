#ifndef ROAM_ENGINE_MERGE_H
#define ROAM_ENGINE_MERGE_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/plan.h"

/*
 * merge - the decision for one path, as a table: what each side did since both
 * agreed, and what a run does about it.
 */
enum change {
	CHG_NONE, /* the path is unknown here, now as then */
	CHG_SAME, /* known then, and untouched */
	CHG_NEW,  /* appeared */
	CHG_EDIT, /* content, type or attributes differ */
	CHG_GONE, /* was removed */
	CHG__COUNT
};

/* What a run does about it. Zero is no answer, so a forgotten cell shows. */
enum act {
	ACT_NEVER, /* the two changes cannot meet: a bug if they do */
	ACT_KEEP,  /* nobody did anything */
	ACT_PULL,  /* the store's to the home */
	ACT_PUSH,  /* the home's to the store */
	ACT_DROP_LOCAL,
	ACT_DROP_STORE,
	ACT_FORGET,  /* gone on both sides: leave it out of the base */
	ACT_COMPARE, /* both wrote: only what they wrote can tell */
	ACT__COUNT
};

enum change merge_change(const struct entry *base, const struct entry *now);
enum act merge_cell(enum change local, enum change remote);

/*
 * Decide op's path from its base, local and remote: fills in all the rest.
 * Merged entries are made in a. False in *needed: there is nothing to do and
 * nothing to note.
 */
int merge_path(struct op *op, bool *needed, struct arena *a,
    struct err *e) MUST_CHECK;

/*
 * The total order that settles true conflicts: mtime, then machine, then hash,
 * then whatever else differs. Positive: a wins. 0 only for equal entries.
 */
int merge_winner(const struct entry *a, const struct entry *b);

/* The two ways an op turns a removal back: the content lives on the side that
 * still has it and comes back to the other. */
void merge_revive(struct op *op, enum reason why);

/* Make op the conflict in which the directory dir (local or remote of op) wins
 * against the file that the other side has. */
void merge_directory_wins(struct op *op, const struct entry *dir);

/*
 * One side's version of op's path takes it, also where it has none; what the
 * other one wrote there since both agreed loses.
 */
void merge_take(struct op *op, bool local, enum reason why);

/* Make of op, a conflict of two files, that the winner takes the path and the
 * loser is not kept: the rules say that nobody wants it. */
void merge_newest(struct op *op);

/*
 * Make of op, a conflict of two files, the merge whose content a driver made.
 * Attributes are merged as ever; self is whose content it is where it is
 * neither side's.
 */
int merge_driven(struct op *op, const struct hash *content, uint64_t size,
    const struct machine *self, struct arena *a, struct err *e) MUST_CHECK;

#endif
