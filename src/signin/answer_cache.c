#include "signin/answer_cache.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

#define NAME_MAX_LEN 16 /* of a file: digits of a uid, with the NUL */

/* Only what nobody but root, or we ourselves in a test, can have written. */
static int
check_file(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(e, "%s", path);
	if (!S_ISREG(st.st_mode) ||
	    (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & 022) != 0)
		return err_set(e, ERR_POLICY,
		    "%s: others than root could have written it", path);
	return 0;
}

int
answer_cache_load(struct facts *out, const char *dir, unsigned uid,
    const struct facts *who, struct err *e)
{
	struct buf text = { .max = FACTS_BYTES_MAX };
	char path[4096];
	struct facts f;
	int fd, rc = -1;

	if ((size_t)snprintf(path, sizeof(path), "%s/%u", dir, uid) >=
	    sizeof(path))
		return err_set(e, ERR_LIMIT, "%s: too long", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_GONE, "%s: no answer is kept", path);
	if (fd == -1)
		return err_sys(e, "%s", path);
	if (check_file(fd, path, e) == -1)
		goto out;
	if (io_read_all(fd, &text, e) == -1 ||
	    facts_parse(&f, text.bytes, text.len, e) == -1) {
		err_wrap(e, "%s", path);
		goto out;
	}
	if (strcmp(f.account, who->account) != 0 ||
	    strcmp(f.host, who->host) != 0) {
		err_set(e, ERR_GONE, "%s: of %s on %s", path, f.account,
		    f.host);
		goto out;
	}
	*out = f;
	rc = 0;
out:
	buf_free(&text);
	close(fd);
	return rc;
}

/* A directory that all may enter, whatever the umask is. */
static int
make_dir(const char *dir)
{
	if (mkdir(dir, 0755) == 0)
		return chmod(dir, 0755);
	return errno == EEXIST ? 0 : -1;
}

/* dir, and its parent, where they are missing. */
static int
open_dir(const char *dir, struct err *e)
{
	char parent[4096];
	const char *slash = strrchr(dir, '/');
	int fd;

	if (slash != NULL && slash > dir &&
	    (size_t)(slash - dir) < sizeof(parent)) {
		memcpy(parent, dir, (size_t)(slash - dir));
		parent[slash - dir] = '\0';
		(void)make_dir(parent);
	}
	if (make_dir(dir) == -1)
		return err_sys(e, "%s", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd != -1 ? fd : err_sys(e, "%s", dir);
}

int
answer_cache_save(const char *dir, unsigned uid, unsigned gid,
    const struct facts *f, struct err *e)
{
	struct buf text = { .max = FACTS_BYTES_MAX };
	char name[NAME_MAX_LEN];
	int fd, rc = -1;

	if ((fd = open_dir(dir, e)) == -1)
		return -1;
	snprintf(name, sizeof(name), "%u", uid);
	facts_write(&text, f);
	if (buf_check(&text, e) == -1 ||
	    io_replace(fd, name, text.bytes, text.len, e) == -1)
		goto out;
	/* Its user may read it: that is what roam-status shows. */
	if (geteuid() == 0 &&
	    (fchownat(fd, name, 0, gid, AT_SYMLINK_NOFOLLOW) == -1 ||
		fchmodat(fd, name, 0640, 0) == -1)) {
		err_sys(e, "%s", name);
		goto out;
	}
	rc = 0;
out:
	buf_free(&text);
	close(fd);
	return rc == -1 ? err_wrap(e, "%s", dir) : 0;
}
