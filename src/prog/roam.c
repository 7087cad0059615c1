#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/json.h"
#include "prog/commands.h"
#include "prog/options.h"

#define RUN_OPTIONS    (TAKES_DRY_RUN | TAKES_DELETES | TAKES_WAIT)
#define SIGNIN_OPTIONS (TAKES_WAIT | TAKES_SIGNIN)

/* Every command: what roam(1) calls it, and the function that does it. */
const struct command commands[] = {
	{ "pull", "[-n]", "bring the home up to date from the store",
	    RUN_OPTIONS, 0, 0, cmd_pull },
	{ "push", "[-n]", "bring the store up to date from the home",
	    RUN_OPTIONS, 0, 0, cmd_push },
	{ "sync", "[-n]", "both: afterwards home and store are the same",
	    RUN_OPTIONS, 0, 0, cmd_sync },
	{ "plan", "[--all] [--html FILE]",
	    "print what sync would do; the same as sync --dry-run",
	    TAKES_DELETES | TAKES_REPORT, 0, 0, cmd_plan },
	{ "status", "", "how this home and its store stand", 0, 0, 0,
	    cmd_status },
	{ "log", "[PATH]", "the generations of the store, newest first", 0, 0,
	    1, cmd_log },
	{ "show", "GEN [PATH]", "one generation, or what it has at a path", 0,
	    1, 2, cmd_show },
	{ "diff", "[A [B]] [PATH]",
	    "what differs between generations, or the home", 0, 0, 3,
	    cmd_diff },
	{ "undo", "[GEN]", "take back what a generation changed in the home",
	    TAKES_DRY_RUN | TAKES_WAIT, 0, 1, cmd_undo },
	{ "restore", "PATH ... [--from GEN | --at TIME] [--to DIR]",
	    "bring a version of a file or directory back",
	    TAKES_DRY_RUN | TAKES_WAIT | TAKES_FROM | TAKES_TO, 1, -1,
	    cmd_restore },
	{ "conflicts", "[list | show ID | take ID | drop ID]",
	    "the versions that lost a conflict, and taking them back",
	    TAKES_WAIT | TAKES_DRY_RUN | TAKES_TO | TAKES_DIFF, 0, 2,
	    cmd_conflicts },
	{ "why", "PATH", "what decides about a path", 0, 1, 1, cmd_why },
	{ "verify", "[--data]", "check the store's chain and hashes",
	    TAKES_DATA, 0, 0, cmd_verify },
	{ "gc", "[-n]", "collect what the history no longer needs",
	    TAKES_DRY_RUN, 0, 0, cmd_gc },
	{ "export", "GEN", "write a generation as a tar archive to stdout", 0,
	    1, 1, cmd_export },
	{ "rules", "[list | check [FILE ...]]",
	    "the rules in effect, and what is wrong with them", 0, 0, -1,
	    cmd_rules },
	{ "login", "", "what a sign-in does: the profile comes", SIGNIN_OPTIONS,
	    0, 0, cmd_login },
	{ "checkpoint", "", "save the changes in the midst of a session",
	    SIGNIN_OPTIONS, 0, 0, cmd_checkpoint },
	{ "logout", "", "what a sign-out does: the changes go", SIGNIN_OPTIONS,
	    0, 0, cmd_logout },
	{ "primary",
	    "list USER | add USER COMPUTER ... | remove USER COMPUTER ... | "
	    "users COMPUTER | check [USER]",
	    "the computers on which a user's profile roams", 0, 1, -1,
	    cmd_primary },
	{ "config", "[--check]", "the settings and where they come from",
	    TAKES_CHECK, 0, 0, cmd_config },
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

/* The text goes to stderr in any case; --json gets its object as well. */
static int
fail(const struct options *o, const struct err *e)
{
	struct err ignored;

	if (o->json && json_print(json_error(e), &ignored) == 0)
		fflush(stdout);
	log_line(LOG_LEVEL_ERROR, "%s%s%s",
	    o->command != NULL ? o->command->name : "",
	    o->command != NULL ? ": " : "", e->text);
	return err_exit_code(e);
}

/* What is still in the buffer, or was lost, is an error as well. */
static int
end_output(const struct options *o, int status)
{
	struct err e;

	if (fflush(stdout) != EOF && !ferror(stdout))
		return status;
	err_sys(&e, "standard output");
	return fail(o, &e);
}

/*
 * Where a caller closed 0, 1 or 2, the next file opened takes that number, and
 * what we print would go into it. Read-only, so that printing still fails.
 */
static void
fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
}

int
main(int argc, char **argv)
{
	struct options o;
	struct err e = { 0 };
	int status;

	fill_standard();
	/* A reader that went away is an error of write(), not the end. */
	signal(SIGPIPE, SIG_IGN);
	log_open("roam", LOG_LEVEL_WARN);
	if (options_parse(&o, argc, argv, &e) == -1)
		return fail(&o, &e);
	if (o.version) {
		printf("roam %s\n", ROAM_VERSION);
		return end_output(&o, 0);
	}
	if (o.help || o.command == NULL) {
		options_help(o.help ? stdout : stderr, o.command);
		if (o.help)
			return end_output(&o, 0);
		err_set(&e, ERR_USAGE, "no command given");
		return fail(&o, &e);
	}
	log_open("roam",
	    o.quiet         ? LOG_LEVEL_ERROR
		: o.verbose ? LOG_LEVEL_INFO
			    : LOG_LEVEL_WARN);
	status = o.command->run(&o, &e);
	if (status == -1)
		return fail(&o, &e);
	return end_output(&o, status);
}
