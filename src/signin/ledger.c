#include "signin/ledger.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/text.h"

#define FILE_MAX 4096 /* bytes of a file */

static const char *const words[] = {
	[LEDGER_OUT] = "out",
	[LEDGER_IN] = "in",
	[LEDGER_PENDING] = "pending",
};
_Static_assert(sizeof(words) / sizeof(words[0]) == LEDGER__COUNT,
    "every state has a word");

const char *
ledger_word(enum ledger_state state)
{
	return words[state];
}

static int
set_state(struct ledger *l, const char *value, struct err *e)
{
	for (unsigned i = 0; i < LEDGER__COUNT; i++)
		if (strcmp(words[i], value) == 0) {
			l->state = i;
			return 0;
		}
	return err_set(e, ERR_FORMAT, "no such state");
}

static int
set_key(struct ledger *l, const char *key, const char *value, struct err *e)
{
	uint64_t n;

	if (strcmp(key, "state") == 0)
		return set_state(l, value, e);
	if (strcmp(key, "loaded") == 0)
		return text_bool(value, &l->loaded, e);
	if (strcmp(key, "temporary") == 0)
		return text_bool(value, &l->temporary, e);
	if (strcmp(key, "used") == 0) {
		if (text_number(value, 0, INT64_MAX, &n, e) == -1)
			return -1;
		l->used_s = (int64_t)n;
	} else if (strcmp(key, "name") == 0) {
		snprintf(l->name, sizeof(l->name), "%s", value);
	} else if (strcmp(key, "reason") == 0) {
		snprintf(l->reason, sizeof(l->reason), "%s", value);
	}
	return 0; /* other keys are of a newer program */
}

/* text ends with a NUL, and is changed. */
static int
parse(struct ledger *out, char *text, struct err *e)
{
	struct ledger l = { 0 };
	char *next = text, *line, *value;

	while ((line = strsep(&next, "\n")) != NULL) {
		if (line[0] == '\0')
			continue;
		if ((value = strchr(line, '=')) == NULL)
			return err_set(e, ERR_FORMAT, "not of the form a=b");
		*value = '\0';
		if (set_key(&l, line, value + 1, e) == -1) {
			e->kind = ERR_FORMAT;
			return -1;
		}
	}
	*out = l;
	return 0;
}

static int
load_at(struct ledger *out, int dirfd, const char *file, struct err *e)
{
	struct buf text = { .max = FILE_MAX };
	int rc = -1;

	if (io_load(dirfd, file, &text, e) == 0) {
		buf_u8(&text, 0);
		if (buf_check(&text, e) == 0)
			rc = parse(out, (char *)text.bytes, e);
	}
	buf_free(&text);
	return rc;
}

int
ledger_load(struct ledger *out, const char *dir, uid_t uid, const char *name,
    struct err *e)
{
	struct ledger l = { 0 };
	char file[32];
	int fd, rc = 0;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 && errno != ENOENT)
		return err_sys(e, "%s", dir);
	if (fd != -1) {
		snprintf(file, sizeof(file), "%lu", (unsigned long)uid);
		rc = load_at(&l, fd, file, e);
		close(fd);
		if (rc == -1 && e->kind != ERR_GONE)
			return err_wrap(e, "%s/%s", dir, file);
	}
	if (rc == -1 || strcmp(l.name, name) != 0) {
		l = (struct ledger){ 0 };
		snprintf(l.name, sizeof(l.name), "%s", name);
	}
	*out = l;
	return 0;
}

int
ledger_save(const char *dir, uid_t uid, const struct ledger *l, struct err *e)
{
	struct buf text = { .max = FILE_MAX };
	char reason[LEDGER_TEXT_MAX], file[32];
	int fd, rc = -1;

	/* Its directory is the package's; only the last part is ours. */
	if (mkdir(dir, 0700) == -1 && errno == ENOENT) {
		char *end, *parent = strdup(dir);

		if (parent != NULL && (end = strrchr(parent, '/')) != NULL) {
			*end = '\0';
			/* Answers of the directory lie below it, too, for
			 * their users to read. */
			if (mkdir(parent, 0755) == 0)
				(void)chmod(parent, 0755);
			(void)mkdir(dir, 0700);
		}
		free(parent);
	}
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return err_sys(e, "%s", dir);
	snprintf(reason, sizeof(reason), "%s", l->reason);
	text_tame(reason);
	buf_text(&text,
	    "name=%s\nstate=%s\nloaded=%s\ntemporary=%s\nused=%" PRId64
	    "\nreason=%s\n",
	    l->name, words[l->state], l->loaded ? "yes" : "no",
	    l->temporary ? "yes" : "no", l->used_s, reason);
	snprintf(file, sizeof(file), "%lu", (unsigned long)uid);
	if (buf_check(&text, e) == 0)
		rc = io_replace(fd, file, text.bytes, text.len, e);
	if (rc == -1)
		err_wrap(e, "%s/%s", dir, file);
	buf_free(&text);
	close(fd);
	return rc;
}

static int
use_file(int fd, const char *name, ledger_use *use, void *arg, struct err *e)
{
	struct ledger l;
	struct err ignored;
	uint64_t uid;

	/* What is damaged or no user's is no reason to leave out the rest. */
	if (text_number(name, 0, UINT32_MAX, &uid, &ignored) == -1 ||
	    load_at(&l, fd, name, &ignored) == -1)
		return 0;
	return use((uid_t)uid, &l, arg, e);
}

int
ledger_each(const char *dir, ledger_use *use, void *arg, struct err *e)
{
	const struct dirent *d;
	DIR *list = opendir(dir);
	int rc = 0;

	if (list == NULL)
		return errno == ENOENT ? 0 : err_sys(e, "%s", dir);
	while (rc == 0 && (d = readdir(list)) != NULL)
		if (d->d_name[0] != '.')
			rc = use_file(dirfd(list), d->d_name, use, arg, e);
	closedir(list);
	return rc;
}
