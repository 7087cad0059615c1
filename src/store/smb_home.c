#include "store/smb_home.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

#define NAME       "roam-smb-XXXXXX"
#define PREFIX_LEN strlen("roam-smb-")
#define OLD_S      3600 /* seconds */

/*
 * What holds whatever the machine's own configuration says. Signing also keeps
 * a server that knows no such user from making a guest of us (smb.conf(5), map
 * to guest). All files that the library keeps lie in the folder, too.
 */
static const char settings[] = "[global]\n"
			       "client min protocol = %s\n"
			       "client max protocol = SMB3_11\n"
			       "client signing = required\n"
			       "client ipc signing = required\n"
			       "client smb encrypt = %s\n"
			       "client ntlmv2 auth = yes\n"
			       "client plaintext auth = no\n"
			       "disable netbios = yes\n"
			       "name resolve order = host\n"
			       "create krb5 conf = no\n"
			       "dos charset = ASCII\n"
			       "private dir = %s\n"
			       "lock directory = %s\n"
			       "state directory = %s\n"
			       "cache directory = %s\n"
			       "ncalrpc dir = %s\n";

/* A folder that only we can write to, or the one for all. A path in smb.conf
 * means itself only where its bytes are plain. */
static const char *
place(void)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._/";
	const char *dir = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (dir != NULL && dir[0] == '/' && strlen(dir) < 128 &&
	    dir[strspn(dir, plain)] == '\0' && lstat(dir, &st) == 0 &&
	    S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & 022) == 0 && access(dir, W_OK | X_OK) == 0)
		return dir;
	return "/tmp";
}

static int
write_conf(const char *dir, const struct smb_conf *conf, struct err *e)
{
	char path[sizeof(((struct smb_home *)0)->dir) + 16], text[4096];
	int fd, rc;

	snprintf(path, sizeof(path), "%s/.smb", dir);
	if (mkdir(path, 0700) == -1)
		return err_sys(e, "%s", path);
	snprintf(path, sizeof(path), "%s/.smb/smb.conf", dir);
	snprintf(text, sizeof(text), settings, conf->min_protocol,
	    conf->encrypt ? "required" : "default", dir, dir, dir, dir, dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, "%s", path);
	rc = io_write(fd, text, strlen(text), e);
	close(fd);
	return rc == -1 ? err_wrap(e, "%s", path) : 0;
}

/* What runs that were killed could not remove: no login takes that long. */
static void
remove_old(const char *place)
{
	char path[sizeof(((struct smb_home *)0)->dir)];
	const time_t before = time(NULL) - OLD_S;
	const struct dirent *name;
	struct stat st;
	DIR *dir = opendir(place);

	if (dir == NULL)
		return;
	while ((name = readdir(dir)) != NULL) {
		if (strncmp(name->d_name, NAME, PREFIX_LEN) != 0 ||
		    strlen(name->d_name) != strlen(NAME))
			continue;
		snprintf(path, sizeof(path), "%.200s/%.32s", place,
		    name->d_name);
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
		    st.st_uid == geteuid() && st.st_mtime < before)
			smb_home_remove(path);
	}
	closedir(dir);
}

int
smb_home_make(struct smb_home *out, const struct smb_conf *conf, struct err *e)
{
	const char *where = place();
	struct smb_home h;

	remove_old(where);
	snprintf(h.dir, sizeof(h.dir), "%s/" NAME, where);
	if (mkdtemp(h.dir) == NULL)
		return err_sys(e, "%s", h.dir);
	if (write_conf(h.dir, conf, e) == -1) {
		smb_home_remove(h.dir);
		return -1;
	}
	*out = h;
	return 0;
}

/* Two levels are all there is; what cannot go stays. */
static void
empty(int dirfd, bool down)
{
	const struct dirent *name;
	DIR *dir = fdopendir(dirfd);
	int fd;

	if (dir == NULL) {
		close(dirfd);
		return;
	}
	while ((name = readdir(dir)) != NULL) {
		if (strcmp(name->d_name, ".") == 0 ||
		    strcmp(name->d_name, "..") == 0 ||
		    unlinkat(dirfd, name->d_name, 0) == 0 || !down)
			continue;
		fd = openat(dirfd, name->d_name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd != -1)
			empty(fd, false);
		(void)unlinkat(dirfd, name->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
}

void
smb_home_remove(const char *dir)
{
	int fd;

	if (dir[0] == '\0')
		return;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return;
	empty(fd, true);
	(void)rmdir(dir);
}
