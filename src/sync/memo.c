#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "engine/json.h"
#include "local/vouch.h"
#include "sync/memo.h"

#define MEMO_FILE     "status"
#define MEMO_SIZE_MAX ((size_t)64 << 10) /* bytes */

/* What one would have to write down: all but the times. */
static bool
same_news(const struct memo *a, const struct memo *b)
{
	return strcmp(a->last_error, b->last_error) == 0 &&
	    a->pending == b->pending && a->skipped == b->skipped &&
	    a->held_deletes == b->held_deletes &&
	    a->held_changes == b->held_changes;
}

/* O_NONBLOCK: whatever has that name cannot hold us up. */
static int
open_memo(int statefd)
{
	if (statefd == -1)
		return -1;
	return openat(statefd, MEMO_FILE,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int
parse(struct memo *out, const void *bytes, size_t len)
{
	json_int_t attempt, success, pending, skipped, held, changes = 0;
	json_error_t where;
	json_t *v, *error;
	int rc = -1;

	if ((v = json_loadb(bytes, len, 0, &where)) == NULL)
		return -1;
	if (json_unpack(v, "{s:I,s:I,s:o,s:I,s:I,s:I,s?I}", "last_attempt_ns",
		&attempt, "last_success_ns", &success, "last_error", &error,
		"pending", &pending, "skipped", &skipped, "held_deletes", &held,
		"held_changes", &changes) == 0 &&
	    attempt > 0 && success >= 0 && pending >= 0 && skipped >= 0 &&
	    held >= 0 && changes >= 0) {
		*out = (struct memo){
			.last_attempt_ns = attempt,
			.last_success_ns = success,
			.pending = (uint64_t)pending,
			.skipped = (uint64_t)skipped,
			.held_deletes = (uint64_t)held,
			.held_changes = (uint64_t)changes,
		};
		snprintf(out->last_error, sizeof(out->last_error), "%s",
		    json_is_string(error) ? json_string_value(error) : "");
		rc = 0;
	}
	json_decref(v);
	return rc;
}

void
memo_load(struct memo *out, int statefd)
{
	struct buf text = { .max = MEMO_SIZE_MAX };
	struct stat st;
	struct err e;
	int fd;

	*out = (struct memo){ 0 };
	if ((fd = open_memo(statefd)) == -1)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    io_read_all(fd, &text, &e) == 0 &&
	    parse(out, text.bytes, text.len) == 0 &&
	    stat_mtime_ns(&st) > out->last_attempt_ns) {
		out->last_attempt_ns = stat_mtime_ns(&st);
		if (out->last_error[0] == '\0')
			out->last_success_ns = out->last_attempt_ns;
	}
	buf_free(&text);
	close(fd);
}

static int
touch(int statefd, int64_t now_ns)
{
	const struct timespec times[2] = { time_of_ns(now_ns),
		time_of_ns(now_ns) };
	int fd, rc;

	if ((fd = open_memo(statefd)) == -1)
		return -1;
	rc = futimens(fd, times);
	close(fd);
	return rc;
}

static int
write_memo(int statefd, const struct memo *m, struct err *e)
{
	json_t *v = json_pack("{s:I,s:I,s:s?,s:I,s:I,s:I,s:I}",
	    "last_attempt_ns", (json_int_t)m->last_attempt_ns,
	    "last_success_ns", (json_int_t)m->last_success_ns, "last_error",
	    m->last_error[0] != '\0' ? m->last_error : NULL, "pending",
	    (json_int_t)m->pending, "skipped", (json_int_t)m->skipped,
	    "held_deletes", (json_int_t)m->held_deletes, "held_changes",
	    (json_int_t)m->held_changes);
	char *text = v != NULL ? json_dumps(v, JSON_COMPACT) : NULL;
	int rc;

	json_decref(v);
	if (text == NULL)
		return err_set(e, ERR_SYSTEM, "%s: out of memory", MEMO_FILE);
	rc = io_replace(statefd, MEMO_FILE, text, strlen(text), e);
	free(text);
	return rc;
}

int
memo_note(int statefd, const struct memo *now, bool changed, struct err *e)
{
	struct memo before, next = *now;

	memo_load(&before, statefd);
	if (now->last_error[0] != '\0') {
		next = before;
		next.last_attempt_ns = now->last_attempt_ns;
		/* It may name a file, or be cut within a character. */
		if (text_is_utf8(now->last_error, strlen(now->last_error)))
			memcpy(next.last_error, now->last_error,
			    sizeof(next.last_error));
		else
			(void)text_show(now->last_error,
			    strlen(now->last_error), next.last_error,
			    sizeof(next.last_error));
	} else {
		next.last_success_ns = now->last_attempt_ns;
	}
	if (!changed && before.last_attempt_ns != 0 &&
	    same_news(&before, &next) &&
	    touch(statefd, next.last_attempt_ns) == 0)
		return 0;
	return write_memo(statefd, &next, e);
}
