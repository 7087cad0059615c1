#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/text.h"
#include "prog/attend.h"
#include "prog/behind.h"
#include "prog/locks.h"
#include "signin/due.h"

/* Its lock is held by the one that watches, whose number stands in it. */
#define WATCH_FILE "watch"
#define LOOK_MS    1000 /* at the clock */

static int
open_watch(const struct attend *a)
{
	return openat(a->statefd, WATCH_FILE,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
}

static struct due
due_of(const struct attend *a)
{
	const struct conf *conf = &a->setup.conf.conf;

	return (struct due){
		.interval_s = conf->checkpoint_s,
		.at = conf->checkpoint_time,
		.max_delay_s = conf->checkpoint_delay_s,
	};
}

/* 0: never. */
static uint64_t
next_due(const struct attend *a)
{
	const struct due d = due_of(a);
	time_t now = time(NULL);
	struct hash random;
	struct err ignored;
	uint32_t chance = 0;
	struct tm t;

	localtime_r(&now, &t);
	if (hash_random(&random, &ignored) == 0)
		memcpy(&chance, random.b, sizeof(chance));
	return due_in(&d,
	    (unsigned)(t.tm_hour * 3600 + t.tm_min * 60 + t.tm_sec), chance);
}

static bool
is_over(const struct attend *a)
{
	struct sitting now;

	sitting_load(&now, a->statefd);
	return strcmp(now.occasion, occasion_text(OCCASION_LOGOUT)) == 0;
}

/* What a watch waits for, besides the time. */
struct watch {
	struct locks locks;
	int end; /* can be read when the machine goes down */
};

/* With SIGCONT a scope of systemd's stops what is in it, see visit_scope.c: a
 * checkpoint goes on to its end then, and is the last. A sign-out, which saves
 * more than that, ends it at once by SIGTERM. */
static int
open_end(void)
{
	sigset_t set;

	(void)signal(SIGTERM, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	return sigprocmask(SIG_BLOCK, &set, NULL) == 0
	    ? signalfd(-1, &set, SFD_CLOEXEC)
	    : -1;
}

/* Until there is to be a checkpoint: true; false at the end. 0: no time is set.
 * A machine that slept meanwhile is late, and then at once. */
static bool
wait_for_due(struct watch *w, int64_t until_ns)
{
	struct pollfd p[] = { { .fd = w->end, .events = POLLIN },
		{ .fd = -1, .events = POLLIN } };

	while (until_ns == 0 || clock_now_ns() < until_ns) {
		p[1].fd = w->locks.fd;
		if (until_ns == 0 && w->locks.fd == -1)
			return false;
		if (poll(p, 2, until_ns != 0 ? LOOK_MS : -1) == -1 &&
		    errno != EINTR)
			return false;
		if (p[0].revents != 0)
			return false;
		if (p[1].revents != 0 && locks_take(&w->locks))
			return true;
	}
	return true;
}

/* As if somebody had run 'roam checkpoint'. */
static void
checkpoint(struct attend *a)
{
	struct err ignored;

	a->slow = a->over = false;
	a->why[0] = '\0';
	a->ending.now_ns = clock_now_ns();
	attend_run(a);
	if (!is_over(a))
		(void)attend_tell(a, &ignored);
}

static void
watch(struct attend *a)
{
	struct watch w = { .locks = { .fd = -1 }, .end = open_end() };
	int64_t until_ns;
	uint64_t wait_s;

	a->facts.occasion = OCCASION_CHECKPOINT;
	a->decision = occasion_decide(&a->facts);
	a->until_s = 0;
	if (w.end == -1 || a->decision.duty == DUTY_NONE)
		return;
	if (a->setup.conf.conf.checkpoint_on_lock)
		locks_open(&w.locks);
	do {
		wait_s = next_due(a);
		until_ns = wait_s == 0
		    ? 0
		    : clock_now_ns() + (int64_t)wait_s * 1000000000;
		if (!wait_for_due(&w, until_ns) || is_over(a))
			break;
		checkpoint(a);
	} while (!is_over(a));
	locks_close(&w.locks);
}

/* One watches for all sessions; it is gone when the process is. */
static bool
take_watch(int fd)
{
	char number[32];
	struct err ignored;

	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		return false;
	snprintf(number, sizeof(number), "%ld\n", (long)getpid());
	return ftruncate(fd, 0) == 0 &&
	    io_write(fd, number, strlen(number), &ignored) == 0;
}

/* Whoever started us may have given us what is only held for the sign-in, as
 * roam-session's lock is. */
static int
keep_nothing_open(struct attend *a)
{
	struct root root;
	struct err ignored;

	(void)syscall(SYS_close_range, STDERR_FILENO + 1U, ~0U, 0U);
	a->statefd = -1;
	if (root_open(&root, a->setup.home, &ignored) == -1)
		return -1;
	a->statefd = root_state_dir(&root, true, &ignored);
	root_close(&root);
	return a->statefd == -1 ? -1 : 0;
}

void
attend_watch(struct attend *a)
{
	struct err why;
	int fd, rc;

	if (a->statefd == -1 || a->facts.occasion != OCCASION_LOGIN ||
	    a->decision.type != TYPE_ROAMING || a->facts.read_only ||
	    a->ending.state == ENDING_REFUSED ||
	    (next_due(a) == 0 && !a->setup.conf.conf.checkpoint_on_lock))
		return;
	if ((rc = behind(&why)) != 0) {
		if (rc == -1)
			announce_error(&a->announce, why.text);
		return;
	}
	announce_close(&a->announce);
	if (keep_nothing_open(a) == 0 && (fd = open_watch(a)) != -1 &&
	    take_watch(fd))
		watch(a);
	_exit(0);
}

void
attend_end_watch(const struct attend *a)
{
	char number[32] = "";
	struct err ignored;
	uint64_t pid;
	int fd;

	if (a->statefd == -1)
		return;
	fd = openat(a->statefd, WATCH_FILE,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return;
	/* While the lock is held the number is that of who holds it. */
	if (flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK &&
	    io_read(fd, number, sizeof(number) - 1, &ignored) > 0) {
		number[strcspn(number, "\n")] = '\0';
		if (text_number(number, 2, INT32_MAX, &pid, &ignored) == 0)
			kill((pid_t)pid, SIGTERM);
	}
	close(fd);
}
