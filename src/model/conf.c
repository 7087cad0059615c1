#include "model/conf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "base/text.h"

#define DAY ((uint64_t)24 * 60 * 60)

static int check_store(const char *value, struct err *e);
static int check_encrypt(const char *value, struct err *e);
static int check_protocol(const char *value, struct err *e);

/* clang-format off */
const struct conf_key conf_keys[] = {
	{ "roam", "store", CONF_TEXT, offsetof(struct conf, store),
	  0, 0, check_store, "",
	  "Set roaming profile path for all users logging onto this computer",
	  "where profiles are kept: URL with %u for the user's name" },
	{ "roam", "check_owner", CONF_BOOL, offsetof(struct conf, check_owner),
	  0, 0, NULL, "yes",
	  "Do not check for user ownership of Roaming Profile Folders",
	  "refuse a store that belongs to another user" },
	{ "roam", "user_rules", CONF_BOOL, offsetof(struct conf, user_rules),
	  0, 0, NULL, "yes", "",
	  "read the rules that users write for themselves" },
	{ "roam", "compression", CONF_COUNT, offsetof(struct conf, compression),
	  1, 19, NULL, "3", "",
	  "zstd level of new packs" },
	{ "network", "connect_timeout", CONF_DURATION,
	  offsetof(struct conf, connect_timeout_s),
	  1, 300, NULL, "5s", "",
	  "how long to look for a server before it counts as away" },
	{ "network", "answer_timeout", CONF_DURATION,
	  offsetof(struct conf, answer_timeout_s),
	  2, 3600, NULL, "30s", "",
	  "how long a server may say nothing before it counts as away" },
	{ "network", "smb_encrypt", CONF_TEXT, offsetof(struct conf, smb_encrypt),
	  0, 0, check_encrypt, "required", "",
	  "encrypt what goes to an SMB server: required, desired or off" },
	{ "network", "smb_min_protocol", CONF_TEXT,
	  offsetof(struct conf, smb_min_protocol),
	  0, 0, check_protocol, "SMB3", "",
	  "oldest version of SMB that a server may speak" },
	{ "history", "keep", CONF_DURATION, offsetof(struct conf, keep_s),
	  0, 36500 * DAY, NULL, "30d", "",
	  "how long superseded generations are kept" },
	{ "history", "keep_min", CONF_COUNT, offsetof(struct conf, keep_min),
	  1, 1000000, NULL, "10", "",
	  "generations that are kept however old they are" },
	{ "history", "records", CONF_COUNT, offsetof(struct conf, records),
	  64, 100000, NULL, "512", "",
	  "generations whose record stays when the rest is gone" },
	{ "guard", "percent", CONF_COUNT, offsetof(struct conf, guard_percent),
	  0, 100, NULL, "50", "",
	  "deletions are held back beyond this share of the entries" },
	{ "guard", "count", CONF_COUNT, offsetof(struct conf, guard_count),
	  0, 16777216, NULL, "100", "",
	  "deletions are held back beyond this number" },
};
/* clang-format on */
const size_t conf_key_count = sizeof(conf_keys) / sizeof(conf_keys[0]);

/* One file on its way through libinih. */
struct feed {
	const char *text;
	size_t left;
	unsigned line; /* that was handed out last */
	const char *file;
	struct conf_set *set;
	struct err *e;
	bool failed; /* e says why, file and line included */
};

static void *
field(struct conf *c, const struct conf_key *k)
{
	return (char *)c + k->offset;
}

static const void *
field_of(const struct conf *c, const struct conf_key *k)
{
	return (const char *)c + k->offset;
}

/* The text of a key from now on. */
static int
set_text(char **at, const char *value, struct err *e)
{
	char *copy = strdup(value);

	if (copy == NULL)
		return err_sys(e, "settings");
	free(*at);
	*at = copy;
	return 0;
}

static int
set_duration(uint64_t *at, const struct conf_key *k, const char *value,
    struct err *e)
{
	uint64_t v, unit = k->max >= DAY ? DAY : 1;

	if (text_duration(value, &v, e) == -1)
		return -1;
	if (v < k->min || v > k->max)
		return err_set(e, ERR_USAGE,
		    "'%s': not within %" PRIu64 " to %" PRIu64 " %s", value,
		    k->min / unit, k->max / unit,
		    unit == DAY ? "days" : "seconds");
	*at = v;
	return 0;
}

static int
set_value(struct conf *c, const struct conf_key *k, const char *value,
    struct err *e)
{
	void *at = field(c, k);

	switch (k->type) {
	case CONF_TEXT:
		if (k->check != NULL && k->check(value, e) == -1)
			return -1;
		return set_text(at, value, e);
	case CONF_DURATION:
		return set_duration(at, k, value, e);
	case CONF_COUNT:
		return text_number(value, k->min, k->max, at, e);
	case CONF_BOOL:
		return text_bool(value, at, e);
	}
	return err_set(e, ERR_USAGE, "no such type");
}

