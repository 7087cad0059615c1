#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "model/machine.h"
#include "store/store.h"
#include "sync/setup.h"

#define FILE_SIZE_MAX ((size_t)1 << 20) /* bytes of one settings file */
#define URL_SIZE_MAX  4096              /* bytes, with the NUL */

/* What is done with each file of a directory. */
typedef int use_file(struct setup *s, const char *path, const char *text,
    size_t len, struct err *e);

static int
keep_text(char **out, const char *text, struct err *e)
{
	if ((*out = strdup(text)) == NULL)
		return err_sys(e, "settings");
	return 0;
}

/* Absent is fine: *found tells. O_NONBLOCK, so that a FIFO cannot hold us. */
static int
load_file(const char *path, struct buf *out, bool *found, struct err *e)
{
	struct stat st;
	int fd, rc = -1;

	*found = false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR
		    ? 0
		    : err_sys(e, "%s", path);
	if (fstat(fd, &st) == -1)
		err_sys(e, "%s", path);
	else if (!S_ISREG(st.st_mode))
		err_set(e, ERR_USAGE, "%s: not a regular file", path);
	else if (io_read_all(fd, out, e) == -1)
		err_wrap(e, "%s", path);
	else
		rc = 0;
	*found = rc == 0;
	close(fd);
	return rc;
}

static int
use_if_there(struct setup *s, const char *path, use_file *use, bool needed,
    struct err *e)
{
	struct buf text = { .max = FILE_SIZE_MAX };
	bool found;
	int rc;

	rc = load_file(path, &text, &found, e);
	if (rc == 0 && found)
		rc = use(s, path, (const char *)text.bytes, text.len, e);
	else if (rc == 0 && needed)
		rc = err_set(e, ERR_USAGE, "%s: no such file", path);
	buf_free(&text);
	return rc;
}

static int
has_ending(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);

	return name[0] != '.' && n > m && strcmp(name + n - m, ending) == 0;
}

static int
is_conf(const struct dirent *d)
{
	return has_ending(d->d_name, ".conf");
}

static int
is_rules(const struct dirent *d)
{
	return has_ending(d->d_name, ".rules");
}

/* The files of a directory that pick likes, by name; no directory, no files. */
static int
use_dir(struct setup *s, const char *dir, int (*pick)(const struct dirent *),
    use_file *use, struct err *e)
{
	struct dirent **list = NULL;
	char path[PATH_MAX];
	int n, rc = 0;

	n = scandir(dir, &list, pick, alphasort);
	if (n == -1)
		return errno == ENOENT || errno == ENOTDIR
		    ? 0
		    : err_sys(e, "%s", dir);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		if (rc == 0)
			rc = use_if_there(s, path, use, false, e);
		free(list[i]);
	}
	free(list);
	return rc;
}

static int
use_conf(struct setup *s, const char *path, const char *text, size_t len,
    struct err *e)
{
	char **grown;

	grown = realloc(s->file, (s->file_count + 1) * sizeof(*grown));
	if (grown == NULL)
		return err_sys(e, "%s", path);
	s->file = grown;
	if (keep_text(&s->file[s->file_count], path, e) == -1)
		return -1;
	return conf_read(&s->conf, s->file[s->file_count++], text, len, e);
}

static int
use_shipped(struct setup *s, const char *path, const char *text, size_t len,
    struct err *e)
{
	return rules_add(s->rules, RULES_SHIPPED, path, text, len, e);
}

static int
use_admin(struct setup *s, const char *path, const char *text, size_t len,
    struct err *e)
{
	return rules_add(s->rules, RULES_ADMIN, path, text, len, e);
}

static int
use_user(struct setup *s, const char *path, const char *text, size_t len,
    struct err *e)
{
	return rules_add(s->rules, RULES_USER, path, text, len, e);
}

static int
load_conf(struct setup *s, const char *config, struct err *e)
{
	if (conf_new(&s->conf, e) == -1)
		return -1;
	if (config != NULL)
		return use_if_there(s, config, use_conf, true, e);
	if (use_if_there(s, ROAM_SYSCONFDIR "/roam.conf", use_conf, false, e) ==
	    -1)
		return -1;
	return use_dir(s, ROAM_SYSCONFDIR "/roam.conf.d", is_conf, use_conf, e);
}

/* Who we are; a user without a name is called by number. */
static int
find_user(struct setup *s, const char **home, struct err *e)
{
	const struct passwd *pw = getpwuid(geteuid());
	char number[32];

	*home = getenv("HOME");
	if (pw != NULL && (*home == NULL || (*home)[0] != '/'))
		*home = pw->pw_dir;
	snprintf(number, sizeof(number), "%lu", (unsigned long)geteuid());
	return keep_text(&s->user, pw != NULL ? pw->pw_name : number, e);
}

/* The home as one absolute path; symlinks above it are the system's affair,
 * the home itself must not be one (root_open() looks). */
