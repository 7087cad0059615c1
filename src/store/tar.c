#include "store/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/reader.h"

/* Bytes of a member's headers beside its path and attributes. */
#define HEADER_GUESS 3072

struct tar {
	tar_sink *sink;
	void *arg;
	struct archive *archive;      /* NULL: none is open */
	struct archive_entry *member; /* owned; used for one after the other */
	locale_t utf8;                /* owned; 0: this machine has none */
	int64_t uid, gid;
	bool failed; /* the sink did, and why says how */
	struct err why;
};

static const mode_t tar_type[ENTRY__COUNT] = {
	[ENTRY_FILE] = AE_IFREG,
	[ENTRY_DIR] = AE_IFDIR,
	[ENTRY_LINK] = AE_IFLNK,
};

static la_ssize_t
take_bytes(struct archive *archive, void *arg, const void *bytes, size_t len)
{
	struct tar *t = arg;

	(void)archive;
	if (t->failed || t->sink(bytes, len, t->arg, &t->why) == -1) {
		t->failed = true;
		return -1;
	}
	return (la_ssize_t)len;
}

static int
tar_failed(const struct tar *t, const char *doing, struct err *e)
{
	const char *why;

	if (t->failed) {
		*e = t->why;
		return -1;
	}
	why = archive_error_string(t->archive);
	return err_set(e, ERR_SYSTEM, "archive: %s: %s", doing,
	    why != NULL ? why : "libarchive failed");
}

int
tar_new(struct tar **out, tar_sink *sink, void *arg, struct err *e)
{
	struct tar *t;

	if ((t = calloc(1, sizeof(*t))) == NULL ||
	    (t->member = archive_entry_new()) == NULL) {
		err_sys(e, "archive");
		tar_free(t);
		return -1;
	}
	t->sink = sink;
	t->arg = arg;
	t->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	t->uid = (int64_t)geteuid();
	t->gid = (int64_t)getegid();
	*out = t;
	return 0;
}

void
tar_free(struct tar *t)
{
	if (t == NULL)
		return;
	/* libarchive wants to end the archive, which may take many zeros;
	 * archive_write_fail() prevents that, but leaks. */
	t->failed = true;
	if (t->archive != NULL)
		(void)archive_write_free(t->archive);
	archive_entry_free(t->member);
	if (t->utf8 != (locale_t)0)
		freelocale(t->utf8);
	free(t);
}

bool
tar_is_open(const struct tar *t)
{
	return t->archive != NULL;
}

static int
open_archive(struct tar *t, struct err *e)
{
	struct archive *a;

	if ((a = archive_write_new()) == NULL)
		return err_sys(e, "archive");
	t->archive = a;
	if (archive_write_set_format_pax(a) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(a, 0) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK)
		return tar_failed(t, "options", e);
	/* Each xattr once, in the form that GNU tar and bsdtar both read;
	 * older libraries lack the choice and write it twice. */
	(void)archive_write_set_format_option(a, "pax", "xattrheader",
	    "SCHILY");
	if (archive_write_open2(a, t, NULL, take_bytes, NULL, NULL) !=
	    ARCHIVE_OK)
		return tar_failed(t, "open", e);
	return 0;
}

int
tar_finish(struct tar *t, struct err *e)
{
	int rc = 0;

	if (t->archive == NULL)
		return 0;
	if (archive_write_close(t->archive) != ARCHIVE_OK)
		rc = tar_failed(t, "end", e);
	(void)archive_write_free(t->archive);
	t->archive = NULL;
	return rc;
}

/* Who an entry of an access control list is about, by its tag in the kernel's
 * form. */
static const struct acl_tag {
	uint16_t tag;
	int type;
} acl_tags[] = {
	{ 0x01, ARCHIVE_ENTRY_ACL_USER_OBJ },
	{ 0x02, ARCHIVE_ENTRY_ACL_USER },
	{ 0x04, ARCHIVE_ENTRY_ACL_GROUP_OBJ },
	{ 0x08, ARCHIVE_ENTRY_ACL_GROUP },
	{ 0x10, ARCHIVE_ENTRY_ACL_MASK },
	{ 0x20, ARCHIVE_ENTRY_ACL_OTHER },
};
#define ACL_TAGS    (sizeof(acl_tags) / sizeof(acl_tags[0]))
#define ACL_VERSION 2

/* The two attributes that are access control lists: which one it is. */
static int
acl_kind(const char *name)
{
	if (strcmp(name, "system.posix_acl_access") == 0)
		return ARCHIVE_ENTRY_ACL_TYPE_ACCESS;
	if (strcmp(name, "system.posix_acl_default") == 0)
		return ARCHIVE_ENTRY_ACL_TYPE_DEFAULT;
	return 0;
}

