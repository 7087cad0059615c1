/*
 * Whole PAM transactions, without root and without /etc/pam.d: the service
 * file is ours and names the module that was just built. What it starts is
 * tests/unit/session_stand_in.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <security/pam_appl.h>
#include <security/pam_modules.h>

static char dir[64];
static char shown[4096]; /* what the conversation was given */

static int
converse(int count, const struct pam_message **messages,
    struct pam_response **responses, void *arg)
{
	size_t used = strlen(shown);

	(void)arg;
	*responses = calloc((size_t)count, sizeof(**responses));
	for (int i = 0; i < count; i++) {
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF) {
			(*responses)[i].resp = strdup("s3cret");
			continue;
		}
		used += (size_t)snprintf(shown + used, sizeof(shown) - used,
		    "%c %s\n",
		    messages[i]->msg_style == PAM_ERROR_MSG ? 'E' : 'I',
		    messages[i]->msg);
	}
	return PAM_SUCCESS;
}

/* A handle for user whose stack has the module with these options. */
static pam_handle_t *
begin(const char *user, const char *control, const char *options)
{
	static const struct pam_conv conv = { .conv = converse };
	pam_handle_t *pamh = NULL;
	char path[128];
	FILE *f;

	snprintf(dir, sizeof(dir), "/tmp/roam-test-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/roam", dir);
	cr_assert_not_null(f = fopen(path, "w"));
	fprintf(f,
	    "auth optional pam_unix.so nodelay\n"
	    "auth optional %s\nauth required pam_permit.so\n"
	    "account required pam_permit.so\n"
	    "session %s %s config=%s %s\nsession required pam_permit.so\n",
	    MODULE, control, MODULE, dir, options);
	fclose(f);
	shown[0] = '\0';
	cr_assert_eq(pam_start_confdir("roam", user, &conv, dir, &pamh),
	    PAM_SUCCESS);
	return pamh;
}

/* The text of a file that the stand-in left; "" where there is none. */
static const char *
left(const char *name)
{
	static char text[8192];
	char path[128];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "r")) != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static void
end(pam_handle_t *pamh)
{
	static const char *const names[] = { "roam", "state", "open", "close",
		"pid" };
	char path[128];

	pam_end(pamh, PAM_SUCCESS);
	if (left("pid")[0] != '\0')
		kill((pid_t)strtol(left("pid"), NULL, 10), SIGKILL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	rmdir(dir);
}

static int
open_of(const char *user, const char *control, const char *options)
{
	pam_handle_t *pamh = begin(user, control, options);
	int rc = pam_open_session(pamh, 0);

	end(pamh);
	return rc;
}

Test(pam, a_session_opens_and_closes_when_all_is_well)
{
	pam_handle_t *pamh = begin("alice", "required", "required");
	char want[64];

	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	snprintf(want, sizeof(want), "alice roam %ld --required\n",
	    (long)getpid());
	cr_expect_str_eq(left("open"), want);
	snprintf(want, sizeof(want), "alice roam %ld\n", (long)getpid());
	cr_expect_eq(pam_close_session(pamh, 0), PAM_SUCCESS);
	cr_expect_str_eq(left("close"), want);
	end(pamh);
}

Test(pam, messages_reach_the_person_without_control_bytes)
{
	pam_handle_t *pamh = begin("alice", "required", "");

	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	cr_expect_str_eq(shown,
	    "I Roam: profile up to date\n"
	    "E two ?[31mconflicts\n");
	end(pamh);
}

Test(pam, quiet_and_silent_say_nothing)
{
	pam_handle_t *pamh = begin("alice", "required", "quiet");

	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	cr_expect_str_eq(shown, "");
	end(pamh);
	pamh = begin("alice", "required", "");
	cr_expect_eq(pam_open_session(pamh, PAM_SILENT), PAM_SUCCESS);
	cr_expect_str_eq(shown, "");
	end(pamh);
}

Test(pam, only_required_turns_a_failure_into_a_refusal)
{
	cr_expect_eq(open_of("bob", "required", "required"), PAM_SESSION_ERR);
	cr_expect_eq(open_of("bob", "required", ""), PAM_SUCCESS);
	cr_expect_eq(open_of("bob", "optional", "required"), PAM_SUCCESS);
}

Test(pam, roam_session_may_refuse_by_itself)
{
	cr_expect_eq(open_of("carol", "required", ""), PAM_SESSION_ERR);
	cr_expect_eq(open_of("carol", "optional", ""), PAM_SUCCESS);
}

Test(pam, an_end_without_a_result_is_a_failure)
{
	cr_expect_eq(open_of("nobody", "required", "required"),
	    PAM_SESSION_ERR);
	cr_expect_eq(open_of("flood", "required", "required"), PAM_SESSION_ERR);
	cr_expect_eq(open_of("flood", "required", ""), PAM_SUCCESS);
}

Test(pam, a_close_never_fails)
{
	pam_handle_t *pamh = begin("bob", "required", "required");

	cr_expect_eq(pam_close_session(pamh, 0), PAM_SUCCESS);
	end(pamh);
}

Test(pam, waiting_has_an_end)
{
	time_t from = time(NULL);

	cr_expect_eq(open_of("hans", "required", "required timeout=1"),
	    PAM_SESSION_ERR);
	cr_expect_eq(open_of("promise", "required", "timeout=300"),
	    PAM_SUCCESS);
	/* It would sleep for a minute each time. */
	cr_expect_lt(time(NULL) - from, 50);
}

/* --- What the caller keeps ------------------------------------------------ */

static int
open_descriptors(void)
{
	int count = 0;
	DIR *d = opendir("/proc/self/fd");

	cr_assert_not_null(d);
	while (readdir(d) != NULL)
		count++;
	closedir(d);
	return count;
}

static volatile sig_atomic_t ended;

static void
count_end(int signal_number)
{
	(void)signal_number;
	ended++;
}

Test(pam, the_caller_stays_as_it_was)
{
	struct sigaction mine = { .sa_handler = count_end }, after;
	pam_handle_t *pamh = begin("alice", "required", "");
	sigset_t some, mask;
	char cwd[4096];
	int fds;

	cr_assert_eq(sigaction(SIGCHLD, &mine, NULL), 0);
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	cr_assert_eq(sigprocmask(SIG_SETMASK, &some, NULL), 0);
	(void)umask(027);
	cr_assert_eq(chdir("/usr"), 0);
	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	fds = open_descriptors();
	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);

	cr_expect_eq(open_descriptors(), fds);
	cr_expect_eq(ended, 0);
	cr_expect_eq(sigaction(SIGCHLD, NULL, &after), 0);
	cr_expect_eq(after.sa_handler, count_end);
	cr_expect_eq(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	cr_expect(sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGTERM));
	cr_expect_eq(umask(0), 027);
	cr_expect_str_eq(getcwd(cwd, sizeof(cwd)), "/usr");
	errno = 0;
	cr_expect_eq(waitpid(-1, NULL, __WALL), -1);
	cr_expect_eq(errno, ECHILD, "no child is left behind");
	end(pamh);
}

