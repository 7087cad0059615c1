#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "local/listing.h"

int
listing_open(int dirfd, const char *name)
{
	struct open_how how = {
		.flags =
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		    RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	long fd;

	do {
		fd = syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
		if (fd == -1 && errno == EPERM && how.flags & O_NOATIME) {
			how.flags &= ~(uint64_t)O_NOATIME;
			errno = EAGAIN;
		}
	} while (fd == -1 && (errno == EAGAIN || errno == EINTR));
	return (int)fd;
}

void
listing_free(struct listing *n)
{
	free(n->bytes);
	free(n->at);
}

static int
names_add(struct listing *n, const struct dirent *d)
{
	size_t len = strlen(d->d_name) + 2, cap = n->cap;
	char *grown;

	if (n->len + len > cap) {
		cap = cap * 2 + len + 1024;
		if ((grown = realloc(n->bytes, cap)) == NULL)
			return -1;
		n->bytes = grown;
		n->cap = cap;
	}
	n->bytes[n->len] = (char)d->d_type;
	memcpy(n->bytes + n->len + 1, d->d_name, len - 1);
	n->len += len;
	n->count++;
	return 0;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
names_sort(struct listing *n)
{
	const char *s = n->bytes;

	n->at = reallocarray(NULL, n->count + 1, sizeof(*n->at));
	if (n->at == NULL)
		return -1;
	for (size_t i = 0; i < n->count; i++) {
		n->at[i] = s + 1;
		s += strlen(s + 1) + 2;
	}
	qsort(n->at, n->count, sizeof(*n->at), by_bytes);
	return 0;
}

int
listing_read(struct listing *out, DIR *dir)
{
	const struct dirent *d;

	*out = (struct listing){ 0 };
	while (errno = 0, (d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (names_add(out, d) == -1)
			break;
	}
	if (errno == 0 && names_sort(out) == 0)
		return 0;
	listing_free(out);
	return -1;
}

enum why
listing_why(int sys)
{
	switch (sys) {
	case EACCES:
	case EPERM:
		return WHY_DENIED;
	case ELOOP:
	case ENOTDIR:
		return WHY_MOVING;
	case EXDEV:
		return WHY_MOUNT;
	default:
		return WHY_BROKEN;
	}
}

bool
listing_is_ours(int sys)
{
	return sys == EMFILE || sys == ENFILE || sys == ENOMEM;
}
