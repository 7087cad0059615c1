#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "prog/options.h"

#define WAIT_MAX 86400u /* seconds */

enum kind { KIND_FLAG, KIND_TEXT, KIND_NUMBER };

#define USAGE_WIDTH 80

static const struct row {
	const char *name;
	char letter; /* 0: none */
	enum kind kind;
	size_t offset;  /* in struct options */
	unsigned takes; /* 0: common to all commands */
	const char *arg;
	const char *what;
} rows[] = {
#define AT(member) offsetof(struct options, member)
	{ "store", 0, KIND_TEXT, AT(store), 0, "URL",
	    "the store: file:///DIR or smb://SERVER/SHARE/PATH" },
	{ "home", 0, KIND_TEXT, AT(home), 0, "DIR",
	    "the home directory; default: yours" },
	{ "config", 0, KIND_TEXT, AT(config), 0, "FILE",
	    "read these settings instead of the system's" },
	{ "credentials", 0, KIND_TEXT, AT(credentials), 0, "FILE",
	    "user and password for the server" },
	{ "password-fd", 0, KIND_TEXT, AT(password_fd), 0, "FD",
	    "read the password for the server from a descriptor" },
	{ "json", 0, KIND_FLAG, AT(json), 0, NULL,
	    "print one JSON object instead of text" },
	{ "quiet", 'q', KIND_FLAG, AT(quiet), 0, NULL,
	    "print nothing but errors" },
	{ "verbose", 'v', KIND_FLAG, AT(verbose), 0, NULL,
	    "list every entry, say more" },
	{ "no-progress", 0, KIND_FLAG, AT(no_progress), 0, NULL,
	    "no progress bar, not even on a terminal" },
	{ "help", 'h', KIND_FLAG, AT(help), 0, NULL, "print this help" },
	{ "version", 'V', KIND_FLAG, AT(version), 0, NULL,
	    "print the version" },
	{ "dry-run", 'n', KIND_FLAG, AT(dry_run), TAKES_DRY_RUN, NULL,
	    "print what would be done, change nothing" },
	{ "allow-deletes", 0, KIND_FLAG, AT(allow_deletes), TAKES_DELETES, NULL,
	    "let the guard against mass deletion pass" },
	{ "allow-changes", 0, KIND_FLAG, AT(allow_changes), TAKES_DELETES, NULL,
	    "let the guard against mass change pass" },
	{ "wait", 0, KIND_NUMBER, AT(wait_s), TAKES_WAIT, "SECONDS",
	    "wait for another run on this home to end" },
	{ "from", 0, KIND_TEXT, AT(from), TAKES_FROM, "GEN",
	    "the generation to take it from; default: the head" },
	{ "to", 0, KIND_TEXT, AT(to), TAKES_TO, "DIR",
	    "put it below DIR instead of where it was" },
	{ "at", 0, KIND_TEXT, AT(at), TAKES_FROM, "TIME",
	    "the newest generation then, such as 'yesterday 14:00'" },
	{ "all", 0, KIND_FLAG, AT(all), TAKES_REPORT, NULL,
	    "list every entry instead of sums of directories" },
	{ "html", 0, KIND_TEXT, AT(html), TAKES_REPORT, "FILE",
	    "write the plan to FILE as a page for a browser, too" },
	{ "diff", 0, KIND_FLAG, AT(diff), TAKES_DIFF, NULL,
	    "show the difference from what the home has" },
	{ "data", 0, KIND_FLAG, AT(data), TAKES_DATA, NULL,
	    "read and check all contents, too" },
	{ "check", 0, KIND_FLAG, AT(check), TAKES_CHECK, NULL,
	    "only say whether the settings are right" },
	{ "type", 0, KIND_TEXT, AT(type), TAKES_SIGNIN, "TYPE",
	    "roaming, local, mandatory or temporary" },
	{ "reason", 0, KIND_TEXT, AT(reason), TAKES_SIGNIN, "TEXT",
	    "why the profile is of that type" },
	{ "report-fd", 0, KIND_TEXT, AT(report_fd), TAKES_SIGNIN, "FD",
	    "write lines for a program to a descriptor" },
	{ "detached", 0, KIND_FLAG, AT(detached), TAKES_SIGNIN, NULL,
	    "nobody waits: all is done now, however long it takes" },
#undef AT
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static int
take(struct options *o, const struct row *row, const char *arg, struct err *e)
{
	char *at = (char *)o + row->offset;
	struct err why;

	switch (row->kind) {
	case KIND_FLAG:
		*(bool *)(void *)at = true;
		return 0;
	case KIND_TEXT:
		*(const char **)(void *)at = arg;
		return 0;
	default:
		if (text_number(arg, 0, WAIT_MAX, (uint64_t *)(void *)at,
			&why) == 0)
			return 0;
		return err_set(e, ERR_USAGE, "--%s %s: %s", row->name, arg,
		    why.text);
	}
}

/* getopt's own tables, made from ours. */
static void
make_tables(struct option longs[ROW_COUNT + 1], char shorts[ROW_COUNT + 3])
{
	size_t n = 0;

	shorts[n++] = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < ROW_COUNT; i++) {
		longs[i] = (struct option){ .name = rows[i].name,
			.has_arg = rows[i].kind != KIND_FLAG,
			.val = (int)i + 256 };
		if (rows[i].letter != 0)
			shorts[n++] = rows[i].letter;
	}
	longs[ROW_COUNT] = (struct option){ 0 };
	shorts[n] = '\0';
}

