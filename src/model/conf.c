#include "model/conf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ini.h>

#include "base/text.h"

#define DAY ((uint64_t)24 * 60 * 60)

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
set_size(uint64_t *at, const struct conf_key *k, const char *value,
    struct err *e)
{
	uint64_t v;

	if (text_size(value, &v, e) == -1)
		return -1;
	if (v < k->min || v > k->max)
		return err_set(e, ERR_USAGE,
		    "'%s': not within %" PRIu64 " to %" PRIu64 " bytes", value,
		    k->min, k->max);
	*at = v;
	return 0;
}

/* As it is read: in the largest unit that leaves no rest. */
static const char *
show_size(uint64_t bytes, char *out, size_t cap)
{
	static const char letters[] = "KMGT";
	size_t i = 0;

	while (i < sizeof(letters) - 1 && bytes != 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	snprintf(out, cap, "%" PRIu64 "%.*s", bytes, i > 0,
	    letters + i - (i > 0));
	return out;
}

static int
set_value(struct conf *c, const struct conf_key *k, const char *value,
    struct err *e)
{
	void *at = field(c, k);

	switch (k->type) {
	case CONF_TEXT:
		if (k->max != 0 && strlen(value) > k->max)
			return err_set(e, ERR_USAGE,
			    "longer than %" PRIu64 " bytes", k->max);
		if (k->check != NULL && k->check(value, e) == -1)
			return -1;
		return set_text(at, value, e);
	case CONF_DURATION:
		return set_duration(at, k, value, e);
	case CONF_COUNT:
		return text_number(value, k->min, k->max, at, e);
	case CONF_SIZE:
		return set_size(at, k, value, e);
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
	case CONF_SIZE:
		return show_size(*(const uint64_t *)at, out, cap);
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

/* Without the slashes at its end. */
static size_t
url_len(const char *url)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	return len;
}

bool
conf_store_is_needed(const char *url)
{
	static const char mark[] = ".man";
	size_t len = url_len(url), end = strlen(mark);

	return len > end && strncasecmp(url + len - end, mark, end) == 0;
}
