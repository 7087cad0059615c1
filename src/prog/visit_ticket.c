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
 * file in the home, and so may lead anywhere.
 */
void
visit_take_ticket(struct visit *s)
{
	char name[] = "roam-ccache", to[PATH_MAX], home[PATH_MAX];
	char cache[CACHE_NAME_MAX + 16];
	char *argv[] = { name, to, NULL }, *envp[] = { home, NULL, NULL };
	const struct child how = {
		.who = &s->who,
		.path = ROAM_LIBEXECDIR "/roam-ccache",
		.argv = argv,
		.envp = envp,
		.fd = { -1, -1, -1, -1, -1, -1 },
	};
	struct err e;
	pid_t pid;
	int status;

	path_of(s, FILE_NEW, to);
	snprintf(home, sizeof(home), "HOME=%s", s->who.home);
	if (s->cache != NULL) {
		snprintf(cache, sizeof(cache), "KRB5CCNAME=%s", s->cache);
		envp[1] = cache;
	}
	(void)unlinkat(s->open.dir, FILE_NEW, 0);
	if (child_start(&pid, &how, &e) == -1) {
		log_line(LOG_LEVEL_WARN, "tickets: %s", e.text);
		return;
	}
	status = child_end(pid, COPY_MS, &e);
	if (status == CCACHE_COPIED)
		(void)renameat(s->open.dir, FILE_NEW, s->open.dir, FILE_IN);
	else
		(void)unlinkat(s->open.dir, FILE_NEW, 0);
	log_line(LOG_LEVEL_DEBUG, "tickets of %s: %s", s->who.name,
	    status == CCACHE_COPIED ? "copied" : "none");
}

bool
visit_ticket(const struct visit *s, char *out, size_t cap)
{
	char path[PATH_MAX];

	path_of(s, FILE_IN, path);
	snprintf(out, cap, "FILE:%s", path);
	return faccessat(s->open.dir, FILE_IN, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void
visit_drop_ticket(const struct visit *s)
{
	(void)unlinkat(s->open.dir, FILE_IN, 0);
	(void)unlinkat(s->open.dir, FILE_NEW, 0);
}
