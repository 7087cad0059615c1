#ifndef ROAM_TESTS_TREES_H
#define ROAM_TESTS_TREES_H

#include <stddef.h>

#include "base/arena.h"
#include "engine/plan.h"

/* Rows of tables leave out what they do not need. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/*
 * trees - the inputs and outcomes of a plan as lines of text, so that a case
 * is a row of a table.
 *
 * A tree is words in any order: "d/" a directory, "d/x=text" a file and what
 * it holds, "l>target" a symlink. Behind it may stand, in this order: "%600"
 * mode, "^r" an xattr, "&7" hard-link group, "@5" mtime in ns, "#9" inode, "~" hollow. "!x"
 * is a path that could not be read, "?x" one that the rules keep local.
 */
struct trees {
	const char *base, *local, *remote; /* NULL: empty */
	const char *rules;                 /* lines; NULL: everything roams */
};

struct world {
	struct arena arena;
	struct home base, local, remote;
	struct rules *rules;
	struct plan_in in;
	struct plan plan;
	char text[4096]; /* of the last call that returned text */
};

/* Ends the test where a line is wrong. Undone by world_free(). */
void world_make(struct world *w, const struct trees *t);
void world_free(struct world *w);
/* world_make() and plan_make(). */
void world_plan(struct world *w, const struct trees *t);

/*
 * The plan as words "action:path" in order; "moved:" is the old path of a
 * rename, "rename:new<old" the new one. What is not planned or done has its
 * state behind it: "upload:x(pending)".
 */
const char *world_ops(struct world *w);
/* Paths and content of a tree as words; modes other than the usual ones. */
const char *world_tree(struct world *w, const struct tree *t);

/* All that is planned gets done. */
void world_do(struct world *w);
/* The op of path; ends the test where there is none. */
struct op *world_op(const struct world *w, const char *path);
/* Outcomes, checked by tree_check(), as of world_tree(). */
const char *world_new_store(struct world *w);
const char *world_new_base(struct world *w);
const char *world_new_local(struct world *w);

/* One row: the trees, the plan, and what both sides hold when it is done. */
struct trees_row {
	const char *why;
	struct trees trees;
	const char *ops;
	const char *store, *local, *base; /* NULL: not looked at */
};
void trees_check_rows(const struct trees_row *rows, size_t count);
#define CHECK_TREES(rows)                                                      \
	trees_check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

#endif
