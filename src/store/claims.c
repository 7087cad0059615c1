#include "store/claims.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/claim.h"
#include "model/commit.h"
#include "store/repo.h"

#define GEN "gen/"

struct alias {
	char name[STORE_PATH_MAX + 1], real[STORE_PATH_MAX + 1];
};

struct claims {
	struct claim *known; /* owned */
	size_t known_count, known_cap;
	struct alias *alias; /* owned */
	size_t alias_count;
	bool refused;    /* the server does not rename directories */
	uint64_t unborn; /* what was said last to be in the making; 0: none */
};

int
claims_new(struct claims **out, struct err *e)
{
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return err_sys(e, "store");
	return 0;
}

void
claims_free(struct claims *c)
{
	if (c == NULL)
		return;
	free(c->known);
	free(c->alias);
	free(c);
}

bool
claims_in_use(const struct claims *c)
{
	return c != NULL && (c->refused || c->known_count > 0);
}

void
claims_set_refused(struct claims *c)
{
	c->refused = true;
}

/* And what of path follows. */
static uint64_t
number_in(const char *path, const char **rest)
{
	uint64_t n;

	if (strncmp(path, GEN, strlen(GEN)) != 0)
		return 0;
	n = repo_number(path + strlen(GEN), rest);
	return n != 0 && (**rest == '\0' || **rest == '/') ? n : 0;
}

uint64_t
claims_number(const char *path)
{
	const char *rest;

	return number_in(path, &rest);
}

/* The newest are asked for most. */
const struct hash *
claims_known(const struct claims *c, uint64_t number)
{
	for (size_t i = c->known_count; i-- > 0;)
		if (c->known[i].number == number)
			return &c->known[i].id;
	return NULL;
}

bool
claims_was_unborn(const struct claims *c, uint64_t number)
{
	return number != 0 && c->unborn == number;
}

int
claims_remember(struct claims *c, uint64_t number, const struct hash *id,
    struct err *e)
{
	struct claim *more;
	size_t cap;

	if (claims_known(c, number) != NULL)
		return 0;
	if (c->known_count == c->known_cap) {
		cap = c->known_cap < 16 ? 16 : c->known_cap * 2;
		more = reallocarray(c->known, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, "claims");
		c->known = more;
		c->known_cap = cap;
	}
	c->known[c->known_count++] = (struct claim){ number, *id };
	return 0;
}

void
claims_forget(struct claims *c, uint64_t number)
{
	for (size_t i = 0; i < c->known_count; i++)
		if (c->known[i].number == number)
			c->known[i--] = c->known[--c->known_count];
}

int
claims_alias(struct claims *c, const char *name, const char *real,
    struct err *e)
{
	struct alias *more;

	more = reallocarray(c->alias, c->alias_count + 1, sizeof(*more));
	if (more == NULL)
		return err_sys(e, "claims");
	c->alias = more;
	more += c->alias_count++;
	snprintf(more->name, sizeof(more->name), "%s", name);
	snprintf(more->real, sizeof(more->real), "%s", real);
	return 0;
}

const char *
claims_where(const struct claims *c, const char *path,
    char out[STORE_PATH_MAX + 1])
{
	char hex[HASH_HEX_MAX];
	const struct hash *id;
	const char *rest;
	uint64_t number;
	size_t len;

	if (!claims_in_use(c))
		return path;
	if ((number = number_in(path, &rest)) != 0) {
		if ((id = claims_known(c, number)) == NULL)
			return path;
		snprintf(out, STORE_PATH_MAX + 1, "tmp/%s%s", hash_hex(id, hex),
		    rest);
		return out;
	}
	for (size_t i = 0; i < c->alias_count; i++) {
		len = strlen(c->alias[i].name);
		if (strncmp(path, c->alias[i].name, len) != 0 ||
		    (path[len] != '\0' && path[len] != '/'))
			continue;
		snprintf(out, STORE_PATH_MAX + 1, "%.100s%.100s",
		    c->alias[i].real, path + len);
		return out;
	}
	return path;
}

/* What lies there is a claim, void, or written by a newer Roam. */
static int
judge(struct claims *c, uint64_t number, const struct buf *b,
    enum standing *out, struct err *e)
{
	struct claim claim;

