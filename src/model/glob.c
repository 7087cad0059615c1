#include "model/glob.h"

#include <string.h>

/* What [:name:] stands for: pairs of first and last byte, in any locale. */
static const struct {
	const char *name;
	const char *ranges;
} classes[] = {
	{ "alnum", "azAZ09" },
	{ "alpha", "azAZ" },
	{ "blank", "  \t\t" },
	{ "cntrl", "\x01\x1f\x7f\x7f" },
	{ "digit", "09" },
	{ "graph", "!~" },
	{ "lower", "az" },
	{ "print", " ~" },
	{ "punct", "!/:@[`{~" },
	{ "space", "\t\r  " },
	{ "upper", "AZ" },
	{ "xdigit", "09afAF" },
};

static bool
in_ranges(const char *ranges, unsigned char c)
{
	for (; *ranges != '\0'; ranges += 2)
		if ((unsigned char)ranges[0] <= c &&
		    c <= (unsigned char)ranges[1])
			return true;
	return false;
}

/* Step over the "[:name:]" at p; NULL where there is no such class. */
static const char *
class_item(const char *p, const char *end, unsigned char c, bool *found)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		size_t n = strlen(classes[i].name);

		if ((size_t)(end - p) < n + 4 ||
		    memcmp(p + 2, classes[i].name, n) != 0 ||
		    memcmp(p + 2 + n, ":]", 2) != 0)
			continue;
		if (in_ranges(classes[i].ranges, c))
			*found = true;
		return p + n + 4;
	}
	return NULL;
}

/* Step over one byte of a bracket, which may be escaped. */
static const char *
byte_item(const char *p, const char *end, unsigned char *out)
{
	if (p < end && *p == '\\')
		p++;
	if (p == end)
		return NULL;
	*out = (unsigned char)*p;
	return p + 1;
}

/* Step over a byte or a range of bytes; NULL where it is malformed. */
static const char *
range_item(const char *p, const char *end, unsigned char c, bool *found)
{
	unsigned char lo, hi;

	if ((p = byte_item(p, end, &lo)) == NULL)
		return NULL;
	hi = lo;
	if (end - p > 1 && p[0] == '-' && p[1] != ']' &&
	    (p = byte_item(p + 1, end, &hi)) == NULL)
		return NULL;
	if (lo > hi)
		return NULL;
	if (lo <= c && c <= hi)
		*found = true;
	return p;
}

/*
 * Step over the "[...]" at p and say whether c is in it; NULL where it is
 * malformed. The same walk checks a pattern and matches it, so that the two
 * cannot disagree about where a bracket ends.
 */
static const char *
bracket(const char *p, const char *end, unsigned char c, bool *hit)
{
	bool found = false, inverted;
	const char *first;

	p++;
	inverted = p < end && (*p == '!' || *p == '^');
	if (inverted)
		p++;
	first = p;
	while (p < end && (*p != ']' || p == first)) {
		if (end - p > 1 && p[0] == '[' && p[1] == ':')
			p = class_item(p, end, c, &found);
		else
			p = range_item(p, end, c, &found);
		if (p == NULL)
			return NULL;
	}
	if (p == end)
		return NULL;
	*hit = found != inverted;
	return p + 1;
}

/* Match one byte with what stands at p; returns what follows, or NULL. */
static const char *
match_one(const char *p, const char *end, char c)
{
	bool hit = false;

	if (p == end)
		return NULL;
	if (*p == '?')
		return p + 1;
	if (*p == '[') {
		p = bracket(p, end, (unsigned char)c, &hit);
		return hit ? p : NULL;
	}
	if (*p == '\\')
		p++;
	return *p == c ? p + 1 : NULL;
}

/*
 * Only the last '*' ever has to be tried anew: what an earlier one took was
 * the least it could, and more would leave less for the rest.
 */
static bool
match_wild(const struct glob_part *part, const char *s, size_t len)
{
	const char *p = part->text, *end = p + part->len, *next;
	const char *s_end = s + len, *star = NULL, *retry = NULL;

	for (;;) {
		if (p < end && *p == '*') {
			star = ++p;
			retry = s;
			if (p == end)
				return true;
			continue;
		}
		if (s == s_end)
			return p == end;
		if ((next = match_one(p, end, *s)) != NULL) {
			p = next;
			s++;
			continue;
		}
		if (star == NULL)
			return false;
		p = star;
		s = ++retry;
	}
}

static bool
match_part(const struct glob_part *part, const char *name, size_t len)
{
	if (part->kind == GLOB_EXACT)
		return part->len == len && memcmp(part->text, name, len) == 0;
	return match_wild(part, name, len);
}

