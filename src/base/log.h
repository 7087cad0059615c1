#ifndef ROAM_BASE_LOG_H
#define ROAM_BASE_LOG_H

#include "base/err.h"

/*
 * log - lines for people on stderr, or for syslog; only roofs and sync log.
 *
 * File names in the text are the caller's to escape with text_show(). The
 * level and target are set once by a roof.
 */
enum log_level {
	LOG_LEVEL_ERROR, /* the run failed */
	LOG_LEVEL_WARN,  /* something was left out, the run goes on */
	LOG_LEVEL_INFO,  /* one line a run */
	LOG_LEVEL_DEBUG,
	LOG_LEVEL__COUNT
};

/* name: the program's, put before each line; must outlive all logging. */
void log_open(const char *name, enum log_level upto);
/* From now on to syslog instead of stderr: for roofs that no person started. */
void log_to_syslog(void);
/* One line of at most LOG_LINE_MAX bytes; control bytes in it become '?'. */
#define LOG_LINE_MAX 2048
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
