#ifndef ROAM_PROG_BEHIND_H
#define ROAM_PROG_BEHIND_H

#include "base/err.h"

/*
 * behind - go on as a process of its own, which whoever started us neither
 * waits for nor ends with its session: in a session of its own, with no
 * terminal, no standard input and output, deaf to SIGHUP. Only while this
 * process has one thread.
 *
 * 0 in that process, 1 in the one that called.
 */
int behind(struct err *e) MUST_CHECK;

#endif