Test(pam, the_program_inherits_nothing)
{
	struct sigaction off = { .sa_handler = SIG_IGN };
	pam_handle_t *pamh = begin("alice", "required", "");
	sigset_t all;

	cr_assert_eq(setenv("LD_PRELOAD_NOT", "/tmp/evil.so", 1), 0);
	cr_assert_eq(sigaction(SIGTERM, &off, NULL), 0);
	sigfillset(&all);
	cr_assert_eq(sigprocmask(SIG_SETMASK, &all, NULL), 0);
	cr_assert_eq(pam_putenv(pamh, "KRB5CCNAME=FILE:/tmp/x"), PAM_SUCCESS);
	cr_assert_eq(pam_putenv(pamh, "LD_PRELOAD=/tmp/evil.so"), PAM_SUCCESS);
	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	cr_expect_str_eq(left("state"),
	    "cwd /\numask 77\nhandlers 0\nblocked 0\nopen 0\nsession 1\n"
	    "secret \nenv PATH=/usr/bin:/bin\nenv KRB5CCNAME=FILE:/tmp/x\n");
	end(pamh);
}

Test(pam, a_caller_that_ignores_children_and_closed_all_is_no_trouble)
{
	struct sigaction off = { .sa_handler = SIG_IGN };
	pam_handle_t *pamh = begin("alice", "required", "required");
	int fd[3], rc, opened = 0;

	cr_assert_eq(sigaction(SIGCHLD, &off, NULL), 0);
	for (int i = 0; i < 3; i++)
		fd[i] = fcntl(i, F_DUPFD_CLOEXEC, 30);
	for (int i = 0; i < 3; i++)
		close(i);
	rc = pam_open_session(pamh, 0);
	for (int i = 0; i < 3; i++) {
		opened += fcntl(i, F_GETFD) != -1;
		dup2(fd[i], i);
		close(fd[i]);
	}
	cr_expect_eq(rc, PAM_SUCCESS);
	cr_expect_eq(opened, 0);
	cr_expect_neq(strstr(left("state"), "open 0\n"), NULL);
	end(pamh);
}

static void *
allocate(void *stop)
{
	while (!*(volatile bool *)stop) {
		free(malloc(4000));
		free(malloc(400000));
	}
	return NULL;
}

