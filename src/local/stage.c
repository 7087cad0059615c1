#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "local/stage.h"

#define STAGING  "staging"
#define NAMES    "names"
#define FETCHING "fetching"

const char *
stage_name(char out[STAGE_NAME_MAX], const struct hash *hash, size_t index)
{
	char hex[HASH_HEX_MAX];

	snprintf(out, STAGE_NAME_MAX, "%s-%zu", hash_hex(hash, hex), index);
	return out;
}

int
stage_open(int statefd, struct err *e)
{
	int fd;

	if (mkdirat(statefd, STAGING, 0700) == -1 && errno != EEXIST)
		return err_sys(e, STAGING);
	fd = openat(statefd, STAGING,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd != -1 ? fd : err_sys(e, STAGING);
}

int
stage_create(int stagefd, const char *name, uint64_t size, struct err *e)
{
	int fd;

	fd = openat(stagefd, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, STAGING "/%s", name);
	if (ftruncate(fd, (off_t)size) == -1) {
		err_sys(e, STAGING "/%s", name);
		close(fd);
		(void)unlinkat(stagefd, name, 0);
		return -1;
	}
	return fd;
}

int
stage_names(int stagefd, const void *bytes, size_t len, struct err *e)
{
	return io_replace(stagefd, NAMES, bytes, len, e);
}

int
stage_plan_names(int stagefd, const struct plan *p, struct err *e)
{
	struct buf names = { 0 };
	const char *path;
	size_t len;
	int rc = -1;

	for (size_t i = 0; i < p->count; i++) {
		path = op_path(&p->op[i], &len);
		buf_bytes(&names, path, len + 1);
	}
	if (buf_check(&names, e) == 0)
		rc = stage_names(stagefd, names.bytes, names.len, e);
	buf_free(&names);
	return rc;
}

int
stage_drop_names(int stagefd, struct err *e)
{
	if (unlinkat(stagefd, NAMES, 0) == -1 && errno != ENOENT)
		return err_sys(e, STAGING "/" NAMES);
	return 0;
}

int
stage_fetching(int stagefd, bool yes, struct err *e)
{
	int fd;

	if (!yes) {
		if (unlinkat(stagefd, FETCHING, 0) == -1 && errno != ENOENT)
			return err_sys(e, STAGING "/" FETCHING);
		return 0;
	}
	fd = openat(stagefd, FETCHING,
	    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, STAGING "/" FETCHING);
	close(fd);
	return 0;
}

int
stage_sync(int stagefd, struct err *e)
{
	if (syncfs(stagefd) == -1)
		return err_sys(e, STAGING);
	return 0;
}
