#ifndef ROAM_PROG_OPTIONS_H
#define ROAM_PROG_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "sync/setup.h"

/*
 * options - the command line of roam(1): one table of options, one of
 * commands. Options may stand before or behind the command.
 */
struct options {
	const char *store, *home, *config;
	const char *credentials, *password_fd;
	const char *from, *to, *at, *html;     /* restore, conflicts take */
	const char *type, *reason, *report_fd; /* login, logout */
	bool detached;                         /* likewise */
	bool json, quiet, verbose, no_progress;
	bool dry_run, allow_deletes, allow_changes, data, check, diff, all;
	uint64_t wait_s;
	bool help, version;
	const struct command *command; /* NULL: none given */
	int count;                     /* of operands */
	char **operand;                /* borrowed from argv */
};

/* The options that a command takes beside the common ones; one bit each. */
#define TAKES_DRY_RUN (1u << 0)
#define TAKES_DELETES (1u << 1)
#define TAKES_WAIT    (1u << 2)
#define TAKES_FROM    (1u << 3)
#define TAKES_TO      (1u << 4)
#define TAKES_DATA    (1u << 5)
#define TAKES_CHECK   (1u << 6)
#define TAKES_DIFF    (1u << 8)
#define TAKES_REPORT  (1u << 9)
#define TAKES_SIGNIN  (1u << 7)

struct command {
	const char *name;
	const char *args; /* as the usage line shows them */
	const char *what; /* one line */
	unsigned takes;
	int operands_min, operands_max; /* max -1: any number */
	/*
	 * Does the work. The exit status of the contract where that is not a
	 * failure (0, EXIT_HELD, EXIT_SKIPPED), else -1 and e.
	 */
	int (*run)(const struct options *o, struct err *e);
};

extern const struct command commands[];
extern const size_t command_count;

/* ERR_USAGE names the word that is wrong. *out is filled as far as it went, so
 * that json is known even then. */
int options_parse(struct options *out, int argc, char **argv,
    struct err *e) MUST_CHECK;

/* Help for one command, or for the program where command is NULL. */
void options_help(FILE *out, const struct command *command);

/* What setup_load() wants to know of them. */
struct setup_how options_setup(const struct options *o);

#endif
