#ifndef ROAM_SYNC_DCONF_H
#define ROAM_SYNC_DCONF_H

#include "base/buf.h"
#include "base/err.h"

/*
 * dconf - a dconf database as groups of keys, and back, by the dconf program.
 * It needs no bus for that, and sees no file but the ones it is given.
 */

/* The text of a database; nothing makes no text. -1: no such program, or it is
 * no database. */
int dconf_read(struct buf *text, const struct buf *database,
    struct err *e) MUST_CHECK;
int dconf_make(struct buf *database, const struct buf *text,
    struct err *e) MUST_CHECK;

#endif