/* The end of the component at p. */
static const char *
component_end(const char *p, const char *end)
{
	const char *slash = memchr(p, '/', (size_t)(end - p));

	return slash != NULL ? slash : end;
}

/* As match_wild(), with components for bytes and "**" for '*'. */
bool
glob_match(const struct glob *g, size_t from, const char *path, size_t len)
{
	const char *at = path, *end = path + len, *retry = NULL, *stop;
	size_t i = from, deep = 0;

	for (;;) {
		if (i < g->count && g->part[i].kind == GLOB_DEEP) {
			deep = ++i;
			retry = at;
			if (i == g->count) /* below it, so not itself */
				return at < end;
			continue;
		}
		if (at == end)
			return i == g->count;
		stop = component_end(at, end);
		if (i < g->count &&
		    match_part(&g->part[i], at, (size_t)(stop - at))) {
			i++;
			at = stop < end ? stop + 1 : end;
			continue;
		}
		if (retry == NULL)
			return false;
		stop = component_end(retry, end);
		at = retry = stop < end ? stop + 1 : end;
		i = deep;
	}
}

/* Step over what stands for one byte of a name, or '*'; NULL with e. */
static const char *
element_end(const char *p, const char *end, bool *wild, struct err *e)
{
	const char *from = p;
	bool hit;

	if (*p == '\\') {
		if (end - p >= 2 && p[1] != '/')
			return p + 2;
		err_set(e, ERR_USAGE, "nothing to escape behind '\\'");
		return NULL;
	}
	if (*p == '*' || *p == '?' || *p == '[')
		*wild = true;
	if (*p != '[')
		return p + 1;
	p = bracket(from, end, 0, &hit);
	if (p != NULL && memchr(from, '/', (size_t)(p - from)) == NULL)
		return p;
	err_set(e, ERR_USAGE, "malformed '[...]'");
	return NULL;
}

/* Step over the part at p up to its slash or the end; NULL with e. */
static const char *
part_end(const char *p, const char *end, bool *wild, struct err *e)
{
	*wild = false;
	while (p != NULL && p < end && *p != '/')
		p = element_end(p, end, wild, e);
	return p;
}

static bool
is_dots(const char *text, size_t len)
{
	return (len == 1 && text[0] == '.') ||
	    (len == 2 && memcmp(text, "..", 2) == 0);
}

static int
part_fill(struct glob_part *out, struct arena *a, const char *text, size_t len,
    bool wild, struct err *e)
{
	char *copy;
	size_t n = 0;

	if (len == 0)
		return err_set(e, ERR_USAGE, "'//': a name is missing");
	if (is_dots(text, len))
		return err_set(e, ERR_USAGE, "'.' and '..' match nothing");
	if ((copy = arena_copy(a, text, len, e)) == NULL)
		return -1;
	if (!wild) {
		for (size_t i = 0; i < len; i++) {
			if (copy[i] == '\\')
				i++;
			copy[n++] = copy[i];
		}
		copy[n] = '\0';
		len = n;
	}
	out->text = copy;
	out->len = (uint16_t)len;
	out->kind = wild ? GLOB_WILD : GLOB_EXACT;
	return 0;
}

/* Cut text into parts, behind those that g has. */
static int
cut(struct glob *g, struct glob_part *part, struct arena *a, const char *text,
    size_t len, struct err *e)
{
	const char *p = text, *end = text + len, *stop;
	bool wild, anchored = g->count == 0;

	for (;; p = stop + 1) {
		if ((stop = part_end(p, end, &wild, e)) == NULL)
			return -1;
		/* "**" is special between slashes only. */
		if (anchored && stop - p == 2 && memcmp(p, "**", 2) == 0) {
			if (g->count == 0 ||
			    part[g->count - 1].kind != GLOB_DEEP)
				part[g->count++].kind = GLOB_DEEP;
		} else if (part_fill(&part[g->count], a, p, (size_t)(stop - p),
			       wild, e) == -1) {
			return -1;
		} else {
			g->count++;
		}
		if (stop == end)
			return 0;
	}
}

static int
join_lead(struct glob *g, struct arena *a, struct err *e)
{
	char *lead;
	size_t len = 0;

	while (g->lead_count < g->count &&
	    g->part[g->lead_count].kind == GLOB_EXACT)
		len += (size_t)g->part[g->lead_count++].len + 1;
	if (len == 0)
		return 0;
	if ((lead = arena_alloc(a, len, e)) == NULL)
		return -1;
	g->lead = lead;
	g->lead_len = (uint16_t)(len - 1);
	for (size_t i = 0; i < g->lead_count; i++) {
		memcpy(lead, g->part[i].text, (size_t)g->part[i].len + 1);
		lead += g->part[i].len;
		*lead++ = i + 1 < g->lead_count ? '/' : '\0';
	}
	return 0;
}

