#include "store/dir_error.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* What an errno of a store's directory means, and what helps. */
static const struct meaning {
	int sys;
	enum err_kind kind;
	const char *remedy;
} meanings[] = {
	{ ENOENT, ERR_GONE, NULL },
	{ EEXIST, ERR_RACE, NULL },
	{ ENOTEMPTY, ERR_RACE, NULL },
	{ EACCES, ERR_STORE, "check owner and mode there" },
	{ EPERM, ERR_STORE, "check owner and mode there" },
	{ EROFS, ERR_STORE, "mount it writable" },
	{ ENOSPC, ERR_STORE, "make room there, or collect with roam gc" },
	{ EDQUOT, ERR_STORE, "raise the quota, or collect with roam gc" },
	{ EFBIG, ERR_STORE, "that file system has a smaller limit" },
	{ ELOOP, ERR_STORE, "a symbolic link lies in the way" },
	{ EXDEV, ERR_STORE, "another file system lies in the way" },
	{ ENOTDIR, ERR_STORE, "a file lies in the way" },
	{ EISDIR, ERR_STORE, "a directory lies in the way" },
	{ EIO, ERR_OFFLINE, "check the disk or the server" },
	{ ESTALE, ERR_OFFLINE, "mount it again" },
	{ ENOTCONN, ERR_OFFLINE, "mount it again" },
	{ ENODEV, ERR_OFFLINE, "mount it again" },
	{ ENXIO, ERR_OFFLINE, "mount it again" },
	{ ETIMEDOUT, ERR_OFFLINE, "is the server up?" },
	{ EHOSTDOWN, ERR_OFFLINE, "is the server up?" },
	{ EHOSTUNREACH, ERR_OFFLINE, "is the server up?" },
	{ ENETUNREACH, ERR_OFFLINE, "is the network up?" },
	{ EREMOTEIO, ERR_OFFLINE, "check the disk or the server" },
};
#define N_MEANINGS (sizeof(meanings) / sizeof(meanings[0]))

int
dir_error(const char *name, const char *path, int sys, struct err *e)
{
	const char *slash = path[0] != '\0' ? "/" : "", *remedy;

	for (size_t i = 0; i < N_MEANINGS; i++) {
		if (meanings[i].sys != sys)
			continue;
		remedy = meanings[i].remedy;
		err_set(e, meanings[i].kind, "%s%s%s: %s%s%s%s", name, slash,
		    path, strerror(sys), remedy != NULL ? " (" : "",
		    remedy != NULL ? remedy : "", remedy != NULL ? ")" : "");
		e->sys = sys;
		return -1;
	}
	errno = sys;
	return err_sys(e, "%s%s%s", name, slash, path);
}
