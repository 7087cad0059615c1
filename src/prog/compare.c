#include <sys/mman.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/spawn.h"
#include "base/text.h"
#include "prog/compare.h"
#include "sync/extract.h"

#define ROAM_DIFF      "/usr/bin/diff"
#define TEXT_MAX_BYTES ((uint64_t)8 << 20) /* larger is not read line by line */
#define PROBE_LEN      8192u
#define DIFF_WAIT_MS   60000u
#define LABEL_MAX      8192

int
compare_content(struct context *c, const struct entry *t, struct err *e)
{
	int fd = memfd_create("roam", MFD_CLOEXEC);

	if (fd == -1)
		return err_sys(e, "%s", t->path);
	if (extract_content(c, t, fd, e) == 0) {
		if (lseek(fd, 0, SEEK_SET) == 0)
			return fd;
		err_sys(e, "%s", t->path);
	}
	close(fd);
	return -1;
}

/* Text as people write it: no NUL near the beginning, and not too much. */
static bool
is_text(const struct version_of *v)
{
	char bytes[PROBE_LEN];
	struct err e;
	ssize_t n;

	if (v->fd == -1)
		return true;
	if (v->entry->type != ENTRY_FILE || v->entry->size > TEXT_MAX_BYTES)
		return false;
	n = io_read_at(v->fd, bytes, sizeof(bytes), 0, &e);
	return n >= 0 && memchr(bytes, '\0', (size_t)n) == NULL;
}

static void
print_facts(const char *sign, const struct version_of *v)
{
	char label[LABEL_MAX], size[TEXT_SIZE_MAX], time[TEXT_TIME_MAX];
	char hex[HASH_HEX_MAX];

	text_show(v->label, strlen(v->label), label, sizeof(label));
	if (v->fd == -1) {
		printf("%s %s: not there\n", sign, label);
		return;
	}
	printf("%s %s: %s, %s, of %s, mode %04o, %s\n", sign, label,
	    entry_kind(v->entry), text_size_human(v->entry->size, size),
	    text_time_local(v->entry->mtime_ns, time), (unsigned)v->entry->mode,
	    hash_hex(&v->entry->hash, hex));
}

/* diff(1) reads the two by descriptors that it inherits: no name of a file
 * reaches it but as a label. Its status is 2 or more where it failed. */
static int
run_diff(const struct version_of *old, const struct version_of *new,
    struct err *e)
{
	char from[LABEL_MAX], to[LABEL_MAX];
	char name[] = "diff", unified[] = "-u", label[] = "--label",
	     end[] = "--", absent[] = "/dev/null", zero[] = "/proc/self/fd/0",
	     three[] = "/proc/self/fd/3";
	char *const argv[] = { name, unified, label, from, label, to, end,
		old->fd != -1 ? zero : absent, new->fd != -1 ? three : absent,
		NULL };
	char *const envp[] = { NULL };
	const struct spawn how = { .path = ROAM_DIFF,
		.argv = argv,
		.envp = envp,
		.fd = { old->fd, STDOUT_FILENO, STDERR_FILENO, new->fd } };
	pid_t pid;
	int status;

	text_show(old->label, strlen(old->label), from, sizeof(from));
	text_show(new->label, strlen(new->label), to, sizeof(to));
	if (fflush(stdout) == EOF)
		return err_sys(e, "output");
	if (spawn_start(&pid, &how, e) == -1)
		return -1;
	status = spawn_end(pid, DIFF_WAIT_MS, e);
	if (status > 1)
		return err_set(e, ERR_SYSTEM, "diff: exit status %d", status);
	return status == -1 ? -1 : 0;
}

int
compare_print(const struct version_of *old, const struct version_of *new,
    struct err *e)
{
	if (is_text(old) && is_text(new) && access(ROAM_DIFF, X_OK) == 0)
		return run_diff(old, new, e);
	print_facts("-", old);
	print_facts("+", new);
	return 0;
}
