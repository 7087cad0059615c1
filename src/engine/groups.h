#ifndef ROAM_ENGINE_GROUPS_H
#define ROAM_ENGINE_GROUPS_H

#include "base/arena.h"
#include "base/err.h"
#include "model/tree.h"

/*
 * groups - hard links, told apart from the names that a scan gives to them.
 *
 * A scan names a group after the first of its paths that it sees. That name
 * changes with every path that comes, goes, could not be read or is kept local
 * by a rule, though nobody linked or parted anything. So before a plan is made
 * the groups of the home are given the names that base has for them, wherever
 * the paths that both know are linked to each other as they were.
 *
 * Two files of a tree are links of one where they bear one group and are the
 * same in content and attributes; alone in a group, a file is like any other.
 */

/*
 * Entries of local whose group has another name now are replaced by copies,
 * made in a.
 */
int groups_align(struct tree *local, const struct tree *base, struct arena *a,
    struct err *e) MUST_CHECK;

#endif
