#ifndef ROAM_SYNC_LEFT_H
#define ROAM_SYNC_LEFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/profile.h"
#include "store/repo.h"
#include "sync/index.h"

/*
 * left - contents that left the head, and where in the store they lie: what
 * comes back to the home is not sent again (lean.h).
 *
 * Each bears the newest generation that is known to name it. They stand in a
 * file of the state, as a manifest: a directory "NUMBER-ID" for a generation,
 * in it a file for each content, by its hash. The file is a help only: it may
 * be gone, old, or of another store.
 */
#define LEFT_MIN      4096u  /* bytes: a look costs more than to send less */
#define LEFT_CONTENTS 8192u  /* the newest */
#define LEFT_EXTENTS  65536u /* of all of them */

struct left {
	struct tree tree;   /* the files alone; entries live in an arena */
	struct index index; /* of these */
	bool loaded;
};

/* What file name in dirfd says; nothing where that is absent or damaged. Reads
 * it once. */
int left_load(struct left *l, int dirfd, const char *name, struct arena *arena,
    struct machines *machines, struct err *e) MUST_CHECK;
int left_save(const struct left *l, int dirfd, const char *name,
    struct arena *arena, struct err *e) MUST_CHECK;
void left_free(struct left *l);

/* Generation (number, id) names the content of t. Is to be followed by
 * left_end(). */
int left_add(struct left *l, const struct entry *t, uint64_t number,
    const struct hash *id, struct arena *arena, struct err *e) MUST_CHECK;
/* Each content once, by its newest generation; no more than the bounds. */
int left_end(struct left *l, struct err *e) MUST_CHECK;

/* Which generation does t, an entry of l, stand for? */
void left_generation(const struct entry *t, uint64_t *number, struct hash *id);

/* What head held and next does not. *news: something was added. */
int left_learn(struct left *l, const struct known *head,
    const struct profile *next, struct arena *arena, bool *news,
    struct err *e) MUST_CHECK;

#endif
