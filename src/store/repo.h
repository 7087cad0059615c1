#ifndef ROAM_STORE_REPO_H
#define ROAM_STORE_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/commit.h"
#include "model/profile.h"
#include "store/packer.h"
#include "store/store.h"

/*
 * repo - the log of generations on a store: finding the head, reading what a
 * generation holds, publishing the next one. See roam-store(5).
 */
struct repo {
	struct store *store;  /* borrowed */
	uint64_t *number;     /* owned; of the last listing, ascending */
	size_t number_count;
};

int repo_open(struct repo **out, struct store *s, struct err *e) MUST_CHECK;
void repo_close(struct repo *r);

/* Lists gen/ again. An empty or new store has none. */
int repo_list(struct repo *r, struct err *e) MUST_CHECK;

/* The record of one generation, checked against its own checksum and number.
 * ERR_GONE, ERR_FORMAT. */
int repo_commit(struct repo *r, uint64_t number, struct commit *out,
    struct err *e) MUST_CHECK;

/*
 * Lists, and finds the newest generation whose record and manifest files hold.
 * number 0 in out: the store is empty. *damaged counts the newer ones that had
 * to be passed over; note, where not NULL, then says what is wrong with the
 * newest of them. One list and one small read where nothing is damaged.
 */
int repo_head(struct repo *r, struct commit *out, size_t *damaged,
    struct err *note, struct err *e) MUST_CHECK;

/* A profile that the caller has already, to read less. */
struct known {
	const struct profile *profile; /* NULL: none */
	uint64_t number;
	struct hash id;
};

/* What generation c holds: reads manifests back to a checkpoint or to what is
 * known (then sharing its entries), and checks the chain. */
int repo_profile(struct repo *r, const struct commit *c,
    const struct known *known, const struct decode *how, struct profile *out,
    struct err *e) MUST_CHECK;

/* Is (number, id) c or an ancestor of c? Follows the chain of records where the
 * 32 named ones do not reach. */
int repo_descends(struct repo *r, const struct commit *c, uint64_t number,
    const struct hash *id, bool *yes, struct err *e) MUST_CHECK;

/*
 * A generation in the making, below tmp/. draft_publish() can be called again
 * after ERR_RACE, with a commit for the new number; packs stay.
 */
struct draft;
int draft_new(struct draft **out, struct repo *r, const struct hash *id,
    int level, struct err *e) MUST_CHECK;
struct packer *draft_packer(struct draft *d); /* borrowed */
/*
 * Writes manifest (bytes) and commit c, whose manifest and pack fields are
 * filled in here, and publishes as c->number. Makes the store's directories
 * first where they are missing. ERR_RACE: the number is taken. An unknown
 * outcome is resolved by looking for our id; 0 only when it is there and, after
 * one more listing, head or in the head's ancestry.
 */
int draft_publish(struct draft *d, struct commit *c, const void *manifest,
    size_t len, struct err *e) MUST_CHECK;
/* Removes what was not published, as far as that works. */
void draft_free(struct draft *d);

/* Path of a file of a generation: "gen/000000000042/commit". */
const char *repo_path(char out[STORE_PATH_MAX + 1], uint64_t number,
    const char *file);

#endif
