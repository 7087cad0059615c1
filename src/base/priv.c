#include "base/priv.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <grp.h>
#include <stdbool.h>
#include <unistd.h>

static int
become(const char *name, uid_t uid, gid_t gid, bool groups, struct err *e)
{
	if (uid == 0)
		return err_set(e, ERR_USAGE, "%s is root itself", name);
	/* Groups first: after setresuid() they are out of reach. */
	if ((groups ? initgroups(name, gid) : setgroups(0, NULL)) == -1 ||
	    setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_sys(e, "become %s", name);
	/* Believe it only after an attempt to come back. */
	if (setuid(0) == 0 || seteuid(0) == 0)
		return err_set(e, ERR_SYSTEM, "become %s: root came back",
		    name);
	return 0;
}

int
priv_become(const char *name, uid_t uid, gid_t gid, struct err *e)
{
	return become(name, uid, gid, true, e);
}

int
priv_become_nobody(const char *name, uid_t uid, gid_t gid, struct err *e)
{
	return become(name, uid, gid, false, e);
}

/* What su(1) lets its caller limit: it could make us fail where it matters. */
static const int limits[] = { RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE,
	RLIMIT_NPROC, RLIMIT_STACK };

int
priv_be_root(struct err *e)
{
	const struct rlimit none = { 0, 0 };
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	const struct rlimit files = { 1024, 4096 };

	if (geteuid() != 0)
		return err_set(e, ERR_USAGE, "only root may do this");
	if (setgroups(0, NULL) == -1 || setresgid(0, 0, 0) == -1 ||
	    setresuid(0, 0, 0) == -1 || chdir("/") == -1)
		return err_sys(e, "be root");
	(void)umask(077);
	/* In a container root may not raise what is set outside of it. */
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		(void)setrlimit((__rlimit_resource_t)limits[i], &all);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return err_sys(e, "core dumps");
	return 0;
}
