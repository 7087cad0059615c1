#include "signin/sessions.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"

#define LEADER_MAX   96   /* bytes of "PID-START-BOOT", with the NUL */
#define STAT_MAX     4096 /* bytes of /proc/PID/stat */
#define START_FIELD  20   /* fields behind the name, in proc(5)'s count 22 */
#define BOOT_LEN     8
#define SESSIONS_MAX 256 /* of one leader */
#define LOCK_NAP_MS  20

/* A directory below at, of root or of the user; what stands there already must
 * be one that nobody else could have made. */
static int
make_dir(int at, const char *name, mode_t mode, uid_t uid, gid_t gid,
    struct err *e)
{
	struct stat st;
	int fd;

	if (mkdirat(at, name, mode) == -1 && errno != EEXIST)
		return err_sys(e, "%s", name);
	fd = openat(at, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return err_sys(e, "%s", name);
	if (fstat(fd, &st) == -1 ||
	    ((st.st_uid == geteuid() || st.st_uid == uid) &&
		(fchmod(fd, mode) == -1 || fchown(fd, uid, gid) == -1 ||
		    fstat(fd, &st) == -1)))
		err_sys(e, "%s", name);
	else if (st.st_uid != uid || (st.st_mode & 022) != 0)
		err_set(e, ERR_POLICY, "%s: others could have written to it",
		    name);
	else
		return fd;
	close(fd);
	return -1;
}

/* flock() with an end to waiting. */
static int
hold(int fd, const char *name, unsigned ms, struct err *e)
{
	double until = clock_steady_s() + ms / 1000.0;

	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, "%s", name);
		if (clock_steady_s() >= until)
			return err_set(e, ERR_BUSY, "%s: held by others", name);
		clock_sleep_ms(LOCK_NAP_MS);
	}
	return 0;
}

static int
hold_file(int dir, const char *name, unsigned ms, struct err *e)
{
	int fd =
	    openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd == -1)
		return err_sys(e, "%s", name);
	if (hold(fd, name, ms, e) == 0)
		return fd;
	close(fd);
	return -1;
}

int
sessions_hold_run(int dir, unsigned ms, struct err *e)
{
	return hold_file(dir, "run", ms, e);
}

int
sessions_open(struct sessions *out, const char *dir, uid_t uid, gid_t gid,
    unsigned ms, struct err *e)
{
	struct sessions s = { -1, -1, -1 };
	uid_t root = geteuid();
	gid_t group = getegid();
	char name[32];
	int top, fd = -1;

	snprintf(name, sizeof(name), "%lu", (unsigned long)uid);
	top = make_dir(AT_FDCWD, dir, 0755, root, group, e);
	if (top == -1)
		return -1;
	s.dir = make_dir(top, name, 0755, root, group, e);
	close(top);
	if (s.dir == -1 ||
	    (s.list = make_dir(s.dir, "sessions", 0700, root, group, e)) ==
		-1 ||
	    (fd = make_dir(s.dir, "private", 0700, uid, gid, e)) == -1 ||
	    (s.lock = hold_file(s.dir, "lock", ms, e)) == -1) {
		err_wrap(e, "%s/%s", dir, name);
		sessions_close(&s);
	}
	if (fd != -1)
		close(fd);
	if (s.lock == -1)
		return -1;
	*out = s;
	return 0;
}

int
sessions_lock(struct sessions *s, unsigned ms, struct err *e)
{
	s->lock = hold_file(s->dir, "lock", ms, e);
	return s->lock == -1 ? -1 : 0;
}

void
sessions_unlock(struct sessions *s)
{
	if (s->lock != -1)
		close(s->lock);
	s->lock = -1;
}

void
sessions_close(struct sessions *s)
{
	if (s->lock != -1)
		close(s->lock);
	if (s->list != -1)
		close(s->list);
	if (s->dir != -1)
		close(s->dir);
	*s = (struct sessions){ -1, -1, -1 };
}

