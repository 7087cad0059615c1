#ifndef ROAM_ENGINE_JSON_H
#define ROAM_ENGINE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "base/err.h"

/*
 * json - the few helpers that every command's --json shares. Paths are UTF-8;
 * one that is not has its odd bytes, and '%', percent-escaped, and says so in
 * "path_encoding":"percent".
 */
/* Sets key (say "path") of object, and key_encoding where needed. -1: memory. */
int json_set_path(json_t *object, const char *key, const char *path,
    size_t len);
/* Writes v without spaces and drops the reference, also on failure; NULL is
 * out of memory. JSON_EMBED in flags leaves out the outer brackets. */
int json_write(FILE *out, json_t *v, size_t flags, struct err *e) MUST_CHECK;
/* Prints v on one line to stdout and drops the reference, also on failure. */
int json_print(json_t *v, struct err *e) MUST_CHECK;
/* {"error":{"kind":...,"message":...}} */
json_t *json_error(const struct err *e);

#endif
