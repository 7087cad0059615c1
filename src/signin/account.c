#include "signin/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE_MAX_BYTES ((size_t)1 << 20) /* of one line of passwd or group */
#define NOBODY         65534
#define GROUPS_MAX     65536

static int
keep(struct account *out, const struct passwd *pw, struct err *e)
{
	struct account a = { .uid = pw->pw_uid, .gid = pw->pw_gid };

	a.name = strdup(pw->pw_name);
	a.home = strdup(pw->pw_dir);
	if (a.name == NULL || a.home == NULL) {
		err_sys(e, "account");
		account_free(&a);
		return -1;
	}
	*out = a;
	return 0;
}

/* Name services have several words for it, see getpwnam(3). */
static bool
is_gone(int sys)
{
	return sys == 0 || sys == ENOENT || sys == ESRCH;
}

int
account_find(struct account *out, const char *name, struct err *e)
{
	struct passwd pw, *found = NULL;
	size_t size = 4096;
	char *text = NULL, *grown;
	int sys, rc = -1;

	do {
		size *= 2;
		if ((grown = realloc(text, size)) == NULL) {
			free(text);
			return err_sys(e, "account");
		}
		text = grown;
		sys = getpwnam_r(name, &pw, text, size, &found);
	} while (sys == ERANGE && size < SIZE_MAX_BYTES);
	if (found != NULL) {
		rc = keep(out, found, e);
	} else if (is_gone(sys)) {
		err_set(e, ERR_GONE, "no such user");
	} else {
		errno = sys;
		err_sys(e, "account");
	}
	free(text);
	return rc;
}

void
account_free(struct account *a)
{
	free(a->name);
	free(a->home);
	*a = (struct account){ 0 };
}

#define BETWEEN " ,\t"

bool
account_listed(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (list += strspn(list, BETWEEN); *list != '\0';
	     list += n + strspn(list + n, BETWEEN)) {
		n = strcspn(list, BETWEEN);
		if (n == len && memcmp(list, word, n) == 0)
			return true;
	}
	return false;
}

/* Is one of the user's groups in list? A group without a name is in none. */
static bool
in_groups(const struct account *a, const char *list)
{
	int count = 64, had = 0;
	gid_t *ids = NULL, *grown;
	const struct group *gr;
	bool found = false;

	if (list[strspn(list, BETWEEN)] == '\0')
		return false;
	do {
		if ((grown = realloc(ids, (size_t)count * sizeof(*ids))) ==
		    NULL)
			break;
		ids = grown;
		had = getgrouplist(a->name, a->gid, ids, &count);
	} while (had == -1 && count <= GROUPS_MAX);
	for (int i = 0; i < had && !found; i++)
		found = (gr = getgrgid(ids[i])) != NULL &&
		    account_listed(list, gr->gr_name);
	free(ids);
	return found;
}

static bool
is_empty(const char *list)
{
	return list[strspn(list, BETWEEN)] == '\0';
}

/* Where there is a list of those that profiles are for, others have none. */
static bool
is_chosen(const struct account *a, const struct conf *c)
{
	if (is_empty(c->only_users) && is_empty(c->only_groups))
		return true;
	return account_listed(c->only_users, a->name) ||
	    in_groups(a, c->only_groups);
}

bool
account_takes_part(const struct account *a, const char *service,
    const struct conf *c, const char **why)
{
	*why = "";
	if (a->uid == 0 || a->uid < c->min_uid || a->uid == NOBODY)
		*why = "a user of the system";
	else if (account_listed(c->not_services, service))
		*why = "a service that profiles are not for";
	else if (account_listed(c->not_users, a->name) ||
	    in_groups(a, c->not_groups))
		*why = "a user that profiles are not for";
	else if (!is_chosen(a, c))
		*why = "not among those that profiles are for";
	return **why == '\0';
}