int
conf_new(struct conf_set *out, struct err *e)
{
	struct conf_set c = { 0 };

	c.origin = calloc(conf_key_count, sizeof(*c.origin));
	if (c.origin == NULL)
		return err_sys(e, "settings");
	for (size_t i = 0; i < conf_key_count; i++)
		if (set_value(&c.conf, &conf_keys[i], conf_keys[i].fallback,
			e) == -1) {
			conf_free(&c);
			return -1;
		}
	*out = c;
	return 0;
}

static int
copy_set(struct conf_set *out, const struct conf_set *c, struct err *e)
{
	size_t size = conf_key_count * sizeof(*c->origin);
	struct conf_set copy = { .conf = c->conf };

	for (size_t i = 0; i < conf_key_count; i++)
		if (conf_keys[i].type == CONF_TEXT)
			*(char **)field(&copy.conf, &conf_keys[i]) = NULL;
	if ((copy.origin = malloc(size)) == NULL) {
		err_sys(e, "settings");
		goto fail;
	}
	memcpy(copy.origin, c->origin, size);
	for (size_t i = 0; i < conf_key_count; i++)
		if (conf_keys[i].type == CONF_TEXT &&
		    set_text(field(&copy.conf, &conf_keys[i]),
			*(char *const *)field_of(&c->conf, &conf_keys[i]),
			e) == -1)
			goto fail;
	*out = copy;
	return 0;
fail:
	conf_free(&copy);
	return -1;
}

void
conf_free(struct conf_set *c)
{
	for (size_t i = 0; i < conf_key_count; i++)
		if (conf_keys[i].type == CONF_TEXT)
			free(*(char **)field(&c->conf, &conf_keys[i]));
	free(c->origin);
	*c = (struct conf_set){ 0 };
}

/*
 * What libinih would take for something else than it looks like: a comment
 * behind a value, a ':' for the '=', text behind a section, bytes that its
 * strings end at. line is without blanks at both ends and not empty.
 */
