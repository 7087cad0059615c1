#include <sys/stat.h>
#include <sys/xattr.h>

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/reader.h"
#include "local/meta.h"
#include "local/vouch.h"

#define ACL_ACCESS  "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"

/* What roams, and all that is ever written: names of the store that say
 * otherwise are passed over. */
static bool
name_roams(const char *name)
{
	return strncmp(name, "user.", 5) == 0 ||
	    strcmp(name, ACL_ACCESS) == 0 || strcmp(name, ACL_DEFAULT) == 0;
}

/* Names of a file's attributes: NUL-ended, one behind the other. */
struct names {
	char few[256]; /* most files have none or one */
	char *many;    /* owned */
	const char *bytes;
	size_t len;
};

static bool
has_none(int sys)
{
	return sys == ENOTSUP || sys == ENOSYS;
}

static int
names_list(struct names *n, int fd, struct err *e)
{
	ssize_t len;

	n->many = NULL;
	n->bytes = n->few;
	n->len = 0;
	len = flistxattr(fd, n->few, sizeof(n->few));
	if (len == -1 && errno == ERANGE) {
		if ((n->many = malloc(XATTR_LIST_MAX)) == NULL)
			return err_sys(e, "attributes");
		n->bytes = n->many;
		len = flistxattr(fd, n->many, XATTR_LIST_MAX);
	}
	if (len == -1 && !has_none(errno)) {
		err_sys(e, "attributes");
		free(n->many);
		return -1;
	}
	n->len = len == -1 ? 0 : (size_t)len;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names that roam, sorted; *out is malloc()ed, NULL where there are none. */
static int
names_sorted(const struct names *n, const char ***out, size_t *count,
    struct err *e)
{
	const char *end = n->bytes + n->len;
	size_t found = 0;

	*out = NULL;
	*count = 0;
	for (const char *s = n->bytes; s < end; s += strlen(s) + 1)
		found += name_roams(s);
	if (found == 0)
		return 0;
	if ((*out = calloc(found, sizeof(**out))) == NULL)
		return err_sys(e, "attributes");
	for (const char *s = n->bytes; s < end; s += strlen(s) + 1)
		if (name_roams(s))
			(*out)[(*count)++] = s;
	qsort(*out, *count, sizeof(**out), by_name);
	return 0;
}

static int
read_value(int fd, const char *name, struct buf *value, struct buf *out,
    struct err *e)
{
	ssize_t len;

	buf_clear(value);
	if (buf_room(value, XATTR_SIZE_MAX) == NULL)
		return buf_check(value, e);
	len = fgetxattr(fd, name, value->bytes, XATTR_SIZE_MAX);
	if (len == -1) /* removed since it was listed */
		return errno == ENODATA ? 0 : err_sys(e, "%s", name);
	buf_u16(out, (uint16_t)strlen(name));
	buf_bytes(out, name, strlen(name));
	buf_u32(out, (uint32_t)len);
	buf_bytes(out, value->bytes, (size_t)len);
	return 0;
}

/* All attributes of fd as one block, appended to out. */
static int
attrs_load(int fd, struct buf *out, struct err *e)
{
	struct buf value = { 0 };
	struct names n;
	const char **name = NULL;
	size_t count;
	int rc = -1;

	if (names_list(&n, fd, e) == -1)
		return -1;
	if (names_sorted(&n, &name, &count, e) == -1)
		goto out;
	for (size_t i = 0; i < count; i++)
		if (read_value(fd, name[i], &value, out, e) == -1)
			goto out;
	rc = buf_check(out, e);
out:
	buf_free(&value);
	free(name);
	free(n.many);
	return rc;
}

int
meta_read(int fd, struct arena *a, const uint8_t **out, uint32_t *len,
    struct err *e)
{
	struct buf b = { .max = ATTRS_MAX };
	const char *kept;
	int rc = -1;

	if (attrs_load(fd, &b, e) == -1)
		goto out;
	*out = NULL;
	*len = (uint32_t)b.len;
	rc = 0;
	if (b.len == 0)
		goto out;
	if ((kept = arena_copy(a, b.bytes, b.len, e)) == NULL)
		rc = -1;
	*out = (const uint8_t *)kept;
out:
	buf_free(&b);
	return rc;
}

/* One attribute out of a block. */
struct attr {
	char name[XATTR_NAME_MAX + 1];
	const uint8_t *value;
	uint32_t len;
};

/* False at the end, and at bytes that are no attribute. */
static bool
attr_next(struct reader *r, struct attr *out)
{
	const uint8_t *name;
	uint16_t len;

	if (r->left == 0)
		return false;
	len = reader_u16(r);
	name = reader_bytes(r, len);
	out->len = reader_u32(r);
	out->value = reader_bytes(r, out->len);
	if (r->bad || len > XATTR_NAME_MAX)
		return false;
	memcpy(out->name, name, len);
	out->name[len] = '\0';
	return true;
}

/* Take away what fd has and wanted has not; both are sorted. */
static void
attrs_drop(int fd, struct reader have, struct reader wanted, bool *partly)
{
	struct attr old, new;
	bool more = attr_next(&wanted, &new);

	while (attr_next(&have, &old)) {
		while (more && strcmp(new.name, old.name) < 0)
			more = attr_next(&wanted, &new);
		if (more && strcmp(new.name, old.name) == 0)
			continue;
		if (fremovexattr(fd, old.name) == -1 && errno != ENODATA)
			*partly = true;
	}
}

static void
attrs_set(int fd, struct reader have, struct reader wanted, bool *partly)
{
	struct attr old, new;
	bool more = attr_next(&have, &old);

	while (attr_next(&wanted, &new)) {
		while (more && strcmp(old.name, new.name) < 0)
			more = attr_next(&have, &old);
		if (more && strcmp(old.name, new.name) == 0 &&
		    old.len ==
			new.len &&memcmp(old.value, new.value, new.len) == 0)
			continue;
		if (!name_roams(new.name) ||
		    fsetxattr(fd, new.name, new.value, new.len, 0) == -1)
			*partly = true;
	}
}

static int
attrs_write(int fd, const struct stat *st, const struct entry *t, bool *partly,
    struct err *e)
{
	const struct extra *x = t->extra;
	struct reader have, wanted = { 0 };
	struct buf b = { .max = ATTRS_MAX + (XATTR_SIZE_MAX << 4) };
	int rc = -1;

	if (x != NULL && x->attrs_len > 0)
		wanted = reader_of(x->attrs, x->attrs_len);
	if (attrs_load(fd, &b, e) == -1)
		goto out;
	have = reader_of(b.bytes, b.len);
	rc = 0;
	if (have.left == wanted.left &&
	    (have.left == 0 || memcmp(have.at, wanted.at, have.left) == 0))
		goto out;
	/* The kernel asks for write permission, by mode and not by descriptor;
	 * the mode that is to stay is set after this. */
	if ((st->st_mode & S_IWUSR) == 0 &&
	    fchmod(fd, (st->st_mode & 07777) | S_IWUSR) == -1) {
		rc = err_sys(e, "mode");
		goto out;
	}
	attrs_drop(fd, have, wanted, partly);
	attrs_set(fd, have, wanted, partly);
out:
	buf_free(&b);
	return rc;
}

int
meta_write(int fd, const struct entry *t, bool *partly, struct err *e)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	mode_t mode = t->mode & ENTRY_MODE_MASK;
	struct stat st;

	*partly = false;
	if (fstat(fd, &st) == -1)
		return err_sys(e, "stat");
	if (attrs_write(fd, &st, t, partly, e) == -1)
		return -1;
	/* An ACL that was just written has changed the mode as well. */
	if (S_ISDIR(st.st_mode))
		mode |= st.st_mode & S_ISGID;
	if (fchmod(fd, mode) == -1)
		return err_sys(e, "mode");
	times[1] = time_of_ns(t->mtime_ns);
	if (futimens(fd, times) == -1)
		return err_sys(e, "times");
	return 0;
}
