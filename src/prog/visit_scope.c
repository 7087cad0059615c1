#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/spawn.h"
#include "prog/visit.h"

#define ASK_MS   2000
#define BUSCTL   "/usr/bin/busctl"
#define WORD_MAX 48

/*
 * StartTransientUnit of org.freedesktop.systemd1(5), as words of busctl(1): by
 * systemd's own tool rather than its library, since this is all that is asked of
 * it. KillSignal 18 is SIGCONT, which stops nothing: a run that is going on when
 * the machine goes down has until TimeoutStop, and being killed does no harm.
 */
#define ASK                                                                    \
	"busctl -q --timeout=2 call org.freedesktop.systemd1 "                 \
	"/org/freedesktop/systemd1 org.freedesktop.systemd1.Manager "          \
	"StartTransientUnit ssa(sv)a(sa(sv)) roam-%lu-%ld.scope fail 6 "       \
	"PIDs au 1 %ld Description s roam-session KillSignal i 18 "            \
	"SendSIGHUP b false TimeoutStopUSec t 90000000 "                       \
	"After as 2 network.target nss-user-lookup.target 0"

void
visit_scope(const struct visit *s)
{
	char text[1024], *word, *next = text, *argv[WORD_MAX];
	char path[] = "PATH=/usr/bin:/bin", *envp[] = { path, NULL };
	const struct spawn how = {
		.path = BUSCTL,
		.argv = argv,
		.envp = envp,
		.fd = { -1, -1, -1, -1 },
	};
	size_t n = 0;
	struct err e;
	pid_t child;

	if (access("/run/systemd/system", F_OK) == -1)
		return;
	snprintf(text, sizeof(text), ASK, (unsigned long)s->who.uid,
	    (long)getpid(), (long)getpid());
	while (n < WORD_MAX - 1 && (word = strsep(&next, " ")) != NULL)
		argv[n++] = word;
	argv[n] = NULL;
	/* While the machine goes down nothing new begins: then the run stays
	 * where it is, and the stop of that waits for it. */
	if (spawn_start(&child, &how, &e) == -1 ||
	    spawn_end(child, ASK_MS, &e) != 0)
		log_line(LOG_LEVEL_DEBUG, "no scope for %s", s->who.name);
}
