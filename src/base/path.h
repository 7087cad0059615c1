#ifndef ROAM_BASE_PATH_H
#define ROAM_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * path - paths relative to a home, as bytes.
 *
 * A clean path has 1 to PATH_LEN_MAX bytes, no NUL, does not begin or end with
 * '/', and no component is empty, ".", ".." or longer than NAME_LEN_MAX. Names
 * are bytes: nothing here knows an encoding.
 */
#define PATH_LEN_MAX 4096 /* bytes, without the NUL */
#define NAME_LEN_MAX 255

bool path_is_clean(const char *path, size_t len);

/*
 * The order of all trees: component by component as bytes, a directory right
 * before what it holds. That is byte order with '/' below every other byte.
 */
int path_order(const char *a, size_t a_len, const char *b, size_t b_len);

/* Is path equal to dir, or below it? */
bool path_is_within(const char *path, size_t len, const char *dir,
    size_t dir_len);

/* Length of the parent of path: 0 where it lies in the home itself. */
size_t path_parent_len(const char *path, size_t len);

/* The last component, inside path. */
const char *path_name(const char *path, size_t len);

/* Join dir ("" or clean) and name into out[cap]; ERR_LIMIT if too long. */
int path_join(char *out, size_t cap, const char *dir, const char *name,
    struct err *e) MUST_CHECK;

/* Make an argument of the user a clean path relative to home: strips "./", a
 * leading home directory and trailing '/'; ERR_USAGE where it leaves home. */
int path_from_user(char *out, size_t cap, const char *home, const char *arg,
    struct err *e) MUST_CHECK;

#endif
