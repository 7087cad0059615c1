#ifndef ROAM_LOCAL_STATE_H
#define ROAM_LOCAL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "model/home.h"
#include "model/profile.h"

/*
 * state - what this home remembers between runs, in one file "trees" below
 * ROAM_STATE_DIR: the head it knows (H), the base (as changes against H), and
 * the local tree of the last run with its stamps (as changes against H).
 *
 * Before a generation is published the state that it will make is written to
 * "next", with the generation's id. A run that finds "next" asks the store
 * whether that id was published and then makes it "trees", else drops it.
 */
struct state {
	struct hash store_id; /* zeros: never met a store */
	uint64_t number;      /* of the head it knows; 0: none */
	struct hash id;       /* of that head */
	struct hash manifest; /* hash of its manifest file */
	struct hash rules;    /* rules_hash() of the last scan */
	struct profile head;
	struct tree base;
	struct home local; /* tree and stamps; no opaque list */
};

/* The bytes of the file, appended to out, and back: ERR_FORMAT, ERR_LIMIT. */
int state_encode(struct buf *out, const struct state *s,
    struct err *e) MUST_CHECK;
int state_decode(struct state *out, const void *bytes, size_t len,
    struct arena *arena, struct machines *machines, struct err *e) MUST_CHECK;

/* An absent or damaged file gives an empty state; damage stands in note, whose
 * kind is ERR_NONE else. Entries go to arena. */
int state_load(struct state *out, int dirfd, struct arena *arena,
    struct machines *machines, struct err *note, struct err *e) MUST_CHECK;
/* The same for "next"; ERR_GONE where there is none or it is damaged. */
int state_load_next(struct state *out, int dirfd, struct arena *arena,
    struct machines *machines, struct err *e) MUST_CHECK;
/* Is there one, whatever it holds? */
bool state_has_next(int dirfd);
/* Write s durably as "next" (a generation is about to be published). */
int state_write_next(int dirfd, const struct state *s,
    struct err *e) MUST_CHECK;
/* "next" becomes "trees"; durable. */
int state_promote(int dirfd, struct err *e) MUST_CHECK;
int state_drop_next(int dirfd, struct err *e) MUST_CHECK;
/* Write s durably as "trees". */
int state_save(int dirfd, const struct state *s, struct err *e) MUST_CHECK;
void state_free(struct state *s);

/* The run lock: held by the descriptor *fd, dies with the process. ERR_BUSY
 * after wait_s seconds. */
int state_lock(int dirfd, unsigned wait_s, int *fd, struct err *e) MUST_CHECK;

/* Block signatures of large files: "sigs/<hash of the content>". */
int state_put_sig(int dirfd, const struct hash *content, const void *bytes,
    size_t len, struct err *e) MUST_CHECK;
/* Appended to out; ERR_GONE. */
int state_get_sig(int dirfd, const struct hash *content, struct buf *out,
    struct err *e) MUST_CHECK;
/* Remove the signatures of contents that are not in keep. */
int state_sweep_sigs(int dirfd, const struct tree *keep,
    struct err *e) MUST_CHECK;

#endif
