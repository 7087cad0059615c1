/*
 * roam-session VERB ... - what pam_roam(8) starts, as root: it counts sessions
 * and decides, and whatever touches a home or a store runs as the user.
 * roam-session(8) is its page.
 */
#include <sys/prctl.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/priv.h"
#include "base/text.h"
#include "prog/visit.h"

#define PID_MAX 4194304 /* of Linux */

/* Every verb, what follows it, and the function that does it. */
static const struct verb {
	const char *name;
	int operands; /* USER SERVICE LEADER, or none */
	int (*run)(struct visit *s);
} verbs[] = {
	{ "open", 3, visit_open },
	{ "close", 3, visit_close },
	{ "boot", 0, visit_boot },
	{ "flush", 0, visit_flush },
	{ "renew", 0, visit_renew },
};

static int
usage(void)
{
	fprintf(stderr,
	    "usage: roam-session open|close USER SERVICE LEADER "
	    "[--required] [--config FILE]\n"
	    "       roam-session boot|flush|renew [--config FILE]\n");
	return 2;
}

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int
read_words(struct visit *s, const struct verb *v, int argc, char **argv)
{
	uint64_t pid;
	struct err e;
	int at = 2 + v->operands;

	if (argc < at)
		return -1;
	if (v->operands == 3) {
		s->user = argv[2];
		s->service = argv[3];
		if (text_number(argv[4], 1, PID_MAX, &pid, &e) == -1)
			return -1;
		s->leader = (pid_t)pid;
	}
	for (; at < argc; at++)
		if (strcmp(argv[at], "--required") == 0 && v->operands > 0)
			s->required = true;
		else if (strcmp(argv[at], "--config") == 0 && at + 1 < argc)
			s->config = argv[++at];
		else
			return -1;
	return 0;
}

/* The password, which is all that there is on standard input; none is fine,
 * and one that is no password for us is like none. */
static void
read_secret(struct visit *s)
{
	char bytes[SECRET_MAX + 1];
	struct err e;
	ssize_t n = io_read(STDIN_FILENO, bytes, sizeof(bytes), &e);

	if (n > 0)
		(void)!secret_set(&s->secret, bytes, (size_t)n, &e);
	explicit_bzero(bytes, sizeof(bytes));
}

/* Lines go to a descriptor that nothing else writes to by mistake. */
static int
take_output(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	if (null == -1 || fd == -1)
		return -1;
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	(void)close(null);
	return fd;
}

int
main(int argc, char **argv)
{
	struct visit s = { .open = { -1, -1, -1 }, .report = -1, .run = -1 };
	const struct verb *v;
	struct err e;
	int status;

	log_open("roam-session", LOG_LEVEL_INFO);
	if (argc < 2 || (v = find_verb(argv[1])) == NULL ||
	    read_words(&s, v, argc, argv) == -1)
		return usage();
	if (priv_be_root(&e) == -1) {
		log_line(LOG_LEVEL_ERROR, "%s", e.text);
		return 1;
	}
	log_to_syslog();
	(void)signal(SIGPIPE, SIG_IGN);
	s.cache = getenv("KRB5CCNAME");
	/* Only the module says something, and waits for an answer. */
	if (v->operands > 0)
		read_secret(&s);
	if ((s.report = take_output()) == -1)
		return 1;
	if (v->operands == 0) {
		close(s.report);
		s.report = -1;
	}
	status = v->run(&s);
	visit_let_go(&s, status, "");
	visit_free(&s);
	return status;
}
