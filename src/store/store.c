#include "store/store.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/step.h"
#include "store/claims.h"
#include "store/file_url.h"
#include "store/smb_url.h"
#include "store/store_dir.h"
#include "store/store_smb.h"

/* Every kind of store. A new kind is a row here, and a file. */
static const struct kind {
	const struct store_ops *ops;
	int (*check_url)(const char *url, struct err *e);
} kinds[] = {
	{ &store_dir_ops, file_url_check },
	{ &store_smb_ops, smb_url_check },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int
kind_of(const char *url, const struct kind **out, struct err *e)
{
	size_t len;

	for (size_t i = 0; i < N_KINDS; i++) {
		len = strlen(kinds[i].ops->scheme);
		if (strncasecmp(url, kinds[i].ops->scheme, len) == 0) {
			*out = &kinds[i];
			return 0;
		}
	}
	if (url[0] == '\0')
		return err_set(e, ERR_USAGE, "store: no URL given");
	if (url[0] == '/')
		return err_set(e, ERR_USAGE,
		    "store %s: not a URL: write file://%s", url, url);
	return err_set(e, ERR_USAGE,
	    "store %s: unknown kind of URL: it has to begin with file: or "
	    "smb:",
	    url);
}

int
store_check_url(const char *url, struct err *e)
{
	const struct kind *kind;

	if (kind_of(url, &kind, e) == -1)
		return -1;
	return kind->check_url(url, e);
}

/* One component of a path: [a-z0-9-], at least one. */
static bool
name_is_good(const char *name, size_t len)
{
	if (len == 0 || len > STORE_PATH_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') &&
		    !(name[i] >= '0' && name[i] <= '9') && name[i] != '-')
			return false;
	return true;
}

/*
 * Names of a store are ours, so a bad one is a fault in this program or bytes
 * of a hostile manifest; neither may climb out of the store.
 */
static int
check_path(const char *path, struct err *e)
{
	const char *at = path;
	size_t len;

	if (strlen(path) > STORE_PATH_MAX)
		return err_set(e, ERR_USAGE, "store: path too long");
	for (;;) {
		len = strcspn(at, "/");
		if (!name_is_good(at, len))
			return err_set(e, ERR_USAGE,
			    "store: not a path of a store");
		if (at[len] == '\0')
			return 0;
		at += len + 1;
	}
}

int
store_begin(struct store **out, const char *url, const struct store_how *how,
    struct err *e)
{
	const struct kind *kind;
	struct store *s;

	if (kind_of(url, &kind, e) == -1 ||
	    kind->ops->open(&s, url, how, e) == -1)
		return -1;
	if (claims_new(&s->claims, e) == -1) {
		store_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

int
store_enter(struct store *s, bool wait, struct err *e)
{
	return s->ops->enter != NULL ? s->ops->enter(s, wait, e) : 1;
}

int
store_open(struct store **out, const char *url, const struct store_how *how,
    struct err *e)
{
	struct store *s;

	if (store_begin(&s, url, how, e) == -1)
		return -1;
	if (store_enter(s, true, e) == -1) {
		store_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

bool
store_owner(const struct store *s, uid_t *out)
{
	return s->ops->owner != NULL && s->ops->owner(s, out);
}

bool
store_is_slow(const struct err *e)
{
	return e->kind == ERR_OFFLINE && e->sys == ETIME;
}

bool
store_facts(const struct store *s, struct store_facts *out)
{
	if (s->ops->facts == NULL)
		return false;
	s->ops->facts(s, out);
	return true;
}

bool
store_uses_claims(const struct store *s)
{
	return claims_in_use(s->claims);
}

int
store_holds(struct store *s, const char *name, bool *yes, struct err *e)
{
	return claims_holds(s, name, yes, e);
}

bool
store_is_late(const struct store *s)
{
	return s->until_s > 0 && clock_steady_s() >= s->until_s;
}

static int
check_time(const struct store *s, struct err *e)
{
	if (!store_is_late(s))
		return 0;
	return err_set(e, ERR_LATE, "%s: the time for it was up", s->url);
}

/* A server that was given less time than it needs is not away. */
static int
ended(const struct store *s, struct err *e)
{
	if (e->kind == ERR_OFFLINE && store_is_late(s))
		return check_time(s, e);
	return -1;
}

/* What the visitor of a list gets to see; the rest is not ours. */
struct own_names {
	store_visit *visit;
	void *arg;
};

static int
visit_own(const struct store_item *item, void *arg, struct err *e)
{
	const struct own_names *own = arg;

	if (!name_is_good(item->name, strlen(item->name)))
		return 0;
	return own->visit(item, own->arg, e);
}

int
store_list(struct store *s, const char *dir, store_visit *visit, void *arg,
    struct err *e)
{
	struct own_names own = { visit, arg };
	char real[STORE_PATH_MAX + 1];

	if (dir[0] != '\0' && check_path(dir, e) == -1)
		return -1;
	if (check_time(s, e) == -1)
		return -1;
	s->calls++;
	if (claims_look(s, dir, e) == -1 ||
	    s->ops->list(s, claims_where(s->claims, dir, real), visit_own, &own,
		e) == -1)
		return ended(s, e);
	return 0;
}

int
store_load(struct store *s, const char *path, struct buf *out, struct err *e)
{
	char real[STORE_PATH_MAX + 1];
	size_t before = out->len;

	if (check_path(path, e) == -1)
		return -1;
	if (check_time(s, e) == -1)
		return -1;
	s->calls++;
	while (
	    s->ops->load(s, claims_where(s->claims, path, real), out, e) == -1)
		if (!claims_help(s, path, e))
			return ended(s, e);
	s->bytes_read += out->len - before;
	return 0;
}

int
store_read(struct store *s, const char *path, uint64_t off, void *bytes,
    size_t len, struct err *e)
{
	char real[STORE_PATH_MAX + 1];

	if (check_path(path, e) == -1)
		return -1;
	if (off > INT64_MAX || len > INT64_MAX - off)
		return err_set(e, ERR_FORMAT, "%s: offset beyond any file",
		    path);
	if (check_time(s, e) == -1)
		return -1;
	s->calls++;
	while (s->ops->read(s, claims_where(s->claims, path, real), off, bytes,
		   len, e) == -1)
		if (!claims_help(s, path, e))
			return ended(s, e);
	s->bytes_read += len;
	return 0;
}

bool
store_ahead(struct store *s, const char *path, uint64_t off, size_t len)
{
	struct err e;

	if (s->ops->ahead == NULL || check_path(path, &e) == -1 ||
	    off > INT64_MAX || len > INT64_MAX - off)
		return false;
	return s->ops->ahead(s, path, off, len);
}

void
store_ahead_end(struct store *s)
{
	if (s->ops->ahead_end != NULL)
		s->ops->ahead_end(s);
}

int
store_create(struct store *s, const char *path, struct store_file **out,
    struct err *e)
{
	if (check_path(path, e) == -1)
		return -1;
	if (check_time(s, e) == -1)
		return -1;
	s->calls++;
	if (s->ops->create(s, path, out, e) == -1)
		return ended(s, e);
	step("create");
	return 0;
}

int
store_write(struct store_file *f, const void *bytes, size_t len, struct err *e)
{
	struct store *s = f->store;

	if (check_time(s, e) == -1)
		return -1;
	s->calls++;
	if (s->ops->write(f, bytes, len, e) == -1)
		return ended(s, e);
	s->bytes_written += len;
	return 0;
}

void
store_seal(struct store_file *f)
{
	if (f->store->ops->seal != NULL)
		f->store->ops->seal(f);
}

int
store_finish(struct store_file *f, bool keep, struct err *e)
{
	struct store *s = f->store;

	s->calls++;
	if (s->ops->finish(f, keep, e) == -1)
		return ended(s, e);
	step("finish");
	return 0;
}

int
store_mkdir(struct store *s, const char *path, struct err *e)
{
	if (check_path(path, e) == -1)
		return -1;
	if (check_time(s, e) == -1)
		return -1;
	s->calls++;
	if (s->ops->mkdir(s, path, e) == -1)
		return ended(s, e);
	step("mkdir");
	return 0;
}

int
store_publish(struct store *s, const char *from, const char *to, struct err *e)
{
	if (check_path(from, e) == -1 || check_path(to, e) == -1)
		return -1;
	s->calls++;
	if (claims_publish(s, from, to, e) == -1)
		return -1;
	step("publish");
	return 0;
}

int
store_remove(struct store *s, const char *path, bool is_dir, struct err *e)
{
	char real[STORE_PATH_MAX + 1];

	if (check_path(path, e) == -1)
		return -1;
	s->calls++;
	if (s->ops->remove(s, claims_where(s->claims, path, real), is_dir, e) ==
	    -1)
		return -1;
	step("remove");
	return 0;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	claims_free(s->claims);
	s->ops->close(s);
}

bool
store_is_near(const struct store *s)
{
	return s->ops->near;
}
