#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "sync/files.h"

#define FILE_SIZE_MAX ((size_t)1 << 20) /* bytes of one file */

/* Absent is fine: *found tells. O_NONBLOCK, so that a FIFO cannot hold us. */
static int
load_file(const char *path, struct buf *out, bool *found, struct err *e)
{
	struct stat st;
	int fd, rc = -1;

	*found = false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR
		    ? 0
		    : err_sys(e, "%s", path);
	if (fstat(fd, &st) == -1)
		err_sys(e, "%s", path);
	else if (!S_ISREG(st.st_mode))
		err_set(e, ERR_USAGE, "%s: not a regular file", path);
	else if (io_read_all(fd, out, e) == -1)
		err_wrap(e, "%s", path);
	else
		rc = 0;
	*found = rc == 0;
	close(fd);
	return rc;
}

int
files_one(const char *path, bool needed, files_use *use, void *arg,
    struct err *e)
{
	struct buf text = { .max = FILE_SIZE_MAX };
	bool found;
	int rc;

	rc = load_file(path, &text, &found, e);
	if (rc == 0 && found)
		rc = use(arg, path, (const char *)text.bytes, text.len, e);
	else if (rc == 0 && needed)
		rc = err_set(e, ERR_USAGE, "%s: no such file", path);
	buf_free(&text);
	return rc;
}

static bool
has_ending(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);

	return name[0] != '.' && n > m && strcmp(name + n - m, ending) == 0;
}

int
files_all(const char *dir, const char *ending, files_use *use, void *arg,
    struct err *e)
{
	struct dirent **list = NULL;
	char path[PATH_MAX];
	int n, rc = 0;

	n = scandir(dir, &list, NULL, alphasort);
	if (n == -1)
		return errno == ENOENT || errno == ENOTDIR
		    ? 0
		    : err_sys(e, "%s", dir);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		if (rc == 0 && has_ending(list[i]->d_name, ending))
			rc = files_one(path, false, use, arg, e);
		free(list[i]);
	}
	free(list);
	return rc;
}

void
files_first_line(const char *path, char *out, size_t cap)
{
	struct buf text = { .max = 4096 };
	struct err e;
	bool found;
	size_t n;

	out[0] = '\0';
	if (load_file(path, &text, &found, &e) == 0 && found) {
		n = text.len < cap - 1 ? text.len : cap - 1;
		memcpy(out, text.bytes, n);
		out[n] = '\0';
		out[strcspn(out, "\r\n")] = '\0';
	}
	buf_free(&text);
}
