#include "signin/quota.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define NAME_SHOWN 64 /* bytes of a directory's name */

/* How much of a file's path names the directory that it counts for; 0: the
 * home itself. */
static size_t
part_len(const struct entry *t)
{
	const char *slash = strchr(t->path, '/');
	const char *next;

	if (slash == NULL)
		return 0;
	if (t->path[0] == '.' && (next = strchr(slash + 1, '/')) != NULL)
		slash = next;
	return (size_t)(slash - t->path);
}

static void
add_part(struct quota *q, struct quota_part p)
{
	struct quota_part swap;

	if (p.bytes == 0)
		return;
	for (size_t i = 0; i < q->count; i++)
		if (p.bytes > q->part[i].bytes) {
			swap = q->part[i];
			q->part[i] = p;
			p = swap;
		}
	if (q->count < QUOTA_PARTS)
		q->part[q->count++] = p;
}

struct quota
quota_measure(const struct tree *home)
{
	struct quota q = { 0 };
	struct quota_part now = { .path = "" };
	const struct entry *t;
	size_t len;

	/* In order of their paths: what counts for one directory comes in a
	 * row. */
	for (size_t i = 0; i < home->count; i++) {
		t = home->entry[i];
		if (t->type != ENTRY_FILE)
			continue;
		q.bytes += t->size;
		if ((len = part_len(t)) == 0)
			continue;
		if (len != now.len || memcmp(t->path, now.path, len) != 0) {
			add_part(&q, now);
			now =
			    (struct quota_part){ .path = t->path, .len = len };
		}
		now.bytes += t->size;
	}
	add_part(&q, now);
	return q;
}

const char *
quota_text(const struct quota *q, uint64_t max, char *out, size_t cap)
{
	char size[TEXT_SIZE_MAX], name[NAME_SHOWN];
	char allowed[TEXT_SIZE_MAX];
	size_t used;
	int n;

	n = snprintf(out, cap, "%s, of %s that are allowed",
	    text_size_human(q->bytes, size), text_size_human(max, allowed));
	used = n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < q->count && used < cap; i++) {
		text_show(q->part[i].path, q->part[i].len, name, sizeof(name));
		n = snprintf(out + used, cap - used, "%s%s %s",
		    i == 0 ? "; largest: " : ", ", name,
		    text_size_human(q->part[i].bytes, size));
		used += n > 0 ? (size_t)n : 0;
	}
	return out;
}
