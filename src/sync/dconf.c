#include "sync/dconf.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/spawn.h"

#define PROGRAM   "/usr/bin/dconf"
#define WAIT_MS   10000
#define TEXT_MAX  ((size_t)64 << 20) /* bytes */
#define PROFILE   "file-db:/proc/self/fd/3\n"
#define DIRECTORY "/tmp/roam-dconf-XXXXXX"

/* Nothing of the session: neither its bus nor its settings. */
static int
run(char *const *argv, int in, int out, int more, struct err *e)
{
	char path[] = "PATH=/usr/bin:/bin", home[] = "HOME=/nonexistent",
	     config[] = "XDG_CONFIG_HOME=/nonexistent",
	     runtime[] = "XDG_RUNTIME_DIR=/nonexistent",
	     profile[] = "DCONF_PROFILE=/proc/self/fd/0",
	     locale[] = "LC_ALL=C.UTF-8";
	char *const environment[] = { path, home, config, runtime, profile,
		locale, NULL };
	const struct spawn how = {
		.path = PROGRAM,
		.argv = argv,
		.envp = environment,
		.fd = { in, out, -1, more },
	};
	pid_t pid;
	int rc;

	if (spawn_start(&pid, &how, e) == -1)
		return -1;
	if ((rc = spawn_end(pid, WAIT_MS, e)) > 0)
		return err_set(e, ERR_FORMAT, "dconf: exit %d", rc);
	return rc;
}

/* A file in memory that holds this. */
static int
memory_file(const void *bytes, size_t len, struct err *e)
{
	int fd = memfd_create("roam", MFD_CLOEXEC);

	if (fd == -1)
		return err_sys(e, "memory");
	if (io_write(fd, bytes, len, e) == -1 || lseek(fd, 0, SEEK_SET) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
close_all(const int *fd, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fd[i] != -1)
			close(fd[i]);
}

int
dconf_read(struct buf *text, const struct buf *database, struct err *e)
{
	char name[] = "dconf", verb[] = "dump", all[] = "/";
	char *const argv[] = { name, verb, all, NULL };
	int fd[] = { -1, -1, -1 };
	int rc = -1;

	if (database->len == 0)
		return 0;
	text->max = TEXT_MAX;
	fd[0] = memory_file(PROFILE, strlen(PROFILE), e);
	if (fd[0] != -1)
		fd[1] = memory_file("", 0, e);
	if (fd[1] != -1)
		fd[2] = memory_file(database->bytes, database->len, e);
	if (fd[2] != -1 && run(argv, fd[0], fd[1], fd[2], e) == 0 &&
	    lseek(fd[1], 0, SEEK_SET) == 0)
		rc = io_read_all(fd[1], text, e);
	close_all(fd, 3);
	/* What is no database is told as an empty one. */
	if (rc == 0 && text->len == 0)
		return err_set(e, ERR_FORMAT, "dconf: no database");
	return rc;
}

/* The compiler wants a directory of keys, and renames what it makes. */
static int
compile(struct buf *database, const struct buf *text, const char *dir,
    struct err *e)
{
	char name[] = "dconf", verb[] = "compile", out[64], keys[64];
	char *const argv[] = { name, verb, out, keys, NULL };
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), keysfd = -1;
	int rc = -1;

	snprintf(out, sizeof(out), "%s/user", dir);
	snprintf(keys, sizeof(keys), "%s/keys", dir);
	if (dirfd == -1 || mkdirat(dirfd, "keys", 0700) == -1 ||
	    (keysfd = openat(dirfd, "keys",
		 O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		err_sys(e, "%s", dir);
	else if (io_replace(keysfd, "all", text->bytes, text->len, e) == 0 &&
	    run(argv, -1, -1, -1, e) == 0)
		rc = io_load(dirfd, "user", database, e);
	if (keysfd != -1)
		(void)unlinkat(keysfd, "all", 0);
	if (dirfd != -1) {
		(void)unlinkat(dirfd, "keys", AT_REMOVEDIR);
		(void)unlinkat(dirfd, "user", 0);
	}
	close_all((int[]){ dirfd, keysfd }, 2);
	return rc;
}

int
dconf_make(struct buf *database, const struct buf *text, struct err *e)
{
	char dir[] = DIRECTORY;
	int rc;

	if (mkdtemp(dir) == NULL)
		return err_sys(e, "%s", dir);
	rc = compile(database, text, dir, e);
	(void)rmdir(dir);
	return rc;
}
