#ifndef ROAM_TESTS_HOMES_H
#define ROAM_TESTS_HOMES_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "engine/plan.h"
#include "local/root.h"
#include "local/scan.h"
#include "model/machine.h"
#include "model/profile.h"

/*
 * homes - a home in a folder of its own below /tmp, with an outside beside it
 * that nothing may reach. Every call ends the test where it fails.
 */
struct homes {
	char dir[64]; /* holds home and outside */
	char home[80];
	char outside[80];
	struct root root;
	int fd; /* of the home; the tests' own way in */
	int statefd;
	struct arena arena;
	struct machines machines;
	const struct machine *self;
	struct rules *rules; /* of plans; NULL: none. The test's */
};

void homes_make(struct homes *h);
void homes_free(struct homes *h);
/* The same home as another process or a later run sees it. */
void homes_reopen(struct homes *h);

/* A shell command in the home; the test's way to make things. */
void homes_shell(const struct homes *h, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Write text to a file, in place where there is one. */
void homes_put(const struct homes *h, const char *path, const char *text);
/* The same through a new file that is renamed over it. */
void homes_replace(const struct homes *h, const char *path, const char *text);
/* What a file holds, NUL behind, at most 64 KiB; NULL if there is none. The
 * buffer is the call's until the fourth one after it. */
const char *homes_get(const struct homes *h, const char *path);
bool homes_has(const struct homes *h, const char *path);
uint64_t homes_inode(const struct homes *h, const char *path);

/* Scan; known NULL or of before. */
struct home homes_scan(struct homes *h, const struct home *known,
    struct scan_sums *sums);
/* The tree as words in order: "d/" "x=text" "l>target", hollow "d/~"; the
 * opaque paths as "!path:why". The state directory's own are left out. */
const char *homes_words(const struct homes *h, const struct home *home);

const struct entry *homes_entry(const struct home *home, const char *path);
const struct opaque *homes_opaque(const struct home *home, const char *path);

/*
 * The store's side of a plan: a copy of tree with words applied in any order.
 * "x=text" a file, "d/" a directory, "l>target" a symlink, "-x" removes x and
 * all below it; behind one may stand "%600" a mode, "&7" a group, "@5" mtime in
 * seconds (else an hour from now).
 */
struct tree homes_edit(struct homes *h, const struct tree *tree,
    const char *words);

/* A plan on its way through apply. */
struct run {
	struct home local;
	struct tree base, remote;
	struct plan plan;
	struct stamp *stamps;
	int stagefd;
	/* Called by apply after each op; NULL unless the test sets it. */
	void (*progress)(uint64_t done, uint64_t of, void *arg);
	void *arg;
};
/* Scan, merge with a remote made from base by words, stage all contents. */
void run_plan(struct homes *h, struct run *r, const struct tree *base,
    const char *words);
void run_apply(struct homes *h, struct run *r);
/* The home after a plan from before to after is what after says, and a scan
 * that knows the outcome has nothing to read. */
void run_check(struct homes *h, struct run *r, const char *why);
void run_free(struct run *r);
struct op *run_op(const struct run *r, const char *path);
/* All of it, from a home that is as base to one that is as remote. */
void run_all(struct homes *h, const char *words);

/* The conflicts on the shelf; their texts as "path=text" words in order. */
const char *homes_shelf(struct homes *h);
/* Names in staging other than "names". */
size_t homes_staged(const struct homes *h);

/* Does the file system of /tmp grant leases? */
bool homes_has_leases(const struct homes *h);

/* Run f in a child, as uid 65534 where we are root; its exit status. */
int homes_fork(void (*f)(void *arg), void *arg);
int homes_fork_as_user(struct homes *h, void (*f)(void *arg), void *arg);

#endif
