/*
 * pam_roam - roaming profiles for whatever PAM opens sessions for.
 *
 * It runs inside of sshd, login and display managers, so it does as little as
 * it can: it starts roam-session, shows what that says, and knows when to stop
 * waiting. pam_roam(8) is its page.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "pam_args.h"
#include "pam_child.h"
#include "pam_hand.h"
#include "pam_lines.h"

#define EXPORT __attribute__((visibility("default")))

#define PASSWORD "roam_password" /* the names of what we keep in the handle */
#define LEADER   "roam_leader"
#define HAND     "roam_hand"

#define CACHE_MAX        1024 /* bytes of a name in KRB5CCNAME */
#define PROGRESS_FIRST_S 2    /* a quick sign-in says nothing of its progress */
#define PROGRESS_NEXT_S  10

/* One call of a session function. */
struct call {
	pam_handle_t *pamh;
	struct pam_args args;
	bool silent;
	bool open;
	time_t next; /* when progress is worth a line */
	char result[256];
};

static time_t
now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void
show_progress(struct call *c, const char *text)
{
	unsigned long long done, of;
	char stage[32];

	if (now_s() < c->next ||
	    /* Bounded, and a number that is too large only looks odd. */
	    /* NOLINTNEXTLINE(cert-err34-c) */
	    sscanf(text, "%31s %llu %llu", stage, &done, &of) != 3)
		return;
	c->next = now_s() + PROGRESS_NEXT_S;
	if (of > 0 && done <= of)
		pam_info(c->pamh, "Roam: %s, %llu %%", stage, done * 100 / of);
	else
		pam_info(c->pamh, "Roam: %s", stage);
}

static void
use_line(enum pam_line kind, const char *text, void *arg)
{
	struct call *c = arg;

	if (c->args.debug && kind != LINE_PROGRESS)
		pam_syslog(c->pamh, LOG_DEBUG, "roam-session: %s", text);
	if (kind == LINE_RESULT)
		snprintf(c->result, sizeof(c->result), "%s", text);
	if (c->silent)
		return;
	if (kind == LINE_MESSAGE)
		pam_info(c->pamh, "%s", text);
	else if (kind == LINE_ERROR)
		pam_error(c->pamh, "%s", text);
	else if (kind == LINE_PROGRESS)
		show_progress(c, text);
}

static void
wipe(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	explicit_bzero(data, strlen(data));
	free(data);
}

/* Keeps text in the handle until that ends; false where it cannot be. */
static bool
keep(pam_handle_t *pamh, const char *name, const char *text, size_t max)
{
	char *copy = strndup(text, max);

	if (copy == NULL)
		return false;
	if (pam_set_data(pamh, name, copy, wipe) == PAM_SUCCESS)
		return true;
	wipe(pamh, copy, 0);
	return false;
}

static void
forget(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	pam_hand_forget(*(const int32_t *)data);
	free(data);
}

/* For whoever opens the session, where that is our parent; else it ends with
 * the handle, or when the session opens. */
static void
hand_on(pam_handle_t *pamh, const char *secret)
{
	int32_t *key = malloc(sizeof(*key));
	const char *user;

	if (key == NULL)
		return;
	if (pam_get_user(pamh, &user, NULL) != PAM_SUCCESS ||
	    (*key = pam_hand_leave(user, secret)) == -1)
		free(key);
	else if (pam_set_data(pamh, HAND, key, forget) != PAM_SUCCESS)
		forget(pamh, key, 0);
}

/* What another process asked for, or we: then nobody else needs it. */
static void
take_over(pam_handle_t *pamh, const char *user)
{
	char *secret = pam_hand_take(user);

	(void)pam_set_data(pamh, HAND, NULL, NULL);
	if (secret == NULL)
		return;
	(void)keep(pamh, PASSWORD, secret, PAM_SECRET_MAX);
	wipe(pamh, secret, 0);
}

static const char *
kept(pam_handle_t *pamh, const char *name)
{
	const void *text = NULL;

	return pam_get_data(pamh, name, &text) == PAM_SUCCESS ? text : NULL;
}

/* Starts roam-session; the descriptor of what it says, or -1. */
static int
start(const struct call *c, const char *user, const char *service)
{
	char pid[32], cache[CACHE_MAX];
	const char *leader = kept(c->pamh, LEADER);
	const char *name = pam_getenv(c->pamh, "KRB5CCNAME");
	const char *argv[9] = { ROAM_SESSION, c->open ? "open" : "close", user,
		service, pid };
	size_t argc = 5;
	const char *envp[] = { "PATH=/usr/bin:/bin", NULL, NULL };

	/* The process that opened a session stands for it, whichever closes
	 * it. */
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	if (leader != NULL)
		argv[4] = leader;
	else
		(void)keep(c->pamh, LEADER, pid, sizeof(pid));
	if (c->args.config != NULL) {
		argv[argc++] = "--config";
		argv[argc++] = c->args.config;
	}
	if (c->open && c->args.required)
		argv[argc++] = "--required";
	if (name != NULL &&
	    (size_t)snprintf(cache, sizeof(cache), "KRB5CCNAME=%s", name) <
		sizeof(cache))
		envp[1] = cache;
	return pam_child_start(argv, envp, kept(c->pamh, PASSWORD));
}

/* What PAM is told. Without a profile there is still a home to work in, so
 * only whoever asked for it is refused. */
static int
answer(const struct call *c, int status)
{
	if (status == 0)
		return PAM_SUCCESS;
	if (status == -1)
		pam_syslog(c->pamh, LOG_WARNING, "roam-session: %s",
		    errno == EPIPE ? "ended without a result"
				   : strerror(errno));
	else
		pam_syslog(c->pamh, LOG_WARNING, "roam-session: %s", c->result);
	if (!c->open || (!c->args.required && status != STATUS_REFUSED))
		return PAM_IGNORE;
	return PAM_SESSION_ERR;
}

static int
session(pam_handle_t *pamh, bool open, int flags, int argc, const char **argv)
{
	struct call c = { .pamh = pamh, .open = open };
	const char *user, *bad;
	const void *service = NULL;
	int fd, rc;

	pam_args_read(&c.args, argc, argv, &bad);
	if (bad != NULL)
		pam_syslog(pamh, LOG_ERR, "option '%s' is not known", bad);
	c.silent = c.args.quiet || (flags & PAM_SILENT) != 0;
	c.next = now_s() + PROGRESS_FIRST_S;
	if ((rc = pam_get_user(pamh, &user, NULL)) != PAM_SUCCESS)
		return rc;
	if (open)
		take_over(pamh, user);
	if (pam_get_item(pamh, PAM_SERVICE, &service) != PAM_SUCCESS ||
	    service == NULL)
		service = "";
	if ((fd = start(&c, user, service)) == -1)
		return answer(&c, -1);
	rc = pam_lines_read(fd, c.args.timeout_s, use_line, &c);
	rc = answer(&c, rc);
	close(fd);
	return rc;
}

/* Keeps the password that a module before this one has asked for, until the
 * handle ends; nobody is authenticated by it. */
EXPORT int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *token = NULL;

	(void)flags;
	(void)argc;
	(void)argv;
	if (pam_get_item(pamh, PAM_AUTHTOK, &token) == PAM_SUCCESS &&
	    token != NULL && keep(pamh, PASSWORD, token, PAM_SECRET_MAX))
		hand_on(pamh, token);
	return PAM_IGNORE;
}

EXPORT int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}

EXPORT int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}

EXPORT int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}

EXPORT int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return session(pamh, true, flags, argc, argv);
}

EXPORT int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return session(pamh, false, flags, argc, argv);
}
