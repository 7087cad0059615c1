#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/step.h"
#include "model/claim.h"
#include "store/claims.h"
#include "store/repo.h"

/* How long another's claim is waited for, that is being written. */
#define OPEN_S  10.0
#define OPEN_MS 100
#define PROBES  3 /* where connections break */
#define ID_AT   strlen("tmp/")

/* Could e be what a server says that renames no directory at all? Each may mean
 * other things, too. */
static bool
may_be_refusal(const struct err *e)
{
	static const int said[] = { EXDEV, EACCES, EPERM, ENOSYS, EOPNOTSUPP,
		EINVAL };

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (e->sys == said[i])
			return true;
	return false;
}

static int
make_file(struct store *s, const char *path, struct err *e)
{
	struct store_file *f;
	struct err lost;
	int rc;

	if (s->ops->create(s, path, &f, e) == -1)
		return -1;
	rc = s->ops->write(f, "?", 1, e);
	if (s->ops->finish(f, rc == 0, rc == 0 ? e : &lost) == -1)
		rc = -1;
	return rc;
}

/* What the probe leaves; what cannot be removed is collected some day. */
static void
remove_probe(struct store *s, const char *dir)
{
	char file[STORE_PATH_MAX + 1];
	struct err lost;

	snprintf(file, sizeof(file), "%.100s/probe", dir);
	if (s->ops->remove(s, file, false, &lost) == 0)
		(void)s->ops->remove(s, dir, true, &lost);
}

/*
 * A directory that nobody else has ever seen, renamed within tmp/: refused
 * twice, while all else works, is refused for good. 1: it can be renamed, 0: it
 * cannot.
 */
static int
probe(struct store *s, struct err *e)
{
	char from[STORE_PATH_MAX + 1], to[STORE_PATH_MAX + 1];
	char file[STORE_PATH_MAX + 1], hex[HASH_HEX_MAX];
	struct hash id;
	int rc = -1;

	if (hash_random(&id, e) == -1)
		return -1;
	snprintf(from, sizeof(from), "tmp/%s", hash_hex(&id, hex));
	snprintf(to, sizeof(to), "tmp/%s-probe", hex);
	snprintf(file, sizeof(file), "%.100s/probe", from);
	if (s->ops->mkdir(s, from, e) == -1 || make_file(s, file, e) == -1)
		goto out;
	for (int i = 0; i < 2; i++) {
		rc = s->ops->publish(s, from, to, e);
		if (rc == 0 || !may_be_refusal(e))
			break;
	}
	rc = rc == 0 ? 1 : may_be_refusal(e) ? 0 : -1;
	remove_probe(s, to);
out:
	remove_probe(s, from);
	return rc;
}

/*
 * A rename has failed as e says: does the server rename no directory? What two
 * file systems have to do with it no probe can tell. -1: that could not be
 * found out, as e says then.
 */
static int
is_refused(struct store *s, struct err *e)
{
	struct err why;
	int can = -1;

	if (!may_be_refusal(e))
		return 0;
	if (e->sys == EXDEV)
		return 1;
	for (int tries = 0; can == -1 && tries < PROBES; tries++)
		if ((can = probe(s, &why)) == -1 && why.kind != ERR_OFFLINE)
			break;
	if (can == -1 && why.kind == ERR_OFFLINE) {
		*e = why;
		return -1;
	}
	return can == 0;
}

static int
busy(uint64_t number, struct err *e)
{
	err_set(e, ERR_OFFLINE,
	    "%s%012llu/claim: another machine has it open (if that machine is "
	    "gone, the server notices by itself, which may take hours)",
	    "gen/", (unsigned long long)number);
	e->sys = EBUSY;
	return -1;
}

/* The number's claim once nobody has it open any more. */
static int
await(struct store *s, uint64_t number, enum standing *is, struct err *e)
{
	double end = clock_steady_s() + OPEN_S;

	for (;;) {
		if (claims_standing(s, number, is, e) == -1)
			return -1;
		if (*is != CLAIM_OPEN)
			return 0;
		if (clock_steady_s() > end)
			return busy(number, e);
		clock_sleep_ms(OPEN_MS);
	}
}

static bool
was_renamed(struct store *s, uint64_t number, int *rc, struct err *e)
{
	char path[STORE_PATH_MAX + 1];
	struct buf b = { .max = 1 };

	*rc = 0;
	if (s->ops->load(s, repo_path(path, number, "commit"), &b, e) == 0 ||
	    e->kind == ERR_LIMIT) {
		buf_free(&b);
		return true;
	}
	buf_free(&b);
	*rc = e->kind == ERR_GONE ? 0 : -1;
	return false;
}

