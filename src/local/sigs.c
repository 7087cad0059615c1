#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "local/state.h"

/*
 * Signatures are worth a second reading of a file, no more: they are written
 * without waiting for the disk. The hash behind the bytes tells a whole one
 * from one that a power cut left.
 */
#define SIGS     "sigs"
#define SIGS_NEW "sigs/new"
#define SIG_MAX  ((size_t)64 << 20) /* bytes */
#define NAME_CAP (sizeof(SIGS) + HASH_HEX_MAX)

static void
sig_name(char out[NAME_CAP], const struct hash *content)
{
	char hex[HASH_HEX_MAX];

	snprintf(out, NAME_CAP, SIGS "/%s", hash_hex(content, hex));
}

static int
write_new(int dirfd, const void *bytes, size_t len, struct err *e)
{
	struct hash sum = hash_of(bytes, len);
	int fd, rc;

	if (mkdirat(dirfd, SIGS, 0700) == -1 && errno != EEXIST)
		return err_sys(e, SIGS);
	fd = openat(dirfd, SIGS_NEW,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, SIGS_NEW);
	if ((rc = io_write(fd, bytes, len, e)) == 0)
		rc = io_write(fd, sum.b, HASH_LEN, e);
	close(fd);
	return rc;
}

int
state_put_sig(int dirfd, const struct hash *content, const void *bytes,
    size_t len, struct err *e)
{
	char name[NAME_CAP];

	if (len > SIG_MAX)
		return err_set(e, ERR_LIMIT, "signature of %zu bytes", len);
	sig_name(name, content);
	if (write_new(dirfd, bytes, len, e) == -1) {
		(void)unlinkat(dirfd, SIGS_NEW, 0);
		return -1;
	}
	if (renameat(dirfd, SIGS_NEW, dirfd, name) == -1)
		return err_sys(e, "%s", name);
	return 0;
}

int
state_get_sig(int dirfd, const struct hash *content, struct buf *out,
    struct err *e)
{
	struct buf b = { .max = SIG_MAX + HASH_LEN };
	char name[NAME_CAP];
	struct hash sum;
	int rc = -1;

	sig_name(name, content);
	if (io_load(dirfd, name, &b, e) == -1) {
		if (e->kind != ERR_SYSTEM)
			e->kind = ERR_GONE;
		goto out;
	}
	if (b.len < HASH_LEN) {
		err_set(e, ERR_GONE, "%s: cut off", name);
		goto out;
	}
	b.len -= HASH_LEN;
	sum = hash_of(b.bytes, b.len);
	if (memcmp(sum.b, b.bytes + b.len, HASH_LEN) != 0) {
		err_set(e, ERR_GONE, "%s: damaged", name);
		goto out;
	}
	buf_bytes(out, b.bytes, b.len);
	rc = buf_check(out, e);
out:
	buf_free(&b);
	return rc;
}

static int
by_hash(const void *a, const void *b)
{
	return hash_order(a, b);
}

/* The contents of large files in keep, sorted; *out is malloc()ed. */
static int
large_contents(const struct tree *keep, struct hash **out, size_t *count,
    struct err *e)
{
	const struct entry *t;

	*count = 0;
	for (size_t i = 0; i < keep->count; i++)
		*count += keep->entry[i]->size >= LARGE_FILE;
	if ((*out = calloc(*count + 1, sizeof(**out))) == NULL)
		return err_sys(e, SIGS);
	*count = 0;
	for (size_t i = 0; i < keep->count; i++) {
		t = keep->entry[i];
		if (t->size >= LARGE_FILE)
			(*out)[(*count)++] = t->hash;
	}
	qsort(*out, *count, sizeof(**out), by_hash);
	return 0;
}

int
state_sweep_sigs(int dirfd, const struct tree *keep, struct err *e)
{
	struct hash *wanted = NULL, h;
	const struct dirent *d;
	struct err ignored;
	size_t count;
	DIR *dir;
	int fd;

	fd = openat(dirfd, SIGS,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 0 : err_sys(e, SIGS);
	if ((dir = fdopendir(fd)) == NULL) {
		err_sys(e, SIGS);
		close(fd);
		return -1;
	}
	if (large_contents(keep, &wanted, &count, e) == -1) {
		closedir(dir);
		return -1;
	}
	while ((d = readdir(dir)) != NULL) {
		/* Any other name is a file that was never finished. */
		if (hash_parse(&h, d->d_name, &ignored) == 0 &&
		    bsearch(&h, wanted, count, sizeof(h), by_hash) != NULL)
			continue;
		(void)unlinkat(fd, d->d_name, 0);
	}
	closedir(dir);
	free(wanted);
	return 0;
}
