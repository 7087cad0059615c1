#ifndef ROAM_TESTS_GROUND_H
#define ROAM_TESTS_GROUND_H

#include <stddef.h>

#include "base/err.h"
#include "store/store.h"

/*
 * ground - where each test of the contract stands: a store that is open, and a
 * directory of its own in it.
 */
extern char url[512];
extern char tmp[];                   /* "" when the store is not ours */
extern char dir[STORE_PATH_MAX + 1]; /* of this test, in the store */
extern struct store *store;
extern struct err e; /* of the last call */

/* Before and after each test. */
void enter(void);
void leave(void);
/* The same store once more, for another process. */
void open_store(void);

/* path below this test's directory; four at a time. */
const char *at(const char *path);
/* A file of the store; -1 with e. */
int make_file(const char *path, const void *bytes, size_t len);
/* What it holds, as text; or the word of the error. */
const char *load(const char *path);

#endif