static int
find_home(struct setup *s, const char *home, struct err *e)
{
	char cwd[PATH_MAX], *path;
	size_t n;

	if (home == NULL)
		return err_set(e, ERR_USAGE,
		    "no home directory is known: give --home DIR");
	if (home[0] == '\0')
		return err_set(e, ERR_USAGE, "--home: empty path");
	if (home[0] == '/') {
		if (keep_text(&s->home, home, e) == -1)
			return -1;
	} else if (getcwd(cwd, sizeof(cwd)) == NULL) {
		return err_sys(e, "current directory");
	} else {
		n = strlen(cwd) + strlen(home) + 2;
		if ((path = malloc(n)) == NULL)
			return err_sys(e, "%s", home);
		snprintf(path, n, "%s/%s", cwd, home);
		s->home = path;
	}
	for (n = strlen(s->home); n > 1 && s->home[n - 1] == '/'; n--)
		s->home[n - 1] = '\0';
	return 0;
}

/* The first line of a file in /etc, cut to out[cap]. */
static void
first_line(const char *path, char *out, size_t cap)
{
	struct buf text = { .max = 4096 };
	struct err e;
	bool found;
	size_t n;

	out[0] = '\0';
	if (load_file(path, &text, &found, &e) == 0 && found) {
		n = text.len < cap - 1 ? text.len : cap - 1;
		memcpy(out, text.bytes, n);
		out[n] = '\0';
		out[strcspn(out, "\r\n")] = '\0';
	}
	buf_free(&text);
}

static int
find_machine(struct setup *s, struct err *e)
{
	const char *given = getenv("ROAM_MACHINE");
	char id[128], name[HOST_NAME_MAX + 1] = "";

	if (given != NULL && given[0] != '\0') {
		if (!machine_text_valid(given, strlen(given)))
			return err_set(e, ERR_USAGE,
			    "ROAM_MACHINE: at most %d bytes, and no control "
			    "characters",
			    MACHINE_TEXT_MAX);
		if (keep_text(&s->machine_id, given, e) == -1)
			return -1;
		return keep_text(&s->machine_name, given, e);
	}
	first_line("/etc/machine-id", id, sizeof(id));
	if (gethostname(name, sizeof(name) - 1) == -1 || name[0] == '\0')
		snprintf(name, sizeof(name), "localhost");
	if (keep_text(&s->machine_id, id[0] != '\0' ? id : name, e) == -1)
		return -1;
	return keep_text(&s->machine_name, name, e);
}

/* The settings' store, with who and where we are put in. */
static int
expand_store(struct setup *s, const char *pattern, struct err *e)
{
	char url[URL_SIZE_MAX];

	if (conf_store_url(url, sizeof(url), pattern, s->user, s->home, e) ==
	    -1)
		return -1;
	return keep_text(&s->store, url, e);
}

static int
load_cred(struct cred *out, const struct setup_how *how, struct err *e)
{
	if (how->credentials != NULL &&
	    cred_from_file(out, how->credentials, e) == -1)
		return -1;
	if (how->password_fd != NULL)
		return cred_from_fd(out, how->password_fd, e);
	return 0;
}

int
setup_load(struct setup *out, const struct setup_how *how, struct err *e)
{
	struct setup s = { 0 };
	const char *home;

	if (load_conf(&s, how->config, e) == -1 ||
	    find_user(&s, &home, e) == -1 ||
	    find_home(&s, how->home != NULL ? how->home : home, e) == -1 ||
	    find_machine(&s, e) == -1 || load_cred(&s.cred, how, e) == -1)
		goto fail;
	if (how->store != NULL) {
		if (keep_text(&s.store, how->store, e) == -1)
			goto fail;
	} else if (expand_store(&s, s.conf.conf.store, e) == -1) {
		goto fail;
	}
	*out = s;
	cred_wipe(&s.cred);
	return 0;
fail:
	setup_free(&s);
	return -1;
}

int
setup_load_rules(struct setup *s, struct err *e)
{
	const char *dir = getenv("ROAM_RULES_DIR");
	char user[PATH_MAX];

	if (rules_new(&s->rules, e) == -1)
		return -1;
	if (dir == NULL || dir[0] == '\0')
		dir = ROAM_DATADIR "/rules.d";
	if (use_dir(s, dir, is_rules, use_shipped, e) == -1 ||
	    use_dir(s, ROAM_SYSCONFDIR "/rules.d", is_rules, use_admin, e) ==
		-1)
		return -1;
	if (!s->conf.conf.user_rules)
		return 0;
	if ((size_t)snprintf(user, sizeof(user), "%s/.config/roam/rules",
		s->home) >= sizeof(user))
		return err_set(e, ERR_USAGE, "%s: path too long", s->home);
	return use_if_there(s, user, use_user, false, e);
}

int
setup_need_store(const struct setup *s, struct err *e)
{
	if (s->store[0] == '\0')
		return err_set(e, ERR_USAGE,
		    "no store is known: give --store URL, or set store in "
		    "roam.conf(5)");
	return store_check_url(s->store, e);
}

void
setup_free(struct setup *s)
{
	cred_wipe(&s->cred);
	rules_free(s->rules);
	conf_free(&s->conf);
	for (size_t i = 0; i < s->file_count; i++)
		free(s->file[i]);
	free(s->file);
	free(s->home);
	free(s->store);
	free(s->user);
	free(s->machine_id);
	free(s->machine_name);
	*s = (struct setup){ 0 };
}
