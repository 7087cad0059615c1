#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/io.h"
#include "base/log.h"
#include "prog/visit.h"
#include "signin/child.h"
#include "signin/lines.h"

#define RUN_MAX_MS  86400000u /* of all that goes on beside a session */
#define END_MS      10000     /* from its result to its end */
#define ARGS_MAX    20
#define FD_REPORT   3 /* as roam has them */
#define FD_PASSWORD 4
#define FD_RUN      5 /* keeps the run held while it lives */

/* All that roam is given, in one place that lives as long as it is used. */
struct call {
	struct visit_plan plan;
	char *argv[ARGS_MAX], *envp[8];
	size_t argc, envc;
	char path[32], home[PATH_MAX], user[300], logname[300],
	    runtime[PATH_MAX];
	char ticket[PATH_MAX + 16], report_fd[8], password_fd[8];
};

/* The strings are not changed by whoever gets them: execve()'s lack of const
 * is history. */
static void
add(struct call *c, const char *word)
{
	memcpy(&c->argv[c->argc++], &word, sizeof(word));
}

static void
add_env(struct call *c, char *text, size_t cap, const char *name,
    const char *value)
{
	if ((size_t)snprintf(text, cap, "%s=%s", name, value) < cap)
		c->envp[c->envc++] = text;
}

/* The options of login and logout alone. */
static void
add_signin(struct call *c, bool detached)
{
	if (detached)
		add(c, "--detached");
	if (c->plan.type != NULL) {
		add(c, "--type");
		add(c, c->plan.type);
	}
	if (c->plan.reason[0] != '\0') {
		add(c, "--reason");
		add(c, c->plan.reason);
	}
	snprintf(c->report_fd, sizeof(c->report_fd), "%d", FD_REPORT);
	add(c, "--report-fd");
	add(c, c->report_fd);
}

static int
prepare(struct call *c, struct visit *s, const char *command, struct err *e)
{
	char path[PATH_MAX];

	if (visit_decide(s, strcmp(command, "login") == 0, &c->plan, e) == -1)
		return -1;
	add(c, "roam");
	add(c, command);
	add(c, "--store");
	add(c, c->plan.store);
	add(c, "--home");
	add(c, s->who.home);
	if (strncmp(command, "log", 3) == 0)
		add_signin(c, s->report == -1);
	if (s->secret.text[0] != '\0') {
		snprintf(c->password_fd, sizeof(c->password_fd), "%d",
		    FD_PASSWORD);
		add(c, "--password-fd");
		add(c, c->password_fd);
	}
	if (s->config != NULL) {
		add(c, "--config");
		add(c, s->config);
	}
	add_env(c, c->path, sizeof(c->path), "PATH", "/usr/bin:/bin");
	add_env(c, c->home, sizeof(c->home), "HOME", s->who.home);
	add_env(c, c->user, sizeof(c->user), "USER", s->who.name);
	add_env(c, c->logname, sizeof(c->logname), "LOGNAME", s->who.name);
	/* What the workers write is gone with the machine's memory. */
	snprintf(path, sizeof(path), ROAM_RUNDIR "/%lu/private",
	    (unsigned long)s->who.uid);
	add_env(c, c->runtime, sizeof(c->runtime), "XDG_RUNTIME_DIR", path);
	if (visit_ticket(s, path, sizeof(path)))
		add_env(c, c->ticket, sizeof(c->ticket), "KRB5CCNAME", path);
	return 0;
}

/* The reading end of a pipe that holds the password; -1 for none. */
static int
password_pipe(const struct visit *s, int *out, struct err *e)
{
	size_t len = strlen(s->secret.text);
	int fd[2];

	*out = -1;
	if (len == 0)
		return 0;
	if (pipe2(fd, O_CLOEXEC) == -1)
		return err_sys(e, "pipe");
	if (io_write(fd[1], s->secret.text, len, e) == -1) {
		close(fd[0]);
		fd[0] = -1;
	}
	close(fd[1]);
	*out = fd[0];
	return fd[0] != -1 ? 0 : -1;
}

/* The directory that holds a store on this machine, or will; "" for others. */
static void
store_dir(const struct call *c, char out[PATH_MAX])
{
	const char *path =
	    strncmp(c->plan.store, "file://", 7) == 0 ? c->plan.store + 7 : "";
	char *end;

	snprintf(out, PATH_MAX, "%s", path);
	/* Where only its parents are there it is made in them. */
	while (out[0] != '\0' && access(out, F_OK) == -1 &&
	    (end = strrchr(out, '/')) != NULL)
		*end = '\0';
}

