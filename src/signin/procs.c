#include "signin/procs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

#define STATUS_MAX 16384 /* bytes of /proc/PID/status */

/* Is that the process of uid, by any of its numbers? A process that has ended
 * meanwhile is nobody's, nor is one that only its parent still knows. */
static bool
is_of(const char *text, uid_t uid)
{
	const char *at = strstr(text, "\nUid:");
	const char *state = strstr(text, "\nState:\t");
	char *end;

	if (state != NULL && (state[8] == 'Z' || state[8] == 'X'))
		return false;
	if (at == NULL)
		return true;
	at += strlen("\nUid:");
	for (size_t i = 0; i < 4; i++) {
		if (strtoul(at, &end, 10) == uid)
			return true;
		at = end;
	}
	return false;
}

static bool
has(int proc, const char *pid, uid_t uid)
{
	struct buf text = { .max = STATUS_MAX };
	char path[64];
	struct err e;
	bool yes = false;
	int fd;

	snprintf(path, sizeof(path), "%.32s/status", pid);
	if ((fd = openat(proc, path, O_RDONLY | O_CLOEXEC)) == -1)
		return false;
	if (io_read_all(fd, &text, &e) == 0) {
		buf_u8(&text, 0);
		yes = text.bad || is_of((const char *)text.bytes, uid);
	}
	close(fd);
	buf_free(&text);
	return yes;
}

bool
procs_has_user(uid_t uid)
{
	const struct dirent *d;
	DIR *proc = opendir("/proc");
	bool yes = false;

	if (proc == NULL)
		return true;
	while (!yes && (d = readdir(proc)) != NULL)
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9')
			yes = has(dirfd(proc), d->d_name, uid);
	closedir(proc);
	return yes;
}
