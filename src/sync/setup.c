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
#include "local/root.h"
#include "model/machine.h"
#include "store/store.h"
#include "sync/files.h"
#include "sync/setup.h"
#include "sync/sitting.h"

#define URL_SIZE_MAX 4096 /* bytes, with the NUL */

static int
keep_text(char **out, const char *text, struct err *e)
{
	if ((*out = strdup(text)) == NULL)
		return err_sys(e, "settings");
	return 0;
}

static int
use_conf(void *arg, const char *path, const char *text, size_t len,
    struct err *e)
{
	struct setup *s = arg;
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
load_conf(struct setup *s, const char *config, struct err *e)
{
	if (conf_new(&s->conf, e) == -1)
		return -1;
	if (config != NULL)
		return files_one(config, true, use_conf, s, e);
	if (files_one(ROAM_SYSCONFDIR "/roam.conf", false, use_conf, s, e) ==
	    -1)
		return -1;
	return files_all(ROAM_SYSCONFDIR "/roam.conf.d", ".conf", use_conf, s,
	    e);
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
	files_first_line("/etc/machine-id", id, sizeof(id));
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

/* Of the last session, where the settings name none: a directory may have. What
 * is in the way of it is in the way of more, and is told there. */
static int
find_last_store(struct setup *s, struct err *e)
{
	struct sitting last;
	struct root root;
	struct err why;
	int fd;

	if (s->store[0] != '\0' || root_open(&root, s->home, &why) == -1)
		return 0;
	fd = root_state_dir(&root, false, &why);
	root_close(&root);
	sitting_load(&last, fd);
	if (fd != -1)
		close(fd);
	if (last.store[0] == '\0' || store_check_url(last.store, &why) == -1)
		return 0;
	free(s->store);
	s->store = NULL;
	return keep_text(&s->store, last.store, e);
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

	if ((how->defaults ? conf_new(&s.conf, e)
			   : load_conf(&s, how->config, e)) == -1 ||
	    find_user(&s, &home, e) == -1 ||
	    find_home(&s, how->home != NULL ? how->home : home, e) == -1 ||
	    find_machine(&s, e) == -1 || load_cred(&s.cred, how, e) == -1)
		goto fail;
	if (how->store != NULL) {
		if (keep_text(&s.store, how->store, e) == -1)
			goto fail;
	} else if (expand_store(&s, s.conf.conf.store, e) == -1 ||
	    (how->last_store && find_last_store(&s, e) == -1)) {
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
setup_load_settings(struct setup *out, const char *config, struct err *e)
{
	struct setup s = { 0 };

	if (load_conf(&s, config, e) == -1) {
		setup_free(&s);
		return -1;
	}
	*out = s;
	return 0;
}

int
setup_default_settings(struct setup *out, struct err *e)
{
	struct setup s = { 0 };

	if (conf_new(&s.conf, e) == -1)
		return -1;
	*out = s;
	return 0;
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
