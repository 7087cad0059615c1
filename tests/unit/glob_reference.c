#include <stdlib.h>
#include <string.h>

#include "glob_reference.h"

/* The brackets that patterns are made of, and the letters each matches. */
static const struct {
	const char *text;
	const char *letters;
} brackets[] = {
	{ "[ab]", "ab" },
	{ "[!a]", "bcd.1*" },
	{ "[^b]", "acd.1*" },
	{ "[a-c]", "abc" },
	{ "[[:digit:]]", "1" },
	{ "[.]", "." },
};
#define N_BRACKETS (sizeof(brackets) / sizeof(brackets[0]))

/* deep: "**" between slashes is special; start: p begins a part. */
static bool
match(const char *p, const char *s, bool deep, bool start)
{
	if (deep && start && strcmp(p, "**") == 0)
		return *s != '\0';
	if (deep && start && strncmp(p, "**/", 3) == 0) {
		if (match(p + 3, s, deep, true))
			return true;
		for (; *s != '\0'; s++)
			if (*s == '/' && match(p + 3, s + 1, deep, true))
				return true;
		return false;
	}
	if (*p == '*') {
		for (; !match(p + 1, s, deep, false); s++)
			if (*s == '\0' || *s == '/')
				return false;
		return true;
	}
	if (*p == '\0' || *s == '\0')
		return *p == *s;
	for (size_t i = 0; i < N_BRACKETS; i++)
		if (strncmp(p, brackets[i].text, strlen(brackets[i].text)) == 0)
			return strchr(brackets[i].letters, *s) != NULL &&
			    match(p + strlen(brackets[i].text), s + 1, deep,
				false);
	if (*p == '\\')
		return p[1] == *s && match(p + 2, s + 1, deep, false);
	if (*p == '?' ? *s == '/' : *p != *s)
		return false;
	return match(p + 1, s + 1, deep, *p == '/');
}

bool
reference_match(const char *pattern, const char *path)
{
	const char *slash = strrchr(path, '/');
	char p[REFERENCE_MAX];
	size_t len = strlen(pattern);

	memcpy(p, pattern, len + 1);
	if (len > 1 && p[len - 1] == '/')
		p[len - 1] = '\0';
	if (strchr(p, '/') == NULL)
		return match(p, slash != NULL ? slash + 1 : path, false, true);
	return match(p[0] == '/' ? p + 1 : p, path, true, true);
}

static unsigned
below(unsigned n, unsigned *seed)
{
	return (unsigned)rand_r(seed) % n;
}

void
reference_pattern(char out[REFERENCE_MAX], unsigned *seed)
{
	static const char *const bits[] = { "a", "b", "c", ".", "1", "*", "**",
		"?", "\\*", "\\a" };
	unsigned parts = 1 + below(4, seed);
	const char *bit;

	strcpy(out, below(4, seed) == 0 ? "/" : "");
	for (unsigned i = 0; i < parts; i++) {
		if (i > 0)
			strcat(out, "/");
		if (below(5, seed) == 0) {
			strcat(out, "**");
			continue;
		}
		for (unsigned n = 1 + below(3, seed); n > 0; n--) {
			if (below(6, seed) == 0)
				bit = brackets[below(N_BRACKETS, seed)].text;
			else
				bit = bits[below(10, seed)];
			strcat(out, bit);
		}
	}
	if (below(4, seed) == 0)
		strcat(out, "/");
}

void
reference_path(char out[REFERENCE_MAX], unsigned *seed)
{
	unsigned parts = 1 + below(4, seed);
	size_t n = 0;

	for (unsigned i = 0; i < parts; i++) {
		if (i > 0)
			out[n++] = '/';
		out[n++] = "abc1"[below(4, seed)];
		for (unsigned more = below(3, seed); more > 0; more--)
			out[n++] = "abcd.1*"[below(7, seed)];
	}
	out[n] = '\0';
}
