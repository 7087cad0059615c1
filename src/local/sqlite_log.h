#ifndef ROAM_LOCAL_SQLITE_LOG_H
#define ROAM_LOCAL_SQLITE_LOG_H

#include <stdbool.h>

#include "base/err.h"

/*
 * sqlite_log - an SQLite database together with its log, as one file.
 *
 * SQLite reads a database with whatever lies beside it under the name of a log:
 * of a "-wal" it takes the pages in place of the database's own, a "-journal"
 * puts pages back as they were before a transaction that did not end. Neither
 * says whose it is. Here the same is done to a copy, so that the copy without
 * the log, and with it, says what the two said together.
 *
 * The formats are those of "Database File Format" on sqlite.org, 2 to 4.
 */
enum sqlite_log { SQLITE_LOG_WAL, SQLITE_LOG_JOURNAL };

/*
 * Do to the database dbfd, open for reading and writing, what SQLite would do
 * that finds the log beside it. *did is false where the log says nothing, or
 * nothing that could be told from its bytes alone; then dbfd is as it was.
 */
int sqlite_log_play(enum sqlite_log kind, int dbfd, int logfd, bool *did,
    struct err *e) MUST_CHECK;

#endif