static int
lost(uint64_t number, struct err *e)
{
	return err_set(e, ERR_RACE, "generation %llu: somebody else was first",
	    (unsigned long long)number);
}

/*
 * The number before the one that is to be claimed: nobody can publish under it
 * any more when this returns 0. ERR_RACE: somebody has, whom the caller does
 * not know of.
 */
static int
settle(struct store *s, uint64_t number, struct err *e)
{
	char path[STORE_PATH_MAX + 1];
	enum standing is;
	int rc;

	if (number == 0 || claims_known(s->claims, number) != NULL)
		return 0;
	if (was_renamed(s, number, &rc, e))
		return claims_was_unborn(s->claims, number) ? lost(number, e)
							    : 0;
	if (rc == -1)
		return -1;
	for (;;) {
		if (await(s, number, &is, e) == -1)
			return -1;
		if (is == CLAIM_VOID)
			return 0;
		if (is == CLAIM_GOOD)
			return lost(number, e);
		rc = s->ops->claim(s, NULL, repo_path(path, number, "claim"),
		    "", 0, e);
		if (rc == 0 || e->kind == ERR_GONE)
			return 0; /* where it is gone it was collected */
		if (e->kind != ERR_RACE)
			return -1;
	}
}

/* The claim could not be made as e says; or was it ours already? */
static int
whose(struct store *s, const struct claim *c, struct err *e)
{
	const struct err first = *e;
	enum standing is;

	if (await(s, c->number, &is, e) == -1)
		return -1;
	if (is == CLAIM_GOOD &&
	    hash_same(claims_known(s->claims, c->number), &c->id))
		return 0;
	*e = first;
	/* What is not there yet may at most become void. */
	if (is == CLAIM_NONE || (is == CLAIM_VOID && first.kind != ERR_OFFLINE))
		return -1;
	return lost(c->number, e);
}

/* The directory can have been replaced by one that was renamed as long as there
 * was no claim in it. Then that one counts. */
static int
check_alone(struct store *s, uint64_t number, struct err *e)
{
	char path[STORE_PATH_MAX + 1];
	struct err no;
	int rc;

	if (!was_renamed(s, number, &rc, e))
		return rc;
	claims_forget(s->claims, number);
	(void)s->ops->remove(s, repo_path(path, number, "claim"), false, &no);
	return lost(number, e);
}

static int
make_claim(struct store *s, const char *from, uint64_t number, struct err *e)
{
	char path[STORE_PATH_MAX + 1];
	struct claim c = { .number = number };
	uint8_t bytes[CLAIM_LEN];

	if (hash_parse(&c.id, from + ID_AT, e) == -1 ||
	    settle(s, number - 1, e) == -1)
		return -1;
	if (s->ops->mkdir(s, repo_path(path, number, ""), e) == -1 &&
	    e->kind != ERR_RACE)
		return -1;
	step("claim");
	claim_encode(bytes, &c);
	repo_path(path, number, "claim");
	if (s->ops->claim(s, from, path, bytes, sizeof(bytes), e) == -1 &&
	    whose(s, &c, e) == -1)
		return -1;
	if (check_alone(s, number, e) == -1)
		return -1;
	return claims_remember(s->claims, number, &c.id, e);
}

/* Out of the generations, so that no reader begins to read it. */
static int
withdraw(struct store *s, uint64_t number, struct err *e)
{
	char path[STORE_PATH_MAX + 1];
	bool claimed = claims_known(s->claims, number) != NULL;
	struct err lost;

	repo_path(path, number, claimed ? "claim" : "commit");
	if (s->ops->remove(s, path, false, e) == -1)
		return -1;
	if (claimed)
		(void)s->ops->remove(s, repo_path(path, number, ""), true,
		    &lost);
	claims_forget(s->claims, number);
	return 0;
}

static int
discard(struct store *s, const char *from, const char *to, struct err *e)
{
	char real[STORE_PATH_MAX + 1], out[STORE_PATH_MAX + 1];
	uint64_t number = claims_number(from);

	if (claims_look(s, from, e) == -1)
		return -1;
	snprintf(real, sizeof(real), "%s", claims_where(s->claims, from, out));
	if (number != 0 && withdraw(s, number, e) == -1)
		return -1;
	return claims_alias(s->claims, to, real, e);
}

int
claims_publish(struct store *s, const char *from, const char *to, struct err *e)
{
	uint64_t number = claims_number(to);

	if (!claims_in_use(s->claims)) {
		if (s->ops->publish(s, from, to, e) == 0)
			return 0;
		if (s->claims == NULL || is_refused(s, e) != 1)
			return -1;
		claims_set_refused(s->claims);
	}
	if (number == 0)
		return discard(s, from, to, e);
	return make_claim(s, from, number, e);
}
