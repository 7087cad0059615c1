#ifndef ROAM_MODEL_ENTRY_H
#define ROAM_MODEL_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "model/place.h"

/*
 * entry - one object of a profile: what it is, what it holds, where its
 * content lies in the store.
 *
 * Entries and all they point to live in an arena, are shared between trees,
 * and are not changed once they are in a tree. The one exception: who builds a
 * generation fills in place and extents of the entries that it uploads.
 */
enum entry_type { ENTRY_NONE, ENTRY_FILE, ENTRY_DIR, ENTRY_LINK, ENTRY__COUNT };

#define ENTRY_MODE_MASK 01777u              /* setuid and setgid never roam */
#define LARGE_FILE      ((uint64_t)1 << 20) /* bytes: stored as extents */

/*
 * A file's size may be a hole that costs nothing to write and for ever to read.
 * Larger files are passed over; so many zeros are read in some minutes.
 */
#define CONTENT_MAX ((uint64_t)1 << 40) /* bytes */

struct extent {
	uint64_t len; /* bytes of the file */
	struct place place;
};

/* What few entries have. */
struct extra {
	const char *target;   /* of a symlink, NUL behind; else NULL */
	uint64_t group;       /* hard links share it; 0: none */
	const uint8_t *attrs; /* see attrs_valid(); NULL: none */
	uint32_t attrs_len;
	uint32_t extent_count;
	const struct extent *extents; /* large or sparse files; NULL: place */
};

/* A machine that took part; interned, so that pointers compare (machine.h). */
struct machine {
	const char *id;
	const char *name;
};

struct entry {
	const char *path;              /* clean, NUL behind */
	const struct extra *extra;     /* NULL: nothing of the kind */
	const struct machine *machine; /* that published it; NULL: unknown */
	int64_t mtime_ns;
	uint64_t size;      /* files: bytes; symlinks: of the target; else 0 */
	struct hash hash;   /* of content or target; directories: zeros */
	struct place place; /* files without extents */
	uint16_t path_len;
	uint16_t mode;  /* 07777; symlinks: 0777 */
	uint8_t type;   /* enum entry_type */
	uint8_t hollow; /* a local directory that holds only what stays local */
};

/*
 * attrs: "user.*" xattrs and the two POSIX ACLs as one block of bytes, sorted
 * by name, each: u16 length of name, name, u32 length of value, value (all
 * little-endian). At most ATTRS_MAX bytes.
 */
#define ATTRS_MAX (1u << 20)
bool attrs_valid(const uint8_t *attrs, size_t len);

const char *entry_target(const struct entry *t); /* NULL: no symlink */
uint64_t entry_group(const struct entry *t);
uint32_t entry_extent_count(const struct entry *t);

/* Does the store have the file's content, as far as t tells? None is needed
 * for one that is empty. */
bool entry_has_place(const struct entry *t);

/* Is the store to have the file's content at the same places? */
bool entry_same_places(const struct entry *a, const struct entry *b);

/* Same type and content (files: size and hash; links: target)? */
bool entry_same_content(const struct entry *a, const struct entry *b);
/* Same mode, attrs and hard-link group? */
bool entry_same_attributes(const struct entry *a, const struct entry *b);
/* Both: the "same" of the merge. A changed mtime alone is not a change. NULL
 * stands for an absent entry and equals NULL only. */
bool entry_same(const struct entry *a, const struct entry *b);

/* A copy in a that may be changed, strings and extra shared with t. */
struct entry *entry_copy(struct arena *a, const struct entry *t,
    struct err *e) MUST_CHECK;
/* The same with an extra of its own that may be changed too. */
struct entry *entry_copy_extra(struct arena *a, const struct entry *t,
    struct extra **extra, struct err *e) MUST_CHECK;

/*
 * The same entry, to be filled in by who builds a generation: only one that
 * this run's scan made, and that has no place yet.
 */
struct entry *entry_own(const struct entry *t);
/* The extra that who builds a generation gave to such an entry. */
struct extra *entry_own_extra(const struct entry *t);

/* "file", "directory", "symlink". */
const char *entry_kind(const struct entry *t);

#endif
