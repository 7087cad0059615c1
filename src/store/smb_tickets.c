#include "store/smb_tickets.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/spawn.h"
#include "store/smb_link.h"

#define PROGRAM "roam-ccache"

/* What libkrb5 may know of our environment. */
static const char *const passed[] = { "KRB5CCNAME", "KRB5_CONFIG", "HOME",
	"XDG_RUNTIME_DIR", "ASAN_OPTIONS" };
#define N_PASSED (sizeof(passed) / sizeof(passed[0]))

static void
free_all(char *envp[N_PASSED + 1])
{
	for (size_t i = 0; i < N_PASSED; i++)
		free(envp[i]);
}

static int
make_env(char *envp[N_PASSED + 1], struct err *e)
{
	const char *value;
	size_t n = 0;

	memset(envp, 0, (N_PASSED + 1) * sizeof(*envp));
	for (size_t i = 0; i < N_PASSED; i++) {
		if ((value = getenv(passed[i])) == NULL)
			continue;
		if (asprintf(&envp[n], "%s=%s", passed[i], value) == -1) {
			envp[n] = NULL;
			err_sys(e, "tickets");
			free_all(envp);
			return -1;
		}
		n++;
	}
	return 0;
}

static const char *
say(int status)
{
	switch (status) {
	case CCACHE_NONE:
		return "there is no Kerberos ticket";
	case CCACHE_EXPIRED:
		return "the Kerberos ticket has expired";
	default:
		return "the Kerberos tickets cannot be read";
	}
}

int
smb_tickets_copy(const char *path, unsigned ms, bool *have, struct err *note,
    struct err *e)
{
	char program[PATH_MAX], name[] = PROGRAM;
	char *to = strdup(path), *envp[N_PASSED + 1];
	char *argv[] = { name, to, NULL };
	const struct spawn how = {
		.path = smb_link_program(program, sizeof(program), PROGRAM),
		.argv = argv,
		.envp = envp,
		.fd = { -1, -1, -1, -1 },
	};
	int status = -1;
	struct err why;
	pid_t pid;

	*have = false;
	if (to == NULL)
		return err_sys(e, "tickets");
	if (make_env(envp, e) == -1) {
		free(to);
		return -1;
	}
	if (spawn_start(&pid, &how, &why) == 0)
		status = spawn_end(pid, ms, &why);
	free_all(envp);
	free(to);
	*have = status == CCACHE_COPIED;
	if (status == -1)
		err_set(note, ERR_AUTH, "%s",
		    why.sys == ENOENT ? "this Roam was built without Kerberos"
				      : "the Kerberos tickets cannot be read");
	else
		err_set(note, ERR_AUTH, "%s", say(status));
	return 0;
}
