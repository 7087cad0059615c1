#include <string.h>

#include "base/path.h"
#include "base/text.h"

/* Is the component of len bytes one that a clean path may have? */
static bool
name_is_clean(const char *name, size_t len)
{
	if (len == 0 || len > NAME_LEN_MAX)
		return false;
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return false;
	return true;
}

bool
path_is_clean(const char *path, size_t len)
{
	const char *end = path + len, *slash;

	if (len == 0 || len > PATH_LEN_MAX || memchr(path, '\0', len) != NULL)
		return false;
	while ((slash = memchr(path, '/', (size_t)(end - path))) != NULL) {
		if (!name_is_clean(path, (size_t)(slash - path)))
			return false;
		path = slash + 1;
	}
	return name_is_clean(path, (size_t)(end - path));
}

int
path_order(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t n = a_len < b_len ? a_len : b_len, i = 0;
	unsigned char x, y;

	/* Neighbours share most of their bytes: eight at a time. */
	while (n - i >= 8 && memcmp(a + i, b + i, 8) == 0)
		i += 8;
	while (i < n && a[i] == b[i])
		i++;
	if (i == n)
		return (a_len > b_len) - (a_len < b_len);
	x = (unsigned char)a[i];
	y = (unsigned char)b[i];
	if (x == '/')
		return -1;
	if (y == '/')
		return 1;
	return x < y ? -1 : 1;
}

bool
path_is_within(const char *path, size_t len, const char *dir, size_t dir_len)
{
	if (dir_len == 0)
		return true;
	return len >= dir_len && memcmp(path, dir, dir_len) == 0 &&
	    (len == dir_len || path[dir_len] == '/');
}

size_t
path_parent_len(const char *path, size_t len)
{
	const char *slash = memrchr(path, '/', len);

	return slash == NULL ? 0 : (size_t)(slash - path);
}

const char *
path_name(const char *path, size_t len)
{
	const char *slash = memrchr(path, '/', len);

	return slash == NULL ? path : slash + 1;
}

int
path_join(char *out, size_t cap, const char *dir, const char *name,
    struct err *e)
{
	size_t dir_len = strlen(dir), name_len = strlen(name);
	size_t at = dir_len == 0 ? 0 : dir_len + 1;
	char shown[64];

	if (at + name_len > PATH_LEN_MAX || at + name_len >= cap)
		return err_set(e, ERR_LIMIT, "%s: path too long",
		    text_show(name, name_len, shown, sizeof(shown)));
	memmove(out, dir, dir_len + 1); /* out may be dir */
	if (dir_len > 0)
		out[dir_len] = '/';
	memcpy(out + at, name, name_len + 1);
	return 0;
}

/* What of arg is behind home, where arg is absolute; NULL: not below it. */
static const char *
behind_home(const char *home, const char *arg)
{
	size_t len = strlen(home);

	if (arg[0] != '/')
		return arg;
	while (len > 0 && home[len - 1] == '/')
		len--;
	if (strncmp(arg, home, len) != 0 ||
	    (arg[len] != '/' && arg[len] != '\0'))
		return NULL;
	return arg + len;
}

int
path_from_user(char *out, size_t cap, const char *home, const char *arg,
    struct err *e)
{
	const char *at = behind_home(home, arg);
	size_t used = 0, n;
	char shown[256];

	text_show(arg, strlen(arg), shown, sizeof(shown));
	if (*arg == '\0')
		return err_set(e, ERR_USAGE, "empty path");
	if (at == NULL)
		return err_set(e, ERR_USAGE, "%s: not below the home", shown);
	for (; *at != '\0'; at += n) {
		at += strspn(at, "/");
		n = strcspn(at, "/");
		if (n == 0 || (n == 1 && at[0] == '.'))
			continue;
		/* Where ".." leads depends on symlinks: never followed here. */
		if (n == 2 && at[0] == '.' && at[1] == '.')
			return err_set(e, ERR_USAGE, "%s: '..' in a path",
			    shown);
		if (n > NAME_LEN_MAX || used + n > PATH_LEN_MAX ||
		    used + n + 1 >= cap)
			return err_set(e, ERR_LIMIT, "%s: path too long",
			    shown);
		if (used > 0)
			out[used++] = '/';
		memcpy(out + used, at, n);
		used += n;
	}
	out[used] = '\0';
	return 0;
}
