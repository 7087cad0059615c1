#include "signin/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/spawn.h"

/* What is left until until, in milliseconds. */
static unsigned
left_ms(double until)
{
	double left = (until - clock_steady_s()) * 1000;

	return left > 0 ? (unsigned)left + 1 : 0;
}

/* Fill bytes up to the end of fd; *len never exceeds cap. */
static int
read_until(int fd, double until, char *bytes, size_t cap, size_t *len,
    struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	*len = 0;
	while (left_ms(until) > 0) {
		if (poll(&p, 1, (int)left_ms(until)) <= 0)
			continue; /* EINTR, or the time is up */
		n = read(fd, bytes + *len, cap - *len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(e, "answer");
		if (n == 0)
			return 0;
		*len += (size_t)n;
		if (*len == cap)
			return err_set(e, ERR_FORMAT,
			    "an answer of more than %zu bytes", cap - 1);
	}
	return err_set(e, ERR_OFFLINE, "no answer in time");
}

int
directory_ask(struct facts *out, const struct directory_ask *how, struct err *e)
{
	double until = clock_steady_s() + how->deadline_ms / 1000.0;
	struct spawn spawn = { .path = how->program,
		.argv = how->argv,
		.envp = how->envp,
		.fd = { -1, -1, -1, -1 } };
	char bytes[FACTS_BYTES_MAX + 1];
	struct err ignored;
	size_t len = 0;
	int fds[2], rc;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return err_sys(e, "directory");
	spawn.fd[STDOUT_FILENO] = fds[1];
	rc = spawn_start(&pid, &spawn, e);
	close(fds[1]);
	if (rc == 0) {
		rc = read_until(fds[0], until, bytes, sizeof(bytes), &len, e);
		/* It has nothing more to say: no need to wait for long. */
		if (spawn_end(pid, rc == 0 ? left_ms(until) : 0,
			rc == 0 ? e : &ignored) == -1 &&
		    rc == 0)
			rc = -1;
	}
	close(fds[0]);
	if (rc == 0)
		rc = facts_parse(out, bytes, len, e);
	return rc == -1 ? err_wrap(e, "directory") : 0;
}
