#include "signin/directory.h"

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/spawn.h"

#define PROGRAM   ROAM_LIBEXECDIR "/roam-ldap"
#define PIECE     4096 /* bytes */
#define ITEMS_MAX ((size_t)8 << 20)
#define GRACE_MS  500 /* for the helper to say itself that it was too late */

/* What is left until until, in milliseconds. */
static unsigned
left_ms(double until)
{
	double left = (until - clock_steady_s()) * 1000;

	return left > 0 ? (unsigned)left + 1 : 0;
}

/* All of fd; no more than out->max. */
static int
read_until(int fd, double until, struct buf *out, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t *room;
	ssize_t n;

	while (left_ms(until) > 0) {
		if (poll(&p, 1, (int)left_ms(until)) <= 0)
			continue; /* EINTR, or the time is up */
		if ((room = buf_room(out, PIECE)) == NULL)
			return err_set(e, ERR_FORMAT,
			    "an answer of more than %zu bytes", out->max);
		n = read(fd, room, PIECE);
		if (n == 0)
			return 0;
		if (n == -1 && errno != EINTR)
			return err_sys(e, "answer");
		out->len += n > 0 ? (size_t)n : 0;
	}
	return err_set(e, ERR_OFFLINE, "no answer in time");
}

/* The question as a file that has no name. The helper gets a little less time
 * than we have. */
static int
question_fd(const struct question *q, struct err *e)
{
	struct buf text = { .max = QUESTION_BYTES_MAX };
	struct question less = *q;
	uint64_t grace = q->deadline_ms / 4;
	int fd = -1;

	less.deadline_ms -= grace < GRACE_MS ? grace : GRACE_MS;
	question_write(&text, &less);
	if (buf_check(&text, e) == 0 &&
	    (fd = memfd_create("question", MFD_CLOEXEC)) == -1)
		err_sys(e, "question");
	if (fd != -1 &&
	    (io_write(fd, text.bytes, text.len, e) == -1 ||
		lseek(fd, 0, SEEK_SET) == -1)) {
		close(fd);
		fd = -1;
		err_set(e, ERR_SYSTEM, "the question cannot be written");
	}
	buf_free(&text);
	return fd;
}

/* Start it, hear it out, see it end. */
static int
converse(struct buf *out, const struct directory_ask *how, int question,
    struct err *e)
{
	double until = clock_steady_s() + (double)how->q->deadline_ms / 1000;
	char name[] = "roam-ldap";
	char *const argv[] = { name, NULL };
	struct spawn spawn = { .path = how->program != NULL ? how->program
							    : PROGRAM,
		.argv = argv,
		.envp = how->envp,
		.fd = { question, -1, -1, -1 } };
	struct err ignored;
	int fds[2], rc;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return err_sys(e, "pipe");
	spawn.fd[STDOUT_FILENO] = fds[1];
	rc = spawn_start(&pid, &spawn, e);
	close(fds[1]);
	if (rc == 0) {
		rc = read_until(fds[0], until, out, e);
		/* What it said counts, not how it ended. */
		(void)spawn_end(pid, rc == 0 ? left_ms(until) : 0, &ignored);
	}
	close(fds[0]);
	return rc;
}

int
directory_ask(struct facts *out, struct buf *items,
    const struct directory_ask *how, struct err *e)
{
	struct buf answer = {
		.max = (items != NULL ? ITEMS_MAX : FACTS_BYTES_MAX) + PIECE
	};
	size_t skip;
	int question, rc;

	if ((question = question_fd(how->q, e)) == -1)
		return err_wrap(e, "directory");
	rc = converse(&answer, how, question, e);
	close(question);
	if (rc == 0) {
		skip = facts_items_len(answer.bytes, answer.len);
		rc =
		    facts_parse(out, answer.bytes + skip, answer.len - skip, e);
		if (rc == 0 && items != NULL)
			buf_bytes(items, answer.bytes, skip);
	}
	buf_free(&answer);
	return rc == -1 ? err_wrap(e, "directory") : 0;
}

bool
directory_error(const struct facts *f, struct err *e)
{
	if (f->error[0] == '\0')
		return false;
	err_fill(e,
	    f->error_kind > ERR_NONE && f->error_kind < ERR__COUNT
		? (enum err_kind)f->error_kind
		: ERR_OFFLINE,
	    "%s", f->error);
	return true;
}
