#ifndef ROAM_PROG_CHANGES_H
#define ROAM_PROG_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "engine/json.h"
#include "model/home.h"
#include "model/tree.h"

/*
 * changes - what makes one tree another: a list for people, with renames, and
 * for scripts, without. Not a plan: nobody is to do anything about it.
 */
enum change_kind {
	CHANGE_ADDED,
	CHANGE_CHANGED,
	CHANGE_REMOVED,
	CHANGE_RENAMED,
	CHANGE__COUNT
};

struct change {
	enum change_kind kind; /* never CHANGE_RENAMED: see was */
	/* The new one, or the one that is gone; borrowed from the trees. */
	const struct entry *entry;
	const struct entry *was; /* added: the file it was before; else NULL */
	bool moved;              /* removed: it is the was of another */
};

struct changes {
	struct change *at; /* owned; in order of the paths */
	size_t count, cap;
};

/* What is opaque in to, where that is a home, is left out. */
int changes_find(struct changes *out, const struct tree *from,
    const struct home *to, struct err *e) MUST_CHECK;
/* Leave only those at path and below. */
void changes_within(struct changes *c, const char *path);
void changes_free(struct changes *c);

/* A line a change, then the sums; all: however many there are. */
int changes_print(const struct changes *c, bool all, struct err *e) MUST_CHECK;
/* Prints head with one key more: "changes", null where c is NULL. Drops the
 * reference to head, also on failure. */
int changes_print_json(json_t *head, const struct changes *c,
    struct err *e) MUST_CHECK;

#endif
