#ifndef ROAM_ENGINE_DRIVER_H
#define ROAM_ENGINE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * driver - what both sides wrote into one file, merged as a person would: three
 * versions in, one out, nothing else looked at.
 *
 * A driver either keeps every line, key or bookmark that either side added, and
 * every change, or it is unsure and says so; then the file is a conflict.
 */
enum driver {
	DRIVER_NONE,
	DRIVER_KEYFILE, /* groups of keys: INI, .desktop, KDE's rc files */
	DRIVER_LINES,   /* histories, lists of hosts and keys */
	DRIVER_TEXT,    /* lines in an order that means something */
	DRIVER_JSON,    /* objects by key */
	DRIVER_XBEL,    /* bookmarks by address */
	DRIVER_DCONF,   /* a database of keys */
	DRIVER_NEWEST,  /* whoever wrote last; looks at no byte */
	DRIVER__COUNT
};

#define DRIVER_SIZE_MAX ((size_t)16 << 20) /* bytes of one version */

/* As in "merge=WORD" of the rules; DRIVER_NONE for any other, and for NULL. */
enum driver driver_of(const char *word);
const char *driver_word(enum driver d);

struct version {
	const char *text; /* borrowed, never NULL; may hold any bytes */
	size_t len;
};

struct versions {
	struct version base; /* empty where both sides made the file */
	struct version local, remote;
};

/*
 * Write to out, which is empty, what became of the three. *sure is false where
 * the driver does not know; then out stays empty. What it is sure of it makes again of the
 * outcome and either side, so that a run that was cut off and one that lost a
 * race end in the same bytes.
 */
int driver_merge(enum driver d, const struct versions *in, struct buf *out,
    bool *sure, struct err *e) MUST_CHECK;

#endif
