#include <string.h>

#include "base/path.h"
#include "sync/choose.h"

int
choose_parents(struct tree *out, const struct tree *t, const char *path,
    struct err *e)
{
	const struct entry *dir;

	for (size_t n = 0; path[n] != '\0'; n++)
		if (path[n] == '/' && (dir = tree_find(t, path, n)) != NULL &&
		    dir->type == ENTRY_DIR && tree_add(out, dir, e) == -1)
			return -1;
	return 0;
}

int
choose_path(struct tree *out, const struct tree *t, const char *path,
    struct err *e)
{
	size_t len = strlen(path), i = tree_lower(t, path, len);
	size_t before;

	if (choose_parents(out, t, path, e) == -1)
		return -1;
	before = out->count;
	for (; i < t->count &&
	     (len == 0 ||
		 path_is_within(t->entry[i]->path, t->entry[i]->path_len, path,
		     len));
	     i++)
		if (tree_add(out, t->entry[i], e) == -1)
			return -1;
	if (out->count == before && len > 0)
		return err_set(e, ERR_GONE, "%s: not in that generation", path);
	return 0;
}

void
choose_end(struct tree *out)
{
	size_t kept = 0;

	tree_sort(out);
	for (size_t i = 0; i < out->count; i++)
		if (kept == 0 ||
		    strcmp(out->entry[kept - 1]->path, out->entry[i]->path) !=
			0)
			out->entry[kept++] = out->entry[i];
	out->count = kept;
}
