#include "pam_lines.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN  1024
#define FIRST_S       20 /* until it has promised something */
#define PROMISE_MAX_S 86400
#define STATUS_MAX    255

/* The first words of lines. Others are of a newer program: passed over. */
static const char *const words[] = {
	[LINE_MESSAGE] = "message",
	[LINE_ERROR] = "error",
	[LINE_PROGRESS] = "progress",
	[LINE_DEADLINE] = "deadline",
	[LINE_RESULT] = "result",
};
_Static_assert(sizeof(words) / sizeof(words[0]) == LINE__COUNT,
    "every kind of line has a word");

struct lines {
	int fd;
	int64_t until_ms; /* as promised */
	int64_t last_ms;  /* of all; 0: none */
	pam_line_use *use;
	void *arg;
	int status; /* -1: no result yet */
};

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Names of files may be in it, and a terminal obeys control bytes. */
static void
tame(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void
take(struct lines *l, enum pam_line kind, char *text)
{
	unsigned long n;

	switch (kind) {
	case LINE_DEADLINE:
		n = strtoul(text, NULL, 10);
		if (n <= PROMISE_MAX_S)
			l->until_ms = now_ms() + (int64_t)n * 1000;
		return;
	case LINE_RESULT:
		n = strtoul(text, &text, 10);
		l->status = n <= STATUS_MAX ? (int)n : STATUS_MAX;
		l->use(kind, *text == ' ' ? text + 1 : text, l->arg);
		return;
	default:
		l->use(kind, text, l->arg);
	}
}

static void
take_line(struct lines *l, char *line)
{
	size_t n = strcspn(line, " ");

	tame(line);
	for (unsigned k = 0; k < LINE__COUNT; k++)
		if (strlen(words[k]) == n && memcmp(words[k], line, n) == 0) {
			take(l, k, line[n] == ' ' ? line + n + 1 : line + n);
			return;
		}
}

/* Bytes are there: 1; the time is over: 0; -1: errno. */
static int
wait_for(const struct lines *l)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	int64_t left;
	int n;

	do {
		left = l->until_ms;
		if (l->last_ms != 0 && l->last_ms < left)
			left = l->last_ms;
		left -= now_ms();
		if (left <= 0)
			return 0;
		n = poll(&p, 1, (int)left);
	} while (n == -1 && errno == EINTR);
	return n;
}

/* As wait_for(), where 0 is also an end without a result. */
static ssize_t
more(const struct lines *l, char *at, size_t room)
{
	ssize_t n = wait_for(l);

	if (n <= 0) {
		errno = n == 0 ? ETIMEDOUT : errno;
		return -1;
	}
	do
		n = read(l->fd, at, room);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		errno = EPIPE;
	return n > 0 ? n : -1;
}

int
pam_lines_read(int fd, unsigned max_s, pam_line_use *use, void *arg)
{
	struct lines l = { .fd = fd, .use = use, .arg = arg, .status = -1 };
	char line[LINE_MAX_LEN], *stop;
	size_t len = 0, used;
	ssize_t n;

	l.until_ms = now_ms() + (int64_t)FIRST_S * 1000;
	if (max_s != 0)
		l.last_ms = now_ms() + (int64_t)max_s * 1000;
	while (l.status == -1) {
		/* Longer lines are none of roam-session's. */
		if (len == sizeof(line))
			len = 0;
		if ((n = more(&l, line + len, sizeof(line) - len)) == -1)
			return -1;
		len += (size_t)n;
		while (l.status == -1 &&
		    (stop = memchr(line, '\n', len)) != NULL) {
			*stop = '\0';
			take_line(&l, line);
			used = (size_t)(stop - line) + 1;
			len -= used;
			memmove(line, stop + 1, len);
		}
	}
	return l.status;
}
