#ifndef ROAM_ENGINE_DRIVER_PARTS_H
#define ROAM_ENGINE_DRIVER_PARTS_H

#include "engine/driver.h"

/*
 * driver_parts - the drivers, one a file. Each appends to out and leaves *sure
 * alone, or makes it false; then nobody looks at out.
 */
typedef int driver_run(const struct versions *in, struct buf *out, bool *sure,
    struct err *e);

driver_run driver_keyfile;
driver_run driver_lines;
driver_run driver_text;
driver_run driver_json;
driver_run driver_xbel;

bool version_same(const struct version *a, const struct version *b);

#endif
