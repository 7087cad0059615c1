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
	struct store *store; /* borrowed */
	uint64_t *number;    /* owned; of the last listing, ascending */
	size_t number_count;
	uint64_t highest; /* number of any name, of what is no directory too */
	bool
	    mandatory; /* an administrator has marked it so, see roam-store(5) */
	double listed_s; /* when that began, on clock_since_boot_s() */
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
 * Lists, and finds the newest generation whose record holds; its manifest is
 * looked at by repo_profile() only. number 0 in out: there is none. *damaged
 * counts the newer ones that had to be passed over; note, where not NULL, then
 * says what is wrong with the newest of them. One list and one small read where
 * nothing is damaged. A record of a newer format is ERR_POLICY, never passed
 * over.
 */
int repo_head(struct repo *r, struct commit *out, size_t *damaged,
    struct err *note, struct err *e) MUST_CHECK;

/* The same by the last listing, among the generations below a number. Adds to
 * *damaged, and leaves note alone where that was not 0. */
int repo_head_before(struct repo *r, uint64_t below, struct commit *out,
    size_t *damaged, struct err *note, struct err *e) MUST_CHECK;

/* The number of the next generation: one more than any name in the last
 * listing bears, that of damaged ones and of what is no directory included, so
 * that no number is used twice and nothing is in the way. */
uint64_t repo_next(const struct repo *r);

/* Fill in what c has to say of its parent: number and hashes, the ancestors,
 * the store's id; and its own number, repo_next(). With a parent of number 0
 * all but the number stays as it is. */
void repo_follow(const struct repo *r, const struct commit *parent,
    struct commit *c);

/* A profile that the caller has already, to read less. */
struct known {
	const struct profile *profile; /* NULL: none */
	uint64_t number;
	struct hash id;
	/* Of its commit. Zeros: not known, so that commit is read once more
	 * where the manifest after it is checked. */
	struct hash store_id, manifest;
};

/* What generation c holds: reads manifests back to a checkpoint or to what is
 * known (then sharing its entries), and checks the chain. */
int repo_profile(struct repo *r, const struct commit *c,
    const struct known *known, const struct decode *how, struct profile *out,
    struct err *e) MUST_CHECK;

/* The newest generation that holds as a whole. */
struct head {
	struct commit commit; /* number 0: the store has none */
	struct profile profile;
	size_t damaged;  /* newer generations passed over */
	struct err note; /* what is wrong with the newest of them */
};
/*
 * repo_head() and repo_profile(), falling back to the next older generation
 * where a manifest does not hold. What a damaged one left in the arena of how
 * stays there. The caller frees commit and profile of out.
 */
int repo_load(struct repo *r, const struct known *known,
    const struct decode *how, struct head *out, struct err *e) MUST_CHECK;

/* Does e say that something in the store is damaged or missing, rather than
 * that the store cannot be read? */
bool repo_is_damage(const struct err *e);

/* Does e of repo_commit() say that the number was begun, but is no generation:
 * not yet, or never? That is no damage (store/claims.h). */
bool repo_is_unborn(const struct err *e);

/* Has the generation its manifest yet? Those that were collected have not. */
int repo_is_whole(struct repo *r, uint64_t number, bool *yes,
    struct err *e) MUST_CHECK;

/* Is (number, id) c or an ancestor of c? Follows the chain of records where the
 * 32 named ones do not reach; where that is broken the answer is no. */
int repo_descends(struct repo *r, const struct commit *c, uint64_t number,
    const struct hash *id, bool *yes, struct err *e) MUST_CHECK;

/*
 * A generation in the making, below tmp/. draft_publish() can be called again
 * after ERR_RACE, with a commit for the new number; packs stay, and more may be
 * added.
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
 * one more listing, head or in the head's ancestry. ERR_OFFLINE: it may happen
 * yet; the draft is then left alone, by draft_free() too, and can be published
 * as the same number only. ERR_STORE: it was published, but somebody else has
 * gone on from an older one.
 */
int draft_publish(struct draft *d, struct commit *c, const void *manifest,
    size_t len, struct err *e) MUST_CHECK;
/* Removes what was not published, as far as that works. */
void draft_free(struct draft *d);

/* Path of a file of a generation: "gen/000000000042/commit". */
const char *repo_path(char out[STORE_PATH_MAX + 1], uint64_t number,
    const char *file);
/* The 12 digits that name begins with, and what follows them; 0: none. */
uint64_t repo_number(const char *name, const char **rest);

#endif