static int
check_line(const char *line, size_t len, size_t room, struct err *e)
{
	const char *sep;

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return err_set(e, ERR_USAGE, "control byte 0x%02x",
			    (unsigned)(unsigned char)line[i]);
	for (size_t i = 1; i < len; i++)
		if ((line[i] == ';' || line[i] == '#') &&
		    (line[i - 1] == ' ' || line[i - 1] == '\t'))
			return err_set(e, ERR_USAGE,
			    "a comment needs a line of its own");
	if (len + 3 > room)
		return err_set(e, ERR_USAGE, "line longer than %zu bytes",
		    room - 3);
	if (line[0] == '[') {
		sep = memchr(line, ']', len);
		if (sep != line + len - 1)
			return err_set(e, ERR_USAGE,
			    "not of the form [section]");
		return 0;
	}
	sep = memchr(line, '=', len);
	if (sep == NULL || memchr(line, ':', (size_t)(sep - line)) != NULL)
		return err_set(e, ERR_USAGE, "not of the form name = value");
	return 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/*
 * fgets() for libinih, one line of ours for each of its own. Blanks in front
 * are dropped, since a line that begins with them would go on where the value
 * before it ended; so are comments, which may be of any length.
 */
static char *
feed_line(char *out, int room, void *stream)
{
	struct feed *f = stream;
	const char *line = f->text, *stop;
	size_t len;

	if (f->failed || f->left == 0)
		return NULL;
	stop = memchr(line, '\n', f->left);
	len = stop != NULL ? (size_t)(stop - line) : f->left;
	f->text += stop != NULL ? len + 1 : len;
	f->left -= stop != NULL ? len + 1 : len;
	f->line++;

	if (f->line == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
		line += 3; /* a byte order mark */
		len -= 3;
	}
	for (; len > 0 && is_blank(line[0]); len--)
		line++;
	while (len > 0 && is_blank(line[len - 1]))
		len--;
	if (len == 0 || line[0] == '#' || line[0] == ';')
		len = 0;
	else if (check_line(line, len, (size_t)room, f->e) == -1) {
		err_wrap(f->e, "%s:%u", f->file, f->line);
		f->failed = true;
		return NULL;
	}
	memcpy(out, line, len);
	memcpy(out + len, "\n", 2);
	return out;
}

/* The index of the key, or -1 with e. */
static int
find_key(const char *section, const char *name, struct err *e)
{
	bool known = false;
	char shown[64];

	for (size_t i = 0; i < conf_key_count; i++) {
		if (strcmp(conf_keys[i].section, section) != 0)
			continue;
		if (strcmp(conf_keys[i].name, name) == 0)
			return (int)i;
		known = true;
	}
	text_show(name, strlen(name), shown, sizeof(shown));
	if (known)
		return err_set(e, ERR_USAGE, "no setting '%s' in [%s]", shown,
		    section);
	if (section[0] == '\0')
		return err_set(e, ERR_USAGE, "'%s' is in no [section]", shown);
	text_show(section, strlen(section), shown, sizeof(shown));
	return err_set(e, ERR_USAGE, "no section [%s]", shown);
}

static int
take(struct feed *f, const char *section, const char *name, const char *value)
{
	int i = find_key(section, name, f->e);

	if (i == -1)
		return -1;
	if (set_value(&f->set->conf, &conf_keys[i], value, f->e) == -1)
		return err_wrap(f->e, "%s", name);
	f->set->origin[i] = (struct conf_origin){ f->file, f->line };
	return 0;
}

/* libinih's handler: 0 is failure. */
static int
take_key(void *arg, const char *section, const char *name, const char *value)
{
	struct feed *f = arg;

	if (!f->failed && take(f, section, name, value) == -1) {
		err_wrap(f->e, "%s:%u", f->file, f->line);
		f->failed = true;
	}
	return !f->failed;
}

int
conf_read(struct conf_set *c, const char *file, const char *text, size_t len,
    struct err *e)
{
	struct conf_set now;
	struct feed f = { .text = text, .left = len, .file = file };
	int bad;

	if (copy_set(&now, c, e) == -1)
		return -1;
	f.set = &now;
	f.e = e;
	bad = ini_parse_stream(feed_line, &f, take_key, &f);
	if (bad != 0 && !f.failed) {
		err_set(e, ERR_USAGE, "%s:%d: not of the form name = value",
		    file, bad);
		f.failed = true;
	}
	if (f.failed) {
		conf_free(&now);
		return -1;
	}
	conf_free(c);
	*c = now;
	return 0;
}

static const char *
show_duration(uint64_t s, char *out, size_t cap)
{
	static const struct {
		uint64_t s;
		char letter;
	} units[] = { { DAY, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;

	while (s % units[i].s != 0)
		i++;
	snprintf(out, cap, "%" PRIu64 "%c", s / units[i].s, units[i].letter);
	return out;
}

const char *
conf_show(const struct conf_set *c, size_t i, char *out, size_t cap)
{
	const void *at = field_of(&c->conf, &conf_keys[i]);

	switch (conf_keys[i].type) {
	case CONF_TEXT:
		snprintf(out, cap, "%s", *(char *const *)at);
		break;
	case CONF_DURATION:
		return show_duration(*(const uint64_t *)at, out, cap);
	case CONF_COUNT:
		snprintf(out, cap, "%" PRIu64, *(const uint64_t *)at);
		break;
	case CONF_BOOL:
		snprintf(out, cap, "%s", *(const bool *)at ? "yes" : "no");
		break;
	}
	return out;
}

static bool
is_name(const char *s)
{
	return *s != '\0' && strcmp(s, ".") != 0 && strcmp(s, "..") != 0 &&
	    strchr(s, '/') == NULL;
}

/* What "%c" stands for; NULL with e. */
static const char *
stands_for(char c, const char *user, const char *home, struct err *e)
{
	const char *slash = strrchr(home, '/');
	const char *name = NULL;

	if (c == '%')
		return "%";
	if (c == 'u')
		name = user;
	else if (c == 'h')
		name = slash != NULL ? slash + 1 : home;
	if (name == NULL)
		err_set(e, ERR_USAGE, "a '%%' is %%u, %%h or %%%%");
	else if (!is_name(name))
		err_set(e, ERR_USAGE, "%%%c: not the name of a directory", c);
	else
		return name;
	return NULL;
}

int
conf_store_url(char *out, size_t cap, const char *text, const char *user,
    const char *home, struct err *e)
{
	const char *add;
	size_t used = 0, n;

	for (; *text != '\0'; text++) {
		add = text;
		n = 1;
		if (*text == '%') {
			if ((add = stands_for(*++text, user, home, e)) == NULL)
				return -1;
			n = strlen(add);
		}
		if (n >= cap - used)
			return err_set(e, ERR_LIMIT, "longer than %zu bytes",
			    cap - 1);
		memcpy(out + used, add, n);
		used += n;
	}
	out[used] = '\0';
	return 0;
}

static int
check_store(const char *value, struct err *e)
{
	char url[4096];

	if (*value == '\0')
		return 0;
	if (strncmp(value, "file:///", 8) != 0 &&
	    strncmp(value, "smb://", 6) != 0)
		return err_set(e, ERR_USAGE,
		    "a URL begins with file:/// or smb://");
	return conf_store_url(url, sizeof(url), value, "user", "/home", e);
}

/* Is value one of the words, of which the last is NULL? */
static int
check_word(const char *value, const char *const *words, const char *all,
    struct err *e)
{
	for (; *words != NULL; words++)
		if (strcmp(value, *words) == 0)
			return 0;
	return err_set(e, ERR_USAGE, "'%s': not one of %s", value, all);
}

static int
check_encrypt(const char *value, struct err *e)
{
	static const char *const words[] = { "required", "desired", "off",
		NULL };

	return check_word(value, words, "required, desired, off", e);
}

static int
check_protocol(const char *value, struct err *e)
{
	static const char *const words[] = { "SMB2_02", "SMB2_10", "SMB3",
		"SMB3_00", "SMB3_02", "SMB3_11", NULL };

	return check_word(value, words,
	    "SMB2_02, SMB2_10, SMB3, SMB3_00, SMB3_02, SMB3_11", e);
}
