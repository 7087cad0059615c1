#ifndef ROAM_TESTS_GLOB_REFERENCE_H
#define ROAM_TESTS_GLOB_REFERENCE_H

#include <stdbool.h>

/*
 * glob_reference - gitignore's patterns matched in the most naive way, and
 * random patterns and paths to hold model/glob.c and model/globset.c to it.
 */
#define REFERENCE_MAX 128 /* bytes of a pattern or path, with the NUL */

/* Whether the path is a directory is not looked at. */
bool reference_match(const char *pattern, const char *path);

/* Patterns and paths over so few letters that many of them match. */
void reference_pattern(char out[REFERENCE_MAX], unsigned *seed);
void reference_path(char out[REFERENCE_MAX], unsigned *seed);

#endif