static const struct row *
row_of(int got)
{
	if (got >= 256)
		return &rows[got - 256];
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].letter == got)
			return &rows[i];
	return NULL;
}

static int
find_command(struct options *o, struct err *e)
{
	const char *name;

	if (o->count == 0)
		return 0;
	name = o->operand[0];
	for (size_t i = 0; i < command_count; i++)
		if (strcmp(commands[i].name, name) == 0)
			o->command = &commands[i];
	if (o->command == NULL)
		return err_set(e, ERR_USAGE,
		    "%s: unknown command; 'roam --help' lists them", name);
	o->operand++;
	o->count--;
	return 0;
}

static int
check_fit(const struct options *o, const unsigned char given[ROW_COUNT],
    struct err *e)
{
	const struct command *c = o->command;

	for (size_t i = 0; i < ROW_COUNT; i++)
		if (given[i] && rows[i].takes != 0 &&
		    (c == NULL || (c->takes & rows[i].takes) == 0))
			return err_set(e, ERR_USAGE,
			    "--%s: not an option of %s", rows[i].name,
			    c == NULL ? "roam without a command" : c->name);
	if (c == NULL || o->help)
		return 0;
	if (o->count < c->operands_min ||
	    (c->operands_max >= 0 && o->count > c->operands_max))
		return err_set(e, ERR_USAGE,
		    "too %s arguments; usage: roam %s %s",
		    o->count < c->operands_min ? "few" : "many", c->name,
		    c->args);
	return 0;
}

int
options_parse(struct options *out, int argc, char **argv, struct err *e)
{
	struct option longs[ROW_COUNT + 1];
	char shorts[ROW_COUNT + 3];
	unsigned char given[ROW_COUNT] = { 0 };
	const struct row *row;
	int got, rc = 0;

	*out = (struct options){ 0 };
	make_tables(longs, shorts);
	opterr = 0;
	while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		row = row_of(got);
		if (got == ':')
			rc = err_set(e, ERR_USAGE, "%s: needs an argument",
			    argv[optind - 1]);
		else if (row == NULL)
			rc = err_set(e, ERR_USAGE,
			    "%s: unknown option; try 'roam --help'",
			    optopt != 0 && optopt < 256
				? (char[]){ '-', (char)optopt, '\0' }
				: argv[optind - 1]);
		/* Flags in any case: --json counts for the error, too. */
		else if ((rc == 0 || row->kind == KIND_FLAG) &&
		    take(out, row, optarg, e) == -1)
			rc = -1;
		if (row != NULL)
			given[row - rows] = 1;
	}
	out->operand = argv + optind;
	out->count = argc - optind;
	if (rc == -1 || find_command(out, e) == -1)
		return -1;
	return check_fit(out, given, e);
}

static void
print_rows(FILE *out, unsigned takes, bool common)
{
	char left[32];

	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct row *r = &rows[i];

		if (common ? r->takes != 0 : (r->takes & takes) == 0)
			continue;
		snprintf(left, sizeof(left), "%c%c%s--%s%s%s",
		    r->letter != 0 ? '-' : ' ',
		    r->letter != 0 ? r->letter : ' ',
		    r->letter != 0 ? ", " : "  ", r->name,
		    r->arg != NULL ? " " : "", r->arg != NULL ? r->arg : "");
		fprintf(out, "  %-22s %s\n", left, r->what);
	}
}

/* What a command takes; of one with verbs each on a line where they do not fit
 * on one. */
static void
print_usage(FILE *out, const struct command *c)
{
	static const char lead[] = "usage: roam [options]";
	const char *args = c->args, * or ;
	bool fits =
	    strlen(lead) + strlen(c->name) + strlen(args) + 2 < USAGE_WIDTH;

	fprintf(out, "%s %s ", lead, c->name);
	while (!fits && (or = strstr(args, " | ")) != NULL) {
		fprintf(out, "%.*s\n%*s %s ", (int)(or -args), args,
		    (int)strlen(lead), "", c->name);
		args = or +strlen(" | ");
	}
	fprintf(out, "%s\n\n%s\n", args, c->what);
}

void
options_help(FILE *out, const struct command *c)
{
	if (c != NULL) {
		print_usage(out, c);
		if (c->takes != 0)
			fprintf(out, "\nOptions of this command:\n");
		print_rows(out, c->takes, false);
		fprintf(out, "\nOptions of every command:\n");
	} else {
		fprintf(out,
		    "usage: roam [options] COMMAND ...\n\n"
		    "Keeps a home directory and its store the same.\n\n"
		    "Commands:\n");
		for (size_t i = 0; i < command_count; i++)
			fprintf(out, "  %-22s %s\n", commands[i].name,
			    commands[i].what);
		fprintf(out, "\nOptions:\n");
	}
	print_rows(out, 0, true);
	if (c == NULL)
		fprintf(out,
		    "\n'roam COMMAND --help' tells more; see also roam(1).\n");
}

struct setup_how
options_setup(const struct options *o)
{
	return (struct setup_how){ .home = o->home,
		.store = o->store,
		.last_store = true,
		.config = o->config,
		.credentials = o->credentials,
		.password_fd = o->password_fd };
}
