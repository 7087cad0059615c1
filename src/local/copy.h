#ifndef ROAM_LOCAL_COPY_H
#define ROAM_LOCAL_COPY_H

#include <stdint.h>

#include "base/err.h"

/* copy - the content of one open file into another, empty one: shared where
 * the file system can, with its holes, and on disk when this returns. */
int copy_content(int from, int to, uint64_t size, struct err *e) MUST_CHECK;

#endif
