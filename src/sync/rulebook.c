#include <sys/stat.h>
#include <sys/utsname.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/files.h"
#include "sync/rulebook.h"

#define OVERLAYS_MAX 64u
#define NAME_MAX_LEN 128u

/* The words that name an overlay's directory, and what follows them. */
static const char *const prefixes[] = { "os-", "arch-", "group-" };

struct overlays {
	char name[OVERLAYS_MAX][NAME_MAX_LEN];
	size_t count;
};

struct walk {
	const struct overlays *mine;
	rulebook_use *use;
	void *arg;
	struct rulebook_file file;
};

static void
add(struct overlays *o, const char *prefix, const char *name, size_t len)
{
	if (o->count < OVERLAYS_MAX && len > 0 &&
	    strlen(prefix) + len < NAME_MAX_LEN &&
	    memchr(name, '/', len) == NULL)
		snprintf(o->name[o->count++], NAME_MAX_LEN, "%s%.*s", prefix,
		    (int)len, name);
}

/* The value of key in os-release(5), without quotes; names and versions have
 * nothing in them that would need escaping. */
static const char *
os_value(const char *text, const char *end, const char *key, size_t *len)
{
	size_t n = strlen(key);
	const char *stop;

	for (; text < end; text = stop + 1) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (stop == NULL)
			stop = end;
		if ((size_t)(stop - text) <= n || memcmp(text, key, n) != 0)
			continue;
		text += n;
		*len = (size_t)(stop - text);
		if (*len >= 2 && (*text == '"' || *text == '\'')) {
			text++;
			*len -= 2;
		}
		return text;
	}
	return NULL;
}

static int
use_release(void *arg, const char *path, const char *text, size_t len,
    struct err *e)
{
	const char *id, *version;
	size_t id_len, version_len;
	char both[NAME_MAX_LEN];

	(void)path;
	(void)e;
	id = os_value(text, text + len, "ID=", &id_len);
	version = os_value(text, text + len, "VERSION_ID=", &version_len);
	if (id == NULL || id_len + 1 >= sizeof(both))
		return 0;
	add(arg, "os-", id, id_len);
	if (version == NULL || id_len + version_len + 2 > sizeof(both))
		return 0;
	snprintf(both, sizeof(both), "%.*s-%.*s", (int)id_len, id,
	    (int)version_len, version);
	add(arg, "os-", both, strlen(both));
	return 0;
}

static int
find_mine(struct overlays *out, const struct setup *s, struct err *e)
{
	const char *p = s->conf.conf.groups;
	struct utsname u;
	size_t n;

	*out = (struct overlays){ .count = 0 };
	if (files_one("/etc/os-release", false, use_release, out, e) == -1)
		return -1;
	if (out->count == 0 &&
	    files_one("/usr/lib/os-release", false, use_release, out, e) == -1)
		return -1;
	if (uname(&u) == 0)
		add(out, "arch-", u.machine, strlen(u.machine));
	for (; *(p += strspn(p, ", ")) != '\0'; p += n) {
		n = strcspn(p, ", ");
		add(out, "group-", p, n);
	}
	return 0;
}

static int
use_file(void *arg, const char *path, const char *text, size_t len,
    struct err *e)
{
	struct walk *w = arg;

	w->file.path = path;
	w->file.text = text;
	w->file.len = len;
	return w->use(w->arg, &w->file, e);
}

static int
use_overlay(struct walk *w, const char *dir, const char *name, bool active,
    struct err *e)
{
	char path[PATH_MAX];
	int rc;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return err_set(e, ERR_USAGE, "%s: path too long", dir);
	w->file.overlay = name;
	w->file.active = active;
	w->file.known = false;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			w->file.known = true;
	rc = files_all(path, ".rules", use_file, w, e);
	w->file.overlay = NULL;
	w->file.active = w->file.known = true;
	return rc;
}

static bool
is_mine(const struct walk *w, const char *name)
{
	for (size_t i = 0; i < w->mine->count; i++)
		if (strcmp(w->mine->name[i], name) == 0)
			return true;
	return false;
}

static int
use_others(struct walk *w, const char *dir, struct err *e)
{
	struct dirent **list = NULL;
	int n, rc = 0;

	n = scandir(dir, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (rc == 0 && list[i]->d_name[0] != '.' &&
		    !is_mine(w, list[i]->d_name))
			rc = use_overlay(w, dir, list[i]->d_name, false, e);
		free(list[i]);
	}
	free(list);
	return rc;
}

static int
use_dir(struct walk *w, const char *dir, enum rules_source source, bool all,
    struct err *e)
{
	w->file = (struct rulebook_file){ .source = source,
		.known = true,
		.active = true };
	if (files_all(dir, ".rules", use_file, w, e) == -1)
		return -1;
	for (size_t i = 0; i < w->mine->count; i++)
		if (use_overlay(w, dir, w->mine->name[i], true, e) == -1)
			return -1;
	return all ? use_others(w, dir, e) : 0;
}

int
rulebook_each(const struct setup *s, bool all, rulebook_use *use, void *arg,
    struct err *e)
{
	const char *dir = getenv("ROAM_RULES_DIR");
	struct overlays mine;
	struct walk w = { .mine = &mine, .use = use, .arg = arg };
	char user[PATH_MAX];

	if (find_mine(&mine, s, e) == -1)
		return -1;
	if (dir == NULL || dir[0] == '\0')
		dir = ROAM_DATADIR "/rules.d";
	if (use_dir(&w, dir, RULES_SHIPPED, all, e) == -1 ||
	    use_dir(&w, ROAM_SYSCONFDIR "/rules.d", RULES_ADMIN, all, e) == -1)
		return -1;
	if (!s->conf.conf.user_rules)
		return 0;
	if ((size_t)snprintf(user, sizeof(user), "%s/.config/roam/rules",
		s->home) >= sizeof(user))
		return err_set(e, ERR_USAGE, "%s: path too long", s->home);
	w.file.source = RULES_USER;
	return files_one(user, false, use_file, &w, e);
}

static int
take_file(void *arg, const struct rulebook_file *f, struct err *e)
{
	return rules_add(arg, f->source, f->path, f->text, f->len, e);
}

int
setup_load_rules(struct setup *s, struct err *e)
{
	if (rules_new(&s->rules, e) == -1)
		return -1;
	return rulebook_each(s, false, take_file, s->rules, e);
}
