#include "base/confine.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif

int
confine_process(struct err *e)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &none) == -1 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return err_sys(e, "give up privileges");
	return 0;
}

#ifdef LANDLOCK_CREATE_RULESET_VERSION

#define MAY_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)

/* All that the kernel's version of Landlock can forbid: it has added one kind
 * of access to the end of the list now and then. */
static uint64_t
all_kinds(long version)
{
	static const unsigned kinds[] = { 13, 14, 15, 15, 16 };
	size_t last = sizeof(kinds) / sizeof(kinds[0]) - 1;
	size_t i = (size_t)version - 1;

	return (UINT64_C(1) << kinds[i < last ? i : last]) - 1;
}

static int
allow(int set, const struct confine *rule, uint64_t all, struct err *e)
{
	const uint64_t kinds[] = {
		[CONFINE_READ] = MAY_READ,
		[CONFINE_RUN] = MAY_READ | LANDLOCK_ACCESS_FS_EXECUTE,
		[CONFINE_WRITE] = all,
		[CONFINE_RMDIR] = LANDLOCK_ACCESS_FS_REMOVE_DIR,
	};
	struct landlock_path_beneath_attr attr = {
		.allowed_access = kinds[rule->may],
	};
	struct stat st;
	long rc;

	attr.parent_fd = open(rule->path, O_PATH | O_CLOEXEC);
	if (attr.parent_fd == -1)
		return 0;
	if (fstat(attr.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		attr.allowed_access &= OF_FILES;
	rc = syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH,
	    &attr, 0);
	if (rc == -1)
		err_sys(e, "%s: Landlock", rule->path);
	close(attr.parent_fd);
	return (int)rc;
}

unsigned
confine_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return version < 1 ? 0 : (unsigned)version;
}

int
confine_files(const struct confine *rules, size_t count, bool *done,
    struct err *e)
{
	struct landlock_ruleset_attr attr = { 0 };
	long version;
	int set, rc = 0;

	*done = false;
	version = (long)confine_version();
	if (version == 0)
		return 0;
	attr.handled_access_fs = all_kinds(version);
	set = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (set == -1)
		return err_sys(e, "Landlock");
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = allow(set, &rules[i], attr.handled_access_fs, e);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, set, 0) == -1)
		rc = err_sys(e, "Landlock");
	close(set);
	*done = rc == 0;
	return rc;
}

#else

unsigned
confine_version(void)
{
	return 0;
}

int
confine_files(const struct confine *rules, size_t count, bool *done,
    struct err *e)
{
	(void)rules;
	(void)count;
	(void)e;
	*done = false;
	return 0;
}

#endif