/* Text of a file in /proc; false where it cannot be had. */
static bool
proc_text(const char *path, char out[STAT_MAX])
{
	struct buf text = { .max = STAT_MAX - 1 };
	struct err e;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd != -1 && io_read_all(fd, &text, &e) == 0;

	if (fd != -1)
		close(fd);
	if (ok)
		memcpy(out, text.bytes, text.len);
	out[ok ? text.len : 0] = '\0';
	buf_free(&text);
	return ok;
}

/* When pid started, in the kernel's ticks; 0 where it lives no more. */
static unsigned long long
start_of(pid_t pid)
{
	char path[64], text[STAT_MAX];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	/* The name of a program may hold blanks and brackets. */
	if (!proc_text(path, text) || (at = strrchr(text, ')')) == NULL)
		return 0;
	/* A zombie has ended, whoever has not noticed yet. */
	if (strncmp(at, ") Z", 3) == 0 || strncmp(at, ") X", 3) == 0)
		return 0;
	for (int i = 0; i < START_FIELD && at != NULL; i++)
		at = strchr(at + 1, ' ');
	return at != NULL ? strtoull(at, NULL, 10) : 0;
}

/* "PID-START-BOOT" of a process that lives, else "". */
static const char *
leader_name(pid_t pid, char out[LEADER_MAX])
{
	unsigned long long start = pid > 0 ? start_of(pid) : 0;
	char boot[STAT_MAX] = "";

	out[0] = '\0';
	if (start == 0)
		return out;
	(void)proc_text("/proc/sys/kernel/random/boot_id", boot);
	snprintf(out, LEADER_MAX, "%ld-%llu-%.*s", (long)pid, start, BOOT_LEN,
	    boot);
	return out;
}

/* Does the leader live whose session is that file? */
static bool
is_alive(const char *file)
{
	char *end, leader[LEADER_MAX];
	long pid = strtol(file, &end, 10);
	size_t len;

	if (*end != '-' || pid <= 0 || pid > INT32_MAX)
		return false;
	len = strlen(leader_name((pid_t)pid, leader));
	return len > 0 && strncmp(file, leader, len) == 0 && file[len] == '-';
}

int
sessions_count(const struct sessions *s, size_t *out, struct err *e)
{
	const struct dirent *d;
	size_t count = 0;
	int fd = openat(s->list, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd != -1 ? fdopendir(fd) : NULL;

	if (list == NULL) {
		err_sys(e, "sessions");
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (errno = 0, (d = readdir(list)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		if (is_alive(d->d_name))
			count++;
		else
			(void)unlinkat(s->list, d->d_name, 0);
	}
	if (errno != 0) {
		err_sys(e, "sessions");
		closedir(list);
		return -1;
	}
	closedir(list);
	*out = count;
	return 0;
}

int
sessions_add(const struct sessions *s, pid_t pid, struct err *e)
{
	char leader[LEADER_MAX], name[LEADER_MAX + 16];
	int fd;

	if (leader_name(pid, leader)[0] == '\0')
		return err_set(e, ERR_GONE, "process %ld has ended", (long)pid);
	for (int n = 0; n < SESSIONS_MAX; n++) {
		snprintf(name, sizeof(name), "%s-%d", leader, n);
		fd = openat(s->list, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd != -1) {
			close(fd);
			return 0;
		}
		if (errno != EEXIST)
			return err_sys(e, "session");
	}
	return err_set(e, ERR_LIMIT, "process %ld has too many sessions",
	    (long)pid);
}

int
sessions_remove(const struct sessions *s, pid_t pid, bool *had, struct err *e)
{
	char leader[LEADER_MAX], name[LEADER_MAX + 16];

	*had = false;
	/* Of a leader that has ended nothing is left after the next count. */
	if (leader_name(pid, leader)[0] == '\0')
		return 0;
	for (int n = SESSIONS_MAX - 1; n >= 0 && !*had; n--) {
		snprintf(name, sizeof(name), "%s-%d", leader, n);
		if (unlinkat(s->list, name, 0) == 0)
			*had = true;
		else if (errno != ENOENT)
			return err_sys(e, "session");
	}
	return 0;
}