static int
start(struct visit *s, struct call *c, int report, pid_t *pid, struct err *e)
{
	char store[PATH_MAX], private[PATH_MAX];
	/* Programs and settings are read from all over the system. */
	const struct confine files[] = {
		{ "/", CONFINE_RUN },
		{ s->who.home, CONFINE_WRITE },
		{ private, CONFINE_WRITE },
		{ "/tmp", CONFINE_WRITE },
		{ "/dev", CONFINE_WRITE },
		{ store, CONFINE_WRITE },
	};
	struct child how = {
		.who = &s->who,
		.path = ROAM_BINDIR "/roam",
		.argv = c->argv,
		.envp = c->envp,
		.fd = { -1, -1, -1, report, -1, s->run },
		.stays = true,
		.confine = files,
		.confine_count = sizeof(files) / sizeof(files[0]),
	};
	int rc;

	store_dir(c, store);
	snprintf(private, sizeof(private), ROAM_RUNDIR "/%lu/private",
	    (unsigned long)s->who.uid);

	if (password_pipe(s, &how.fd[FD_PASSWORD], e) == -1)
		return -1;
	rc = child_start(pid, &how, e);
	if (how.fd[FD_PASSWORD] != -1)
		close(how.fd[FD_PASSWORD]);
	return rc;
}

/* "STATE TEXT"; a state that is not known is of another version: no success. */
static void
take_result(struct outcome *out, const char *rest)
{
	size_t n = strcspn(rest, " ");
	const char *word;

	for (unsigned i = 0; i < ENDING__COUNT; i++) {
		word = ending_word(i);
		if (strlen(word) == n && memcmp(word, rest, n) == 0)
			out->state = i;
	}
	snprintf(out->text, sizeof(out->text), "%.500s",
	    rest[n] == ' ' ? rest + n + 1 : "");
}

/* The user's own program says them, so they might be anything. */
static void
take_counts(struct outcome *out, const char *rest)
{
	if (strlen(rest) < sizeof(out->counts) && ending_is_counts(rest))
		snprintf(out->counts, sizeof(out->counts), "%s", rest);
}

/* For the next line: until whoever waits is let go, or the run is ended. */
static unsigned
wait_ms(const struct visit *s)
{
	if (s->report == -1 && s->until_s == 0)
		return RUN_MAX_MS;
	return visit_left_ms(s);
}

/* Lines of the run, until it has a result or ends. */
static void
relay(struct visit *s, int fd, const char *late, struct outcome *out)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	const char *word, *rest;
	int got;

	if (lines == NULL)
		return;
	lines->fd = fd;
	for (;;) {
		got = lines_next(lines, wait_ms(s), &word, &rest);
		if (got == -1)
			break;
		if (got == 0) {
			if (s->report == -1)
				break;
			visit_say(s, "message", "Roam: %s", late);
			visit_let_go(s, visit_late_status(s), late);
			continue;
		}
		if (strcmp(word, "result") == 0) {
			take_result(out, rest);
			break;
		}
		if (strcmp(word, "counts") == 0)
			take_counts(out, rest);
		if (strcmp(word, "message") == 0 ||
		    strcmp(word, "error") == 0 || strcmp(word, "progress") == 0)
			visit_say(s, word, "%s", rest);
	}
	free(lines);
}

/* Its end; what it said before that counts. */
static void
finish(pid_t pid, struct outcome *out)
{
	struct err e;
	int status = child_end(pid, END_MS, &e);

	if (out->text[0] != '\0')
		return;
	if (status == -1)
		snprintf(out->text, sizeof(out->text), "roam: %.500s", e.text);
	else
		snprintf(out->text, sizeof(out->text),
		    "roam ended with %d and said no result", status);
}

void
visit_run(struct visit *s, const char *command, const char *late,
    struct outcome *out)
{
	struct call c = { .argc = 0 };
	struct err e = { 0 };
	int fd[2];
	pid_t pid;

	*out = (struct outcome){ .state = ENDING_FAILED };
	if (prepare(&c, s, command, &e) == -1)
		goto fail;
	if (pipe2(fd, O_CLOEXEC) == -1) {
		err_sys(&e, "pipe");
		goto fail;
	}
	if (start(s, &c, fd[1], &pid, &e) == -1) {
		close(fd[0]);
		close(fd[1]);
		goto fail;
	}
	close(fd[1]);
	if (confine_version() < CONFINE_MOVES)
		log_line(LOG_LEVEL_INFO,
		    "event=unconfined user=%s: the kernel has no Landlock",
		    s->who.name);
	relay(s, fd[0], late, out);
	finish(pid, out);
	close(fd[0]);
	return;
fail:
	snprintf(out->text, sizeof(out->text), "%.500s", e.text);
}

int
visit_ask(struct visit *s, const char *command, unsigned ms,
    struct outcome *out)
{
	struct call c = { .argc = 0 };
	struct err e = { 0 };
	int null, rc = -1;
	pid_t pid;

	*out = (struct outcome){ .state = ENDING_FAILED };
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null == -1)
		return -1;
	if (prepare(&c, s, command, &e) == 0 &&
	    start(s, &c, null, &pid, &e) == 0)
		rc = child_end(pid, ms, &e);
	close(null);
	return rc;
}
