#include "store/packer.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/reader.h"
#include "base/text.h"

/* Bytes of a member's tar headers beside its path and attributes. */
#define HEADER_GUESS 3072

struct packer {
	struct press *press;
	struct archive *tar; /* of the pack in the making; NULL: none */
	struct archive_entry *member; /* owned; used for one after the other */
	locale_t utf8;                /* owned; 0: this machine has none */
	int64_t uid, gid;
	/* The member that is open. */
	bool open;
	bool large;
	uint64_t left; /* bytes that have not come yet */
	size_t first_run;
	bool given_up;
};

static const mode_t tar_type[ENTRY__COUNT] = {
	[ENTRY_FILE] = AE_IFREG,
	[ENTRY_DIR] = AE_IFDIR,
	[ENTRY_LINK] = AE_IFLNK,
};

/* Where libarchive's bytes go: the frame in the making. A lack of memory shows
 * when that is cut. */
static la_ssize_t
take_bytes(struct archive *tar, void *arg, const void *bytes, size_t len)
{
	struct packer *p = arg;

	(void)tar;
	if (p->given_up)
		return -1;
	buf_bytes(press_frame(p->press), bytes, len);
	return (la_ssize_t)len;
}

static int
tar_failed(struct archive *tar, const char *doing, struct err *e)
{
	const char *why = archive_error_string(tar);

	return err_set(e, ERR_SYSTEM, "pack: %s: %s", doing,
	    why != NULL ? why : "libarchive failed");
}

int
packer_new(struct packer **out, struct store *s, const char *dir, int level,
    struct err *e)
{
	struct packer *p;
	int rc = -1;

	if ((p = calloc(1, sizeof(*p))) == NULL ||
	    (p->member = archive_entry_new()) == NULL) {
		err_sys(e, "pack");
		goto out;
	}
	p->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	p->uid = (int64_t)geteuid();
	p->gid = (int64_t)getegid();
	if (press_new(&p->press, s, dir, level, e) == -1)
		goto out;
	*out = p;
	p = NULL;
	rc = 0;
out:
	packer_free(p);
	return rc;
}

void
packer_free(struct packer *p)
{
	if (p == NULL)
		return;
	/* libarchive wants to end the archive, which may take many zeros;
	 * archive_write_fail() prevents that, but leaks. */
	p->given_up = true;
	if (p->tar != NULL)
		(void)archive_write_free(p->tar);
	archive_entry_free(p->member);
	if (p->utf8 != (locale_t)0)
		freelocale(p->utf8);
	press_free(p->press);
	free(p);
}

static int
begin_tar(struct packer *p, struct err *e)
{
	struct archive *tar;

	if ((tar = archive_write_new()) == NULL)
		return err_sys(e, "pack");
	p->tar = tar;
	if (archive_write_set_format_pax(tar) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(tar, 0) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(tar, 1) != ARCHIVE_OK)
		return tar_failed(tar, "options", e);
	/* Each xattr once, in the form that GNU tar and bsdtar both read;
	 * older libraries lack the choice and write it twice. */
	(void)archive_write_set_format_option(tar, "pax", "xattrheader",
	    "SCHILY");
	if (archive_write_open2(tar, p, NULL, take_bytes, NULL, NULL) !=
	    ARCHIVE_OK)
		return tar_failed(tar, "open", e);
	return 0;
}

/* The end of a tar: two blocks of zeros, the last bytes of the pack. */
static int
end_tar(struct packer *p, struct err *e)
{
	int rc = 0;

	if (p->tar == NULL)
		return 0;
	if (archive_write_close(p->tar) != ARCHIVE_OK)
		rc = tar_failed(p->tar, "end", e);
	(void)archive_write_free(p->tar);
	p->tar = NULL;
	return rc == 0 ? press_end_pack(p->press, e) : -1;
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
		archive_entry_xattr_add_entry(member, name, value, value_len);
	}
}

static void
describe(struct packer *p, const struct entry *meta, const char *name,
    uint64_t size)
{
	struct archive_entry *m = p->member;
	int64_t ns = meta->mtime_ns % 1000000000;
	int64_t s = meta->mtime_ns / 1000000000;

	if (ns < 0) {
		ns += 1000000000;
		s--;
	}
	archive_entry_clear(m);
	archive_entry_copy_pathname(m, name);
	archive_entry_set_filetype(m, tar_type[meta->type]);
	archive_entry_set_perm(m, meta->mode & ENTRY_MODE_MASK);
	archive_entry_set_mtime(m, (time_t)s, (long)ns);
	archive_entry_set_uid(m, p->uid);
	archive_entry_set_gid(m, p->gid);
	archive_entry_set_size(m, (la_int64_t)size);
	if (entry_target(meta) != NULL)
		archive_entry_copy_symlink(m, entry_target(meta));
	add_attrs(m, meta);
}