Test(pam, a_threaded_caller_is_no_trouble, .timeout = 120)
{
	pam_handle_t *pamh = begin("alice", "required", "required");
	volatile bool stop = false;
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, allocate,
				 (void *)(intptr_t)&stop),
		    0);
	for (int i = 0; i < 20; i++)
		cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	stop = true;
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	end(pamh);
}

Test(pam, the_caller_grows_by_little)
{
	pam_handle_t *pamh;
	struct rusage before, after;

	/* Criterion's own first use of things is not to be counted. */
	(void)open_descriptors();
	getrusage(RUSAGE_SELF, &before);
	pamh = begin("alice", "required", "required");
	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	getrusage(RUSAGE_SELF, &after);
	/* Sanitizers put shadow memory beside each page: the scenarios
	 * measure it without. */
	cr_expect_leq(after.ru_maxrss - before.ru_maxrss, 4096);
	end(pamh);
}

/* --- The password ----------------------------------------------------------- */

Test(pam, a_password_goes_through_a_pipe_and_nothing_else)
{
	pam_handle_t *pamh = begin("alice", "required", "");

	/* pam_unix asks for it, and libpam forgets it afterwards. */
	cr_expect_eq(pam_authenticate(pamh, 0), PAM_SUCCESS);
	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	cr_expect_neq(strstr(left("state"), "secret s3cret\nenv PATH"), NULL);
	cr_expect_null(strstr(left("open"), "s3cret"));
	end(pamh);
}

/* As many as are for this process; the 'i' stands for one that is on its way
 * out. */
static int
keys_left(void)
{
	char line[512], end[32], flags[32];
	int count = 0;
	FILE *f = fopen("/proc/keys", "r");

	snprintf(end, sizeof(end), ":%ld: ", (long)getpid());
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		count += strstr(line, "pam_roam:") != NULL &&
		    strstr(line, end) != NULL &&
		    sscanf(line, "%*x %31s", flags) == 1 && flags[6] != 'i';
	if (f != NULL)
		fclose(f);
	return count;
}

/* A child asks for it, as that of sshd does, and its handle is never ended. */
static void
ask_in_child(pam_handle_t *pamh)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(pam_authenticate(pamh, 0) != PAM_SUCCESS);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
}

/* Only root has a keyring for it, and not everywhere. */
static bool
has_keyring(void)
{
	return geteuid() == 0 &&
	    syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
		(long)KEY_SPEC_USER_KEYRING, 1L, 0L, 0L) != -1;
}

Test(pam, a_password_that_a_child_asked_for_reaches_the_session)
{
	pam_handle_t *pamh = begin("alice", "required", "");
	const char *want =
	    has_keyring() ? "secret s3cret\nenv PATH" : "secret \nenv PATH";

	ask_in_child(pamh);
	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	cr_expect_not_null(strstr(left("state"), want), "%s", left("state"));
	/* It is there for one session, and for nobody after that. */
	cr_expect_eq(pam_close_session(pamh, 0), PAM_SUCCESS);
	end(pamh);
	pamh = begin("alice", "required", "");
	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	cr_expect_not_null(strstr(left("state"), "secret \nenv PATH"));
	end(pamh);
	cr_expect_eq(keys_left(), 0);
}

Test(pam, a_password_of_another_user_is_nobodys)
{
	pam_handle_t *pamh = begin("alice", "required", "");

	ask_in_child(pamh);
	cr_expect_eq(keys_left(), has_keyring() ? 1 : 0);
	end(pamh);
	pamh = begin("promise", "required", "timeout=1");
	(void)pam_open_session(pamh, 0);
	cr_expect_not_null(strstr(left("state"), "secret \nenv PATH"));
	end(pamh);
	cr_expect_eq(keys_left(), 0);
}

Test(pam, a_password_that_no_session_follows_ends_with_the_handle)
{
	pam_handle_t *pamh;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		pamh = begin("alice", "required", "");
		status = pam_authenticate(pamh, 0);
		end(pamh);
		_exit(status != PAM_SUCCESS);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
	cr_expect_eq(keys_left(), 0);
}

Test(pam, the_auth_line_lets_nobody_in)
{
	pam_handle_t *pamh = begin("alice", "required", "");
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/roam", dir);
	cr_assert_not_null(f = fopen(path, "w"));
	fprintf(f, "auth required %s\n", MODULE);
	fclose(f);
	pam_end(pamh, 0);
	cr_assert_eq(pam_start_confdir("roam", "alice",
			 &(const struct pam_conv){ .conv = converse }, dir,
			 &pamh),
	    PAM_SUCCESS);
	cr_expect_neq(pam_authenticate(pamh, 0), PAM_SUCCESS);
	end(pamh);
}
