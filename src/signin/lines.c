#include "signin/lines.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/text.h"

void
lines_say(int fd, const char *word, const char *fmt, ...)
{
	char line[LINES_MAX];
	struct err ignored;
	size_t head;
	va_list ap;

	head = (size_t)snprintf(line, sizeof(line) / 2, "%s ", word);
	va_start(ap, fmt);
	vsnprintf(line + head, sizeof(line) - 1 - head, fmt, ap);
	va_end(ap);
	text_tame(line);
	head = strlen(line);
	line[head++] = '\n';
	(void)!io_write(fd, line, head, &ignored);
}

/* The first line of what came, if there is one whole, is handed out. */
static bool
cut(struct lines *r, const char **word, const char **rest)
{
	char *blank;
	const char *stop = memchr(r->bytes, '\n', r->len);
	size_t n;

	if (stop == NULL)
		return false;
	n = (size_t)(stop - r->bytes);
	memcpy(r->line, r->bytes, n);
	r->line[n] = '\0';
	r->len -= n + 1;
	memmove(r->bytes, stop + 1, r->len);
	blank = strchr(r->line, ' ');
	if (blank != NULL)
		*blank = '\0';
	*word = r->line;
	*rest = blank != NULL ? blank + 1 : "";
	return true;
}

static int
wait_for(int fd, double until_s)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	double left;
	int n;

	do {
		left = (until_s - clock_steady_s()) * 1000;
		n = poll(&p, 1, left > 0 ? (int)left + 1 : 0);
	} while (n == -1 && errno == EINTR);
	return n;
}

int
lines_next(struct lines *r, unsigned ms, const char **word, const char **rest)
{
	double until_s = clock_steady_s() + ms / 1000.0;
	ssize_t n;
	int rc;

	while (!cut(r, word, rest)) {
		if (r->len == sizeof(r->bytes))
			r->len = 0; /* no writer of ours makes such lines */
		rc = wait_for(r->fd, until_s);
		if (rc != 1)
			return rc;
		n = read(r->fd, r->bytes + r->len, sizeof(r->bytes) - r->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		r->len += (size_t)n;
	}
	return 1;
}
