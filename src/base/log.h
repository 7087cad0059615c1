#ifndef ROAM_BASE_LOG_H
#define ROAM_BASE_LOG_H

#include "base/err.h"

/*
 * log - lines for people on stderr, or for syslog; only roofs and sync log.
 *
 * File names in the text are the caller's to escape with text_show(). The
 * level and target are set once by a roof.
 */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG };

/* name: the program's, put before each line; must outlive all logging. */
void log_open(const char *name, enum log_level upto);
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
