#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
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
#include "signin/due.h"

/* Its lock is held by the one that watches, whose number stands in it. */
#define WATCH_FILE "watch"

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

/* A machine that slept meanwhile is late, and then at once. */
static void
sleep_until(int64_t ns)
{
	while (clock_now_ns() < ns)
		clock_sleep_ms(1000);
}

static bool
is_over(const struct attend *a)
{
	struct sitting now;

	sitting_load(&now, a->statefd);
	return strcmp(now.occasion, occasion_text(OCCASION_LOGOUT)) == 0;
}

/* Each as if somebody had run 'roam checkpoint'. */
static void
watch(struct attend *a)
{
	struct err ignored;
	uint64_t wait_s;

	a->facts.occasion = OCCASION_CHECKPOINT;
	a->decision = occasion_decide(&a->facts);
	a->until_s = 0;
	while (a->decision.duty != DUTY_NONE && (wait_s = next_due(a)) > 0) {
		sleep_until(clock_now_ns() + (int64_t)wait_s * 1000000000);
		if (is_over(a))
			return;
		a->slow = a->over = false;
		a->why[0] = '\0';
		a->ending.now_ns = clock_now_ns();
		attend_run(a);
		if (is_over(a))
			return;
		(void)attend_tell(a, &ignored);
	}
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

void
attend_watch(struct attend *a)
{
	struct err why;
	int fd, rc;

	if (a->statefd == -1 || a->facts.occasion != OCCASION_LOGIN ||
	    a->decision.type != TYPE_ROAMING || a->facts.read_only ||
	    next_due(a) == 0)
		return;
	if ((rc = behind(&why)) != 0) {
		if (rc == -1)
			announce_error(&a->announce, why.text);
		return;
	}
	announce_close(&a->announce);
	if ((fd = open_watch(a)) != -1 && take_watch(fd))
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