int
glob_parse(struct glob *out, struct arena *a, const char *text, size_t len,
    struct err *e)
{
	struct glob g = { .lead = "" };
	struct glob_part *part;
	size_t slashes = 0;
	bool anchored;

	if (len > GLOB_TEXT_MAX)
		return err_set(e, ERR_USAGE, "pattern longer than %d bytes",
		    GLOB_TEXT_MAX);
	if (len > 0 && text[0] == '!')
		return err_set(e, ERR_USAGE,
		    "'!' is not used here: write a rule of class roam");
	if (len > 1 && memcmp(text, "~/", 2) == 0)
		return err_set(e, ERR_USAGE,
		    "'~/': patterns begin at the home already");
	if (len > 1 && text[len - 1] == '/') {
		g.dir_only = true;
		len--;
	}
	for (size_t i = 0; i < len; i++)
		slashes += text[i] == '/';
	anchored = slashes > 0;
	if (len > 0 && text[0] == '/') {
		text++;
		len--;
	}
	if (len == 0)
		return err_set(e, ERR_USAGE, "pattern missing");

	part = arena_alloc(a, (slashes + 2) * sizeof(*part), e);
	if (part == NULL)
		return -1;
	memset(part, 0, (slashes + 2) * sizeof(*part));
	if (!anchored)
		part[g.count++].kind = GLOB_DEEP;
	if (cut(&g, part, a, text, len, e) == -1)
		return -1;
	g.part = part;
	if (join_lead(&g, a, e) == -1)
		return -1;
	*out = g;
	return 0;
}

/* How examples fill in what stands for many names. */
static const struct {
	const char *star, *deep;
} fillings[GLOB_EXAMPLES] = {
	{ "\x01", "" },
	{ "\x01\x02\x03\x04\x05\x06", "\x01" },
	{ "", "\x02/\x03/\x04" },
};

/* A byte of the bracket at p: the first for number 0, else the last. */
static const char *
bracket_byte(const char *p, const char *end, unsigned number, char *out)
{
	const char *next = NULL, *after;
	bool hit = false;

	for (unsigned i = 1; i < 256; i++) {
		unsigned char c = (unsigned char)(number == 0 ? i : 256 - i);

		if (c == '/' || (after = bracket(p, end, c, &hit)) == NULL ||
		    !hit)
			continue;
		*out = (char)c;
		next = after;
		break;
	}
	return next;
}

/* Behind what out holds already; false where it has no room. */
static bool
put_text(char *out, size_t cap, size_t *len, const char *text, size_t n)
{
	if (n >= cap - *len)
		return false;
	memcpy(out + *len, text, n);
	*len += n;
	return true;
}

static bool
put_wild(const struct glob_part *part, unsigned number, char *out, size_t cap,
    size_t *len)
{
	const char *p = part->text, *end = p + part->len;
	const char *star = fillings[number].star;
	bool fits = true;
	char c;

	while (p != NULL && p < end && fits) {
		if (*p == '*') {
			fits = put_text(out, cap, len, star, strlen(star));
			p++;
			continue;
		}
		c = *p;
		if (*p == '[') {
			p = bracket_byte(p, end, number, &c);
		} else if (*p == '?') {
			c = '\x01';
			p++;
		} else {
			if (*p == '\\')
				c = *++p;
			p++;
		}
		fits = put_text(out, cap, len, &c, 1);
	}
	return p != NULL && fits;
}

size_t
glob_example(const struct glob *g, unsigned number, char *out, size_t cap)
{
	const char *deep = fillings[number].deep;
	size_t len = 0, before;
	bool fits = true;

	for (size_t i = 0; i < g->count && fits; i++) {
		const struct glob_part *part = &g->part[i];

		if (part->kind == GLOB_DEEP && deep[0] == '\0')
			continue;
		if (len > 0)
			fits = put_text(out, cap, &len, "/", 1);
		before = len;
		if (!fits)
			break;
		if (part->kind == GLOB_EXACT)
			fits = put_text(out, cap, &len, part->text, part->len);
		else if (part->kind == GLOB_DEEP)
			fits = put_text(out, cap, &len, deep, strlen(deep));
		else
			fits = put_wild(part, number, out, cap, &len);
		fits = fits && len > before;
	}
	if (!fits || len == 0)
		return 0;
	out[len] = '\0';
	return glob_match(g, 0, out, len) ? len : 0;
}
