#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/text.h"

/* The one mutable object at file scope: a log that had to be passed along
 * would be in the arguments of every function of sync. */
static struct {
	const char *name; /* borrowed */
	enum log_level upto;
	bool syslog;
} target = { "roam", LOG_LEVEL_WARN, false };

static const struct {
	const char *word; /* put before the text on stderr */
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "", LOG_ERR },
	[LOG_LEVEL_WARN] = { "warning: ", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug: ", LOG_DEBUG },
};
_Static_assert(sizeof(levels) / sizeof(levels[0]) == LOG_LEVEL__COUNT,
    "every level has a row");

void
log_open(const char *name, enum log_level upto)
{
	target.name = name;
	target.upto = upto;
	target.syslog = false;
}

void
log_to_syslog(void)
{
	openlog(target.name, LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
	target.syslog = true;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	struct err e;
	size_t head = 0;
	va_list ap;

	if (level > target.upto)
		return;
	if (!target.syslog)
		head = (size_t)snprintf(line, sizeof(line) / 2, "%.99s: %s",
		    target.name, levels[level].word);
	va_start(ap, fmt);
	vsnprintf(line + head, sizeof(line) - 1 - head, fmt, ap);
	va_end(ap);
	/* One event is one line, whatever a server or a file put into it. */
	text_tame(line);
	if (target.syslog) {
		syslog(levels[level].priority, "%s", line);
		return;
	}
	head = strlen(line);
	line[head++] = '\n';
	/* In one piece, so that lines of several processes do not mix. Where
	 * stderr is closed there is nobody to tell. */
	(void)!io_write(STDERR_FILENO, line, head, &e);
}
