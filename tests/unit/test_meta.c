#include "local/meta.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "homes.h"

static struct homes h;

static void
setup(void)
{
	homes_make(&h);
	if (fsetxattr(h.fd, "user.probe", "1", 1, 0) == -1) {
		homes_free(&h);
		cr_skip("no extended attributes here");
	}
}

static void
teardown(void)
{
	homes_free(&h);
}

static int
open_file(const char *path)
{
	int fd = openat(h.fd, path, O_RDONLY | O_CLOEXEC);

	cr_assert_neq(fd, -1, "%s", path);
	return fd;
}

/* An entry as of path, with its attributes. */
static struct entry *
read_entry(const char *path, mode_t mode)
{
	struct entry *t;
	struct extra *x;
	struct err e = { 0 };
	int fd = open_file(path);

	t = arena_alloc(&h.arena, sizeof(*t), &e);
	x = arena_alloc(&h.arena, sizeof(*x), &e);
	*x = (struct extra){ 0 };
	*t = (struct entry){ .path = path,
		.extra = x,
		.type = ENTRY_FILE,
		.mode = (uint16_t)mode,
		.mtime_ns = 1500000000 };
	cr_assert_eq(meta_read(fd, &h.arena, &x->attrs, &x->attrs_len, &e), 0,
	    "%s", e.text);
	cr_expect(attrs_valid(x->attrs, x->attrs_len));
	close(fd);
	return t;
}

static bool
write_entry(const char *path, const struct entry *t)
{
	struct err e = { 0 };
	bool partly = true;
	int fd = open_file(path);

	cr_assert_eq(meta_write(fd, t, &partly, &e), 0, "%s", e.text);
	close(fd);
	return partly;
}

static void
set(const char *path, const char *name, const void *value, size_t len)
{
	int fd = open_file(path);

	cr_assert_eq(fsetxattr(fd, name, value, len, 0), 0, "%s", name);
	close(fd);
}

static bool
same_attrs(const char *a, const char *b)
{
	return entry_same_attributes(read_entry(a, 0), read_entry(b, 0));
}

TestSuite(meta, .init = setup, .fini = teardown);

Test(meta, a_file_without_attributes_has_none)
{
	const struct entry *t;

	homes_put(&h, "a", "x");
	t = read_entry("a", 0644);
	cr_expect_null(t->extra->attrs);
	cr_expect_eq(t->extra->attrs_len, 0);
}

Test(meta, what_was_read_can_be_written_elsewhere)
{
	static const char *const names[] = { "user.b", "user.a", "user.aa",
		"user.\xff\x01", "user.long" };
	char value[2000];

	memset(value, 'v', sizeof(value));
	homes_shell(&h, "touch a b; mkdir da db");
	for (size_t i = 0; i < 5; i++) {
		set("a", names[i], value, i == 4 ? sizeof(value) : i);
		set("da", names[i], value, i);
	}
	/* Some of b's differ, some are too many. */
	set("b", "user.a", "other", 5);
	set("b", "user.zz", "gone", 4);
	set("b", "user.aa", value, 2);
	cr_expect_not(same_attrs("a", "b"));
	cr_expect_not(write_entry("b", read_entry("a", 0640)));
	cr_expect(same_attrs("a", "b"));
	cr_expect_not(write_entry("db", read_entry("da", 0750)));
	cr_expect(same_attrs("da", "db"));
	cr_expect_not(write_entry("b", read_entry("db", 0640)));
	cr_expect(same_attrs("db", "b"));
}

Test(meta, many_names_do_not_confuse)
{
	char name[32];

	homes_shell(&h, "touch a b");
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "user.name-%d", i * 7 % 60);
		set(i % 2 == 0 ? "a" : "b", name, name, strlen(name));
	}
	cr_expect_not(write_entry("b", read_entry("a", 0600)));
	cr_expect(same_attrs("a", "b"));
}

Test(meta, mode_and_time_are_set_after_the_attributes)
{
	struct entry *t;
	struct stat st;

	homes_shell(&h, "touch a b; chmod 444 b");
	set("a", "user.x", "1", 1);
	t = read_entry("a", 0400);
	t->mtime_ns = -1;
	cr_expect_not(write_entry("b", t));
	cr_expect(same_attrs("a", "b"));
	cr_assert_eq(fstatat(h.fd, "b", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0400);
	cr_expect_eq(st.st_mtim.tv_sec, -1);
	cr_expect_eq(st.st_mtim.tv_nsec, 999999999);
}

Test(meta, setuid_and_setgid_never_come_from_an_entry)
{
	struct entry *t;
	struct stat st;

	homes_shell(&h, "touch a; mkdir d; chmod 2755 d");
	t = read_entry("a", 07755);
	cr_expect_not(write_entry("a", t));
	cr_assert_eq(fstatat(h.fd, "a", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 01755);
	cr_expect_not(write_entry("d", t));
	cr_assert_eq(fstatat(h.fd, "d", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 03755, "a directory's own setgid");
}

Test(meta, foreign_names_are_neither_read_nor_written)
{
	static const struct {
		const char *why, *attrs;
		size_t len;
	} cases[] = {
		{ "trusted", "\x09\0trusted.x\x01\0\0\0y", 16 },
		{ "security", "\x13\0security.capability\x01\0\0\0y", 26 },
		{ "no name", "\0\0\x01\0\0\0y", 7 },
		{ "cut off", "\x06\0user.a\xff\0\0\0y", 13 },
		{ "a long name", "\xff\xff", 2 },
		{ "a broken ACL", "\x17\0system.posix_acl_access\x03\0\0\0xyz",
		    32 },
	};
	struct entry *t;
	struct extra *x;
	struct err e;

	homes_shell(&h, "touch a b");
	if (geteuid() == 0)
		set("a", "trusted.x", "1", 1);
	cr_expect_eq(read_entry("a", 0)->extra->attrs_len, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = entry_copy_extra(&h.arena, read_entry("b", 0644), &x, &e);
		x->attrs = (const uint8_t *)cases[i].attrs;
		x->attrs_len = (uint32_t)cases[i].len;
		(void)write_entry("b", t);
		homes_shell(&h,
		    "test -z \"$(getfattr -d -m - b "
		    "2>/dev/null)\"");
	}
	cr_expect(write_entry("b", t), "a broken ACL is told");
}

/* u:65534:r-- beside the usual three; the kernel's form of an ACL. */
static const uint8_t acl[] = { 2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0,
	4, 0, 254, 255, 0, 0, 4, 0, 0, 0, 255, 255, 255, 255, 16, 0, 4, 0, 255,
	255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255 };

Test(meta, acls_travel_and_go)
{
	struct entry *plain;
	int fd;

	homes_shell(&h, "mkdir d; touch a b c; chmod 640 c");
	fd = open_file("a");
	if (fsetxattr(fd, "system.posix_acl_access", acl, sizeof(acl), 0) ==
	    -1) {
		close(fd);
		cr_skip("no ACLs here");
	}
	close(fd);
	set("d", "system.posix_acl_default", acl, sizeof(acl));
	plain = read_entry("c", 0640);
	cr_expect_eq(plain->extra->attrs_len, 0);
	cr_expect_not(write_entry("b", read_entry("a", 0640)));
	cr_expect(same_attrs("a", "b"));
	cr_expect_not(write_entry("b", plain));
	cr_expect(same_attrs("b", "c"));
	/* A file has no default ACL: left out, and said. */
	cr_expect(write_entry("c", read_entry("d", 0640)));
}