	*out = CLAIM_VOID;
	if (claim_decode(&claim, b->bytes, b->len, e) == -1)
		return e->kind == ERR_POLICY ? -1 : 0;
	if (claim.number != number)
		return 0;
	*out = CLAIM_GOOD;
	return claims_remember(c, number, &claim.id, e);
}

int
claims_standing(struct store *s, uint64_t number, enum standing *out,
    struct err *e)
{
	struct buf b = { .max = CLAIM_LEN };
	char path[STORE_PATH_MAX + 1];
	int rc = 0;

	if (s->ops->load(s, repo_path(path, number, "claim"), &b, e) == 0)
		rc = judge(s->claims, number, &b, out, e);
	else if (e->kind == ERR_GONE)
		*out = CLAIM_NONE;
	else if (e->sys == EBUSY)
		*out = CLAIM_OPEN;
	else if (e->kind == ERR_LIMIT)
		*out = CLAIM_VOID;
	else
		rc = -1;
	buf_free(&b);
	return rc;
}

static int
count_name(const struct store_item *item, void *arg, struct err *e)
{
	unsigned *count = arg;

	(void)item;
	(void)e;
	(*count)++;
	return 0;
}

/* Is gen/NUMBER there and empty? Somebody is about to make a claim in it, or
 * was ended before. */
static bool
is_begun(struct store *s, uint64_t number)
{
	char path[STORE_PATH_MAX + 1];
	unsigned count = 0;
	struct err e;

	return s->ops->list(s, repo_path(path, number, ""), count_name, &count,
		   &e) == 0 &&
	    count == 0;
}

bool
claims_help(struct store *s, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	uint64_t number = claims_number(path);
	enum standing is;
	struct err why;

	if (s->claims == NULL || e->kind != ERR_GONE || number == 0 ||
	    claims_known(s->claims, number) != NULL)
		return false;
	if (claims_standing(s, number, &is, &why) == -1) {
		*e = why;
		return false;
	}
	if (is == CLAIM_GOOD)
		return true;
	if (is == CLAIM_VOID) {
		err_fill(e, ERR_GONE, "begun, but never finished");
		e->sys = ECANCELED;
	} else if (is == CLAIM_OPEN ||
	    (strcmp(slash, "/commit") == 0 && is_begun(s, number))) {
		s->claims->unborn = number;
		err_fill(e, ERR_GONE, "is just being published");
		e->sys = EBUSY;
	}
	return false;
}

int
claims_look(struct store *s, const char *path, struct err *e)
{
	uint64_t number = claims_number(path);
	enum standing is;

	if (s->claims == NULL || number == 0 ||
	    claims_known(s->claims, number) != NULL)
		return 0;
	return claims_standing(s, number, &is, e);
}

/* Which number does the commit in tmp/name say? 0: none that can be read. */
static int
number_inside(struct store *s, const char *name, uint64_t *out, bool *there,
    struct err *e)
{
	struct buf b = { .max = COMMIT_SIZE_MAX };
	char path[STORE_PATH_MAX + 1];
	struct commit c;
	int rc = 0;

	*out = 0;
	snprintf(path, sizeof(path), "tmp/%.100s/commit", name);
	*there = s->ops->load(s, path, &b, e) == 0;
	if (!*there)
		rc = e->kind == ERR_GONE ? 0 : -1;
	else if (commit_decode(&c, b.bytes, b.len, e) == 0) {
		*out = c.number;
		commit_free(&c);
	}
	buf_free(&b);
	return rc;
}

/* A commit that cannot be read is a damaged generation or a torn draft; in a
 * store with claims nobody can tell, and it stays. */
int
claims_holds(struct store *s, const char *name, bool *yes, struct err *e)
{
	const struct hash *known;
	enum standing is;
	struct hash id;
	uint64_t number;
	struct err no;
	bool there;

	*yes = false;
	if (s->claims == NULL || hash_parse(&id, name, &no) == -1)
		return 0;
	if (number_inside(s, name, &number, &there, e) == -1)
		return -1;
	if (number == 0) {
		*yes = there && claims_in_use(s->claims);
		return 0;
	}
	if (claims_standing(s, number, &is, e) == -1)
		return -1;
	known = claims_known(s->claims, number);
	*yes = is == CLAIM_OPEN || (known != NULL && hash_same(known, &id));
	return 0;
}
