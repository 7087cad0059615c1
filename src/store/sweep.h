#ifndef ROAM_STORE_SWEEP_H
#define ROAM_STORE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/*
 * sweep - removing directories from a store, so that it may be killed or done
 * twice at once: what is to go is first renamed into trash/, under a name that
 * nobody else has, and then emptied there.
 */
struct sweep {
	struct store *store; /* borrowed */
	bool dry;            /* only count */
	uint64_t bytes;      /* of the files removed so far */
	/* Files and directories that somebody has open, and so stay for the
	 * next sweep; and what the server said to the first of them. */
	uint64_t held;
	struct err note;
};

struct name {
	char name[STORE_PATH_MAX + 1];
	bool is_dir;
	uint64_t size;
	int64_t mtime_ns;
};
struct names {
	struct name *at; /* owned */
	size_t count, cap;
};

/* What a directory holds; nothing where there is none. Ends in free(out->at),
 * also after -1. */
int sweep_list(struct store *s, const char *dir, struct names *out,
    struct err *e) MUST_CHECK;

/* A file or an empty directory. 1: it is held. */
int sweep_remove(struct sweep *w, const char *dir, const struct name *n,
    struct err *e) MUST_CHECK;

/* Directory dir and all in it, by way of trash/. Its name there begins with
 * name. 1: something of it stays, in trash/ or where it was. */
int sweep_discard(struct sweep *w, const char *dir, const char *name,
    struct err *e) MUST_CHECK;

/* What lies in trash/, from a run that was killed; *count grows. */
int sweep_trash(struct sweep *w, uint64_t *count, struct err *e) MUST_CHECK;

/* What in tmp/ was last changed before a time of the server; *count grows. */
int sweep_drafts(struct sweep *w, int64_t before_ns, uint64_t *count,
    struct err *e) MUST_CHECK;

/* The server's time: that of a directory just made. Of this machine where the
 * store is not to be changed, or has no tmp/ yet. */
int sweep_clock(const struct sweep *w, int64_t *now_ns,
    struct err *e) MUST_CHECK;

#endif