/* The bits of a permission are the same on both sides: 4, 2, 1. */
static void
add_acl(struct archive_entry *member, int kind, const uint8_t *value,
    uint32_t len)
{
	struct reader r = reader_of(value, len);
	uint16_t tag, perm;
	uint32_t id;

	if (reader_u32(&r) != ACL_VERSION)
		return;
	while (r.left > 0) {
		tag = reader_u16(&r);
		perm = reader_u16(&r);
		id = reader_u32(&r);
		for (size_t i = 0; i < ACL_TAGS && !r.bad; i++)
			if (acl_tags[i].tag == tag)
				archive_entry_acl_add_entry(member, kind,
				    perm & 7, acl_tags[i].type, (int)id, NULL);
		if (r.bad)
			return;
	}
}

static void
add_attrs(struct archive_entry *member, const struct entry *meta)
{
	struct reader r;
	char name[UINT16_MAX + 1];
	const uint8_t *name_at, *value;
	uint32_t value_len;
	uint16_t len;

	if (meta->extra == NULL || meta->extra->attrs == NULL)
		return;
	r = reader_of(meta->extra->attrs, meta->extra->attrs_len);
	while (r.left > 0) {
		len = reader_u16(&r);
		name_at = reader_bytes(&r, len);
		value_len = reader_u32(&r);
		value = reader_bytes(&r, value_len);
		if (r.bad)
			return;
		memcpy(name, name_at, len);
		name[len] = '\0';
		if (acl_kind(name) != 0)
			add_acl(member, acl_kind(name), value, value_len);
		else
			archive_entry_xattr_add_entry(member, name, value,
			    value_len);
	}
}

/* What of the file is data; all of it where it has no hole. */
static void
add_map(struct archive_entry *member, const struct entry *meta)
{
	const struct extent *x = meta->extra->extents;
	uint64_t off = 0, from = 0;
	bool data = false;

	for (uint32_t i = 0; i <= meta->extra->extent_count; i++) {
		bool now =
		    i < meta->extra->extent_count && x[i].place.gen != GEN_HOLE;

		if (now && !data)
			from = off;
		if (!now && data)
			archive_entry_sparse_add_entry(member, (la_int64_t)from,
			    (la_int64_t)(off - from));
		data = now;
		if (i < meta->extra->extent_count)
			off += x[i].len;
	}
	if (archive_entry_sparse_count(member) == 0)
		archive_entry_sparse_add_entry(member, (la_int64_t)off, 0);
}

static void
set_mtime(struct archive_entry *member, int64_t mtime_ns)
{
	int64_t ns = mtime_ns % 1000000000;
	int64_t s = mtime_ns / 1000000000;

	if (ns < 0) {
		ns += 1000000000;
		s--;
	}
	archive_entry_set_mtime(member, (time_t)s, (long)ns);
}

static void
describe(struct tar *t, const struct member *m)
{
	struct archive_entry *to = t->member;
	const struct entry *meta = m->meta;

	archive_entry_clear(to);
	archive_entry_copy_pathname(to, m->name != NULL ? m->name : meta->path);
	archive_entry_set_filetype(to, tar_type[meta->type]);
	archive_entry_set_perm(to, meta->mode & ENTRY_MODE_MASK);
	set_mtime(to, meta->mtime_ns);
	archive_entry_set_uid(to, t->uid);
	archive_entry_set_gid(to, t->gid);
	archive_entry_set_size(to, (la_int64_t)m->size);
	if (entry_target(meta) != NULL)
		archive_entry_copy_symlink(to, entry_target(meta));
	if (m->link != NULL)
		archive_entry_copy_hardlink(to, m->link);
	else
		add_attrs(to, meta);
	if (m->sparse && entry_extent_count(meta) > 0)
		add_map(to, meta);
}

/*
 * Names are bytes. In a UTF-8 locale libarchive writes those that are UTF-8 as
 * they are and marks the others as binary, which it warns of; in the locale of
 * daemons it would mark all that are not ASCII, and GNU tar grumbles at each.
 */
static int
write_header(struct tar *t, struct err *e)
{
	locale_t before = (locale_t)0;
	int rc;

	if (t->utf8 != (locale_t)0)
		before = uselocale(t->utf8);
	rc = archive_write_header(t->archive, t->member);
	if (before != (locale_t)0)
		(void)uselocale(before);
	return rc < ARCHIVE_WARN ? tar_failed(t, "header", e) : 0;
}

int
tar_begin(struct tar *t, const struct member *m, struct err *e)
{
	if (m->size > INT64_MAX)
		return err_set(e, ERR_LIMIT, "archive: member of %llu bytes",
		    (unsigned long long)m->size);
	if (t->archive == NULL && open_archive(t, e) == -1)
		return -1;
	describe(t, m);
	return write_header(t, e);
}

int
tar_data(struct tar *t, const void *bytes, size_t len, struct err *e)
{
	if (archive_write_data(t->archive, bytes, len) != (la_ssize_t)len)
		return tar_failed(t, "data", e);
	return 0;
}

int
tar_end(struct tar *t, struct err *e)
{
	if (archive_write_finish_entry(t->archive) != ARCHIVE_OK)
		return tar_failed(t, "padding", e);
	return 0;
}

uint64_t
tar_header_guess(const struct entry *meta, size_t name_len)
{
	uint64_t guess = HEADER_GUESS + 2 * name_len;

	if (meta->extra != NULL)
		guess += meta->extra->attrs_len;
	return guess;
}
