#ifndef ROAM_STORE_TAR_H
#define ROAM_STORE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/entry.h"

/*
 * tar - entries as members of a tar archive in the pax format, which bsdtar and
 * GNU tar restore with all they have: names of any bytes, times to the
 * nanosecond, attributes, access control lists, holes.
 *
 * A writer makes one archive after the other; tar_begin() opens one where none
 * is open. After a call has failed only tar_free() is of use.
 */
struct tar;

/* Takes the archive's bytes as they come; -1 ends it. */
typedef int tar_sink(const void *bytes, size_t len, void *arg, struct err *e);

int tar_new(struct tar **out, tar_sink *sink, void *arg,
    struct err *e) MUST_CHECK;

struct member {
	const struct entry *meta;
	const char *name; /* NULL: the path of meta */
	const char *link; /* the member that this is a hard link to, or NULL */
	uint64_t size;    /* of the data that follows; 0 for a link */
	bool sparse;      /* the holes among meta's extents are holes */
};

/* The headers of the next member, all of them, into the sink. */
int tar_begin(struct tar *t, const struct member *m, struct err *e) MUST_CHECK;
/* No more than the member's size in all; a hole's zeros are data, too. */
int tar_data(struct tar *t, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;
/* The end of a member, which got all its data. */
int tar_end(struct tar *t, struct err *e) MUST_CHECK;
/* The end of an archive, where one is open. */
int tar_finish(struct tar *t, struct err *e) MUST_CHECK;
bool tar_is_open(const struct tar *t);
/* Writes no more to the sink. */
void tar_free(struct tar *t);

/* Bytes that the headers of meta take at most, under a name of that length;
 * a good guess. */
uint64_t tar_header_guess(const struct entry *meta, size_t name_len);

#endif
