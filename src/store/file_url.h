#ifndef ROAM_STORE_FILE_URL_H
#define ROAM_STORE_FILE_URL_H

#include <limits.h>

#include "base/err.h"

/*
 * file_url - "file:///absolute/path" with its bytes percent-encoded where they
 * are not plain; a host is empty or "localhost". Opens nothing.
 */
#define FILE_URL_SCHEME "file:"

/* The path that url stands for, without slashes at its end. ERR_USAGE. */
int file_url_path(const char *url, char out[PATH_MAX],
    struct err *e) MUST_CHECK;

/* Is url well formed? ERR_USAGE. */
int file_url_check(const char *url, struct err *e) MUST_CHECK;

#endif
