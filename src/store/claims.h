#ifndef ROAM_STORE_CLAIMS_H
#define ROAM_STORE_CLAIMS_H

#include <stdbool.h>

#include "base/hash.h"
#include "store/store.h"

/*
 * claims - generations on servers that refuse to rename a directory.
 *
 * There a generation stays where it was made, in tmp/ID, and bears its number
 * by gen/NUMBER/claim (model/claim.h): a file that only one can make, and that
 * nobody else can open before its writer has closed it or is gone. So what can
 * be opened is final: a claim that is whole is a generation; any other is void,
 * and its number is passed over for ever. What cannot be opened yet is waited
 * for before a higher number is claimed, and a directory without a claim gets
 * a void one then, so that of two that go on from one generation one fails.
 *
 * A directory that was renamed, by somebody whom the server let, has a commit
 * in it and no claim counts there; one that holds a claim cannot be replaced.
 *
 * This is used by store.c alone, for every store whose kind can make claims;
 * the paths of store.h name a claimed generation as any other.
 */
struct claims;

int claims_new(struct claims **out, struct err *e) MUST_CHECK;
void claims_free(struct claims *c); /* NULL is fine */

/* Does the store use claims, as far as was seen? */
bool claims_in_use(const struct claims *c);

/* Where path lies, by what is known: path itself or out. */
const char *claims_where(const struct claims *c, const char *path,
    char out[STORE_PATH_MAX + 1]);

/*
 * A call with path has failed as e says. True: claims_where() now knows
 * better. Else e may say more: ERR_GONE with sys ECANCELED is a number that was
 * begun and never will be a generation, with EBUSY one that may yet be.
 */
bool claims_help(struct store *s, const char *path, struct err *e);

/* Before the directory gen/NUMBER is listed: is it a claimed one? */
int claims_look(struct store *s, const char *path, struct err *e) MUST_CHECK;

/* Is what lies in tmp/name a generation? */
int claims_holds(struct store *s, const char *name, bool *yes,
    struct err *e) MUST_CHECK;

/*
 * Give from a new name, as store_publish(), by renaming where the server does
 * that. To a generation's number: by a claim where it does not. To a name in
 * trash/: then it stays where it lies, that name means it from now on, and it
 * is no generation any more.
 */
int claims_publish(struct store *s, const char *from, const char *to,
    struct err *e) MUST_CHECK;

/* For claims.c and claims_publish.c. */
enum standing {
	CLAIM_NONE,
	CLAIM_OPEN, /* somebody is writing it */
	CLAIM_VOID,
	CLAIM_GOOD, /* and known from now on */
};
int claims_standing(struct store *s, uint64_t number, enum standing *out,
    struct err *e) MUST_CHECK;
/* "gen/000000000042" and what is below it: 42; else 0. */
uint64_t claims_number(const char *path);
int claims_remember(struct claims *c, uint64_t number, const struct hash *id,
    struct err *e) MUST_CHECK;
/* Did claims_help() say of that number that it may yet be a generation? */
bool claims_was_unborn(const struct claims *c, uint64_t number);
const struct hash *claims_known(const struct claims *c, uint64_t number);
void claims_forget(struct claims *c, uint64_t number);
void claims_set_refused(struct claims *c);
int claims_alias(struct claims *c, const char *name, const char *real,
    struct err *e) MUST_CHECK;

#endif