/*
 * Names are bytes. In a UTF-8 locale libarchive writes those that are UTF-8 as
 * they are and marks the others as binary, which it warns of; in the locale of
 * daemons it would mark all that are not ASCII, and GNU tar grumbles at each.
 */
static int
write_header(struct packer *p, struct err *e)
{
	locale_t before = (locale_t)0;
	int rc;

	if (p->utf8 != (locale_t)0)
		before = uselocale(p->utf8);
	rc = archive_write_header(p->tar, p->member);
	if (before != (locale_t)0)
		(void)uselocale(before);
	return rc < ARCHIVE_WARN ? tar_failed(p->tar, "header", e) : 0;
}

/* Room in the frame for a member that may not straddle frames? */
static int
make_room(struct packer *p, const struct entry *meta, size_t name_len,
    uint64_t size, struct err *e)
{
	uint64_t need = HEADER_GUESS + 2 * name_len + size;
	size_t used = press_frame(p->press)->len;

	if (meta->extra != NULL)
		need += meta->extra->attrs_len;
	if (p->large || used + need <= FRAME_TARGET)
		return 0;
	return press_cut(p->press, e);
}

int
packer_begin(struct packer *p, const struct entry *meta, const char *name,
    uint64_t size, struct err *e)
{
	size_t run;

	assert(!p->open);
	if (size > INT64_MAX)
		return err_set(e, ERR_LIMIT, "pack: member of %llu bytes",
		    (unsigned long long)size);
	if (name == NULL)
		name = meta->path;
	if (press_pack_written(p->press) >= PACK_TARGET && end_tar(p, e) == -1)
		return -1;
	if (p->tar == NULL && begin_tar(p, e) == -1)
		return -1;
	p->left = meta->type == ENTRY_FILE ? size : 0;
	p->large = p->left >= LARGE_FILE;
	p->first_run = press_run_count(p->press);
	if (make_room(p, meta, strlen(name), p->left, e) == -1)
		return -1;
	describe(p, meta, name, p->left);
	if (write_header(p, e) == -1)
		return -1;
	p->open = true;
	if (p->large)
		return press_cut(p->press, e);
	return p->left > 0 ? press_run(p->press, p->left, &run, e) : 0;
}

/* len bytes of the member into the frame, all of them. */
static int
put(struct packer *p, const void *bytes, size_t len, struct err *e)
{
	if (archive_write_data(p->tar, bytes, len) != (la_ssize_t)len)
		return tar_failed(p->tar, "data", e);
	p->left -= len;
	return 0;
}

/* The same for a large member: each of its frames is a run and full. */
static int
put_large(struct packer *p, const uint8_t *bytes, size_t len, struct err *e)
{
	size_t used, n, run;

	for (; len > 0; bytes += n, len -= n) {
		used = press_frame(p->press)->len;
		if (used == FRAME_TARGET) {
			if (press_cut(p->press, e) == -1)
				return -1;
			used = 0;
		}
		if (used == 0 &&
		    press_run(p->press,
			p->left < FRAME_TARGET ? p->left : FRAME_TARGET, &run,
			e) == -1)
			return -1;
		n = FRAME_TARGET - used;
		if (n > len)
			n = len;
		if (put(p, bytes, n, e) == -1)
			return -1;
	}
	return 0;
}

int
packer_data(struct packer *p, const void *bytes, size_t len, struct err *e)
{
	assert(p->open);
	if (len > p->left)
		return err_set(e, ERR_LIMIT,
		    "pack: more bytes than the member was said to have");
	return p->large ? put_large(p, bytes, len, e) : put(p, bytes, len, e);
}

static int
fill_up(struct packer *p, struct err *e)
{
	static const uint8_t zeros[1 << 16];
	size_t n;

	while (p->left > 0) {
		n = p->left < sizeof(zeros) ? (size_t)p->left : sizeof(zeros);
		if (packer_data(p, zeros, n, e) == -1)
			return -1;
	}
	return 0;
}

int
packer_end(struct packer *p, size_t *first, size_t *count, struct err *e)
{
	assert(p->open);
	if (fill_up(p, e) == -1)
		return -1;
	if (archive_write_finish_entry(p->tar) != ARCHIVE_OK)
		return tar_failed(p->tar, "padding", e);
	p->open = false;
	*first = p->first_run;
	*count = press_run_count(p->press) - p->first_run;
	/* What follows is not to be inflated with the end of this. */
	return p->large ? press_cut(p->press, e) : 0;
}

int
packer_finish(struct packer *p, const struct run **runs,
    const struct sealed **packs, uint32_t *pack_count, struct err *e)
{
	assert(!p->open);
	if (end_tar(p, e) == -1)
		return -1;
	return press_finish(p->press, runs, packs, pack_count, e);
}

uint64_t
packer_written(const struct packer *p)
{
	return press_written(p->press);
}

uint32_t
packer_pack_count(const struct packer *p)
{
	return press_pack_count(p->press);
}
