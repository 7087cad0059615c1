#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "prog/visit.h"
#include "signin/child.h"
#include "store/smb_tickets.h"

#define COPY_MS  5000 /* a daemon may have to be asked (KCM:) */
#define FILE_IN  "private/krb5cc"
#define FILE_NEW "private/krb5cc.new"

static void
path_of(const struct visit *s, const char *file, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, ROAM_RUNDIR "/%lu/%s",
	    (unsigned long)s->who.uid, file);
}

/*
 * By a program of its own as the user: the name of the cache may come from a
 * file in the home, and so may lead anywhere. True where FILE_IN is new.
 */
static bool
get(const struct visit *s, const char *cache, const char *how_word)
{
	char name[] = "roam-ccache", to[PATH_MAX], home[PATH_MAX], word[16];
	char variable[CACHE_NAME_MAX + 16];
	char *argv[] = { name, to, how_word != NULL ? word : NULL, NULL };
	char *envp[] = { home, cache != NULL ? variable : NULL, NULL };
	const struct child how = {
		.who = &s->who,
		.path = ROAM_LIBEXECDIR "/roam-ccache",
		.argv = argv,
		.envp = envp,
		.fd = { -1, -1, -1, -1, -1, -1 },
	};
	struct err e;
	pid_t pid;

	path_of(s, FILE_NEW, to);
	snprintf(home, sizeof(home), "HOME=%s", s->who.home);
	snprintf(variable, sizeof(variable), "KRB5CCNAME=%s",
	    cache != NULL ? cache : "");
	snprintf(word, sizeof(word), "%s", how_word != NULL ? how_word : "");
	(void)unlinkat(s->open.dir, FILE_NEW, 0);
	if (child_start(&pid, &how, &e) == -1) {
		log_line(LOG_LEVEL_WARN, "tickets: %s", e.text);
		return false;
	}
	if (child_end(pid, COPY_MS, &e) == CCACHE_COPIED)
		return renameat(s->open.dir, FILE_NEW, s->open.dir, FILE_IN) ==
		    0;
	(void)unlinkat(s->open.dir, FILE_NEW, 0);
	return false;
}

void
visit_take_ticket(struct visit *s)
{
	bool have = get(s, s->cache, NULL);

	log_line(LOG_LEVEL_DEBUG, "tickets of %s: %s", s->who.name,
	    have ? "copied" : "none");
}

bool
visit_renew_ticket(struct visit *s)
{
	char cache[CACHE_NAME_MAX];

	return visit_ticket(s, cache, sizeof(cache)) && get(s, cache, "renew");
}

bool
visit_ticket(const struct visit *s, char *out, size_t cap)
{
	char path[PATH_MAX];

	path_of(s, FILE_IN, path);
	if ((size_t)snprintf(out, cap, "FILE:%s", path) >= cap)
		return false;
	return faccessat(s->open.dir, FILE_IN, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void
visit_drop_ticket(const struct visit *s)
{
	(void)unlinkat(s->open.dir, FILE_IN, 0);
	(void)unlinkat(s->open.dir, FILE_NEW, 0);
}
