#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "engine/report.h"

/*
 * A directory that stands for all below it: the first name of a path, and of
 * what lies in the folders of settings and data, where each program has one of
 * its own, one name more.
 */
static const char *const wide[] = { ".config/", ".local/", ".local/share/",
	".var/", ".var/app/", "snap/" };
#define N_WIDE (sizeof(wide) / sizeof(wide[0]))

static size_t
group_len(const char *path, size_t len)
{
	const char *slash;
	size_t from = 0, n;

	for (size_t i = 0; i < N_WIDE; i++) {
		n = strlen(wide[i]);
		if (len > n && memcmp(path, wide[i], n) == 0)
			from = n;
	}
	slash = memchr(path + from, '/', len - from);
	return slash != NULL ? (size_t)(slash - path) : 0;
}

/* Does path hold folders of many programs? */
static bool
is_wide(const char *path, size_t len)
{
	for (size_t i = 0; i < N_WIDE; i++)
		if (strlen(wide[i]) > len && wide[i][len] == '/' &&
		    memcmp(path, wide[i], len) == 0)
			return true;
	return false;
}

/* Length of the directory that stands for op; 0: it stands for itself. */
static size_t
group_of_op(const struct op *op)
{
	size_t len, dir;
	const char *path = op_path(op, &len);

	/* An op on the directory itself counts with what it holds. */
	dir = group_len(path, len);
	if (dir == 0 && report_subject(op)->type == ENTRY_DIR &&
	    !is_wide(path, len))
		dir = len;
	return dir;
}

bool
report_in_group(const struct op *op)
{
	return op->action != ACTION_CONFLICT && group_of_op(op) > 0;
}

struct group {
	uint64_t ops[ACTION__COUNT];
	uint64_t bytes;
	size_t end; /* index behind its last op */
	uint64_t shown;
};

static struct group
group_of(const struct plan *p, size_t i, const char *dir, size_t len)
{
	struct group g = { .end = i };
	const char *path;
	size_t path_len;

	for (; g.end < p->count; g.end++) {
		const struct op *op = &p->op[g.end];

		path = op_path(op, &path_len);
		if (!path_is_within(path, path_len, dir, len))
			break;
		if (!op_is_shown(op) || op->action == ACTION_CONFLICT)
			continue;
		g.ops[op->action]++;
		g.shown++;
		g.bytes += report_subject(op)->size;
	}
	return g;
}

static void
put_group(FILE *out, const struct group *g, const char *dir, size_t len)
{
	static const struct {
		enum action action;
		const char *text;
	} parts[] = {
		{ ACTION_UPLOAD, "up" },
		{ ACTION_DOWNLOAD, "down" },
		{ ACTION_RENAME, "renamed" },
		{ ACTION_ATTRIBUTES, "with other attributes" },
		{ ACTION_DELETE_STORE, "deleted in the store" },
		{ ACTION_DELETE_LOCAL, "deleted here" },
		{ ACTION_MERGE, "merged" },
	};
	char shown[4 * PATH_LEN_MAX + 1], size[TEXT_SIZE_MAX];
	const char *comma = "";

	fprintf(out, "would change       %8s  %s/  (",
	    text_size_human(g->bytes, size),
	    text_show(dir, len, shown, sizeof(shown)));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (g->ops[parts[i].action] > 0) {
			fprintf(out, "%s%llu %s", comma,
			    (unsigned long long)g->ops[parts[i].action],
			    parts[i].text);
			comma = ", ";
		}
	fputs(")\n", out);
}

void
report_groups(FILE *out, const struct plan *p)
{
	const char *path;
	struct group g;
	size_t dir;

	for (size_t i = 0; i < p->count; i++) {
		if ((dir = group_of_op(&p->op[i])) == 0)
			continue;
		path = op_path(&p->op[i], NULL);
		g = group_of(p, i, path, dir);
		if (g.shown > 0)
			put_group(out, &g, path, dir);
		if (g.end > i)
			i = g.end - 1;
	}
}
