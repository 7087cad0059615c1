#include "local/sqlite_log.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

/* Pages of one letter each; a log as SQLite writes it, made here by hand. */
#define PAGE 512u

static void
put32(uint8_t *at, uint32_t n)
{
	for (int i = 3; i >= 0; i--, n >>= 8)
		at[i] = (uint8_t)n;
}

static int
file_of(const void *bytes, size_t len)
{
	struct err e;
	int fd = memfd_create("test", MFD_CLOEXEC);

	cr_assert_neq(fd, -1);
	cr_assert_eq(io_write(fd, bytes, len, &e), 0);
	return fd;
}

static int
database_of(const char *letters)
{
	char page[PAGE];
	struct err e;
	int fd = file_of("", 0);

	for (const char *l = letters; *l != '\0'; l++) {
		memset(page, *l, sizeof(page));
		cr_assert_eq(io_write(fd, page, sizeof(page), &e), 0);
	}
	return fd;
}

/* The first letter of each page, and what is no whole page as "+". */
static const char *
letters_of(int fd)
{
	static char out[64];
	struct stat st;
	struct err e;
	size_t n = 0;

	cr_assert_eq(fstat(fd, &st), 0);
	for (; n < (size_t)st.st_size / PAGE; n++) {
		cr_assert_eq(io_read_at(fd, &out[n], 1, n * PAGE, &e), 1);
		out[n] = out[n] == '\0' ? '.' : out[n];
	}
	if (st.st_size % PAGE != 0)
		out[n++] = '+';
	out[n] = '\0';
	return out;
}

/* --- "-wal" --------------------------------------------------------------- */

struct wal {
	uint8_t bytes[32 + 16 * (24 + PAGE)];
	size_t len;
	uint32_t a, b;
};

static void
sum(struct wal *w, const uint8_t *at, size_t len)
{
	uint32_t x[2];

	for (size_t i = 0; i < len; i += 8) {
		/* The lowest byte first, as the magic says. */
		for (size_t k = 0; k < 2; k++)
			x[k] = at[i + 4 * k] |
			    (uint32_t)at[i + 4 * k + 1] << 8 |
			    (uint32_t)at[i + 4 * k + 2] << 16 |
			    (uint32_t)at[i + 4 * k + 3] << 24;
		w->a += x[0] + w->b;
		w->b += x[1] + w->a;
	}
}

static void
wal_begin(struct wal *w)
{
	*w = (struct wal){ .len = 32 };
	put32(w->bytes, 0x377f0682);
	put32(w->bytes + 4, 3007000);
	put32(w->bytes + 8, PAGE);
	put32(w->bytes + 16, 0x5a17a);
	put32(w->bytes + 20, 0x5a17b);
	sum(w, w->bytes, 24);
	put32(w->bytes + 24, w->a);
	put32(w->bytes + 28, w->b);
}

/* pages: of the database after a commit, 0: no commit. */
static void
wal_add(struct wal *w, uint32_t page, char letter, uint32_t pages)
{
	uint8_t *f = w->bytes + w->len;

	put32(f, page);
	put32(f + 4, pages);
	memcpy(f + 8, w->bytes + 16, 8);
	memset(f + 24, letter, PAGE);
	sum(w, f, 8);
	sum(w, f + 24, PAGE);
	put32(f + 16, w->a);
	put32(f + 20, w->b);
	w->len += 24 + PAGE;
}

static bool
plays(enum sqlite_log kind, int db, const void *bytes, size_t len)
{
	int log = file_of(bytes, len);
	struct err e = { 0 };
	bool did;

	cr_assert_eq(sqlite_log_play(kind, db, log, &did, &e), 0, "%s", e.text);
	close(log);
	return did;
}

Test(sqlite_log, what_was_committed_is_in_the_database)
{
	int db = database_of("abc");
	struct wal w;

	wal_begin(&w);
	wal_add(&w, 2, 'B', 0);
	wal_add(&w, 4, 'D', 4);
	wal_add(&w, 2, 'X', 5); /* and one page that nobody wrote */
	wal_add(&w, 1, 'n', 0); /* of a transaction that did not end */
	cr_expect(plays(SQLITE_LOG_WAL, db, w.bytes, w.len));
	cr_expect_str_eq(letters_of(db), "aXcD.", "%s", letters_of(db));
	/* The log beside it, again. */
	cr_expect(plays(SQLITE_LOG_WAL, db, w.bytes, w.len));
	cr_expect_str_eq(letters_of(db), "aXcD.", "%s", letters_of(db));
	close(db);
}

Test(sqlite_log, a_commit_may_make_the_database_shorter)
{
	int db = database_of("abcdef");
	struct wal w;

	wal_begin(&w);
	wal_add(&w, 5, 'E', 0);
	wal_add(&w, 1, 'A', 2);
	cr_expect(plays(SQLITE_LOG_WAL, db, w.bytes, w.len));
	cr_expect_str_eq(letters_of(db), "Ab", "%s", letters_of(db));
	close(db);
}

Test(sqlite_log, nothing_behind_damage_counts)
{
	size_t second = 32 + 24 + PAGE;
	struct wal w;
	int db;

	for (size_t at = second; at < second + 24 + PAGE; at += 3) {
		if (at >= second + 4 && at < second + 8)
			continue; /* it would be no commit, nor whole */
		db = database_of("abc");
		wal_begin(&w);
		wal_add(&w, 1, 'A', 3);
		wal_add(&w, 2, 'B', 3);
		wal_add(&w, 3, 'C', 3);
		w.bytes[at] ^= 4;
		cr_expect(plays(SQLITE_LOG_WAL, db, w.bytes, w.len));
		cr_expect_str_eq(letters_of(db), "Abc", "%zu: %s", at,
		    letters_of(db));
		close(db);
	}
}

Test(sqlite_log, a_log_that_says_nothing_changes_nothing)
{
	static const struct {
		const char *why;
		size_t at; /* flipped */
		size_t len;
	} rows[] = {
		{ "no log of SQLite's", 0, SIZE_MAX },
		{ "another version", 7, SIZE_MAX },
		{ "no length of pages", 10, SIZE_MAX },
		{ "a header that is not whole", 30, SIZE_MAX },
		{ "cut off in its header", SIZE_MAX, 31 },
		{ "cut off in its first page", SIZE_MAX, 32 + 24 + PAGE - 1 },
		{ "empty", SIZE_MAX, 0 },
	};
	struct wal w;
	int db;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		db = database_of("abc");
		wal_begin(&w);
		wal_add(&w, 1, 'A', 3);
		if (rows[i].at != SIZE_MAX)
			w.bytes[rows[i].at] ^= 1;
		if (rows[i].len < w.len)
			w.len = rows[i].len;
		cr_expect_not(plays(SQLITE_LOG_WAL, db, w.bytes, w.len), "%s",
		    rows[i].why);
		cr_expect_str_eq(letters_of(db), "abc", "%s", rows[i].why);
		close(db);
	}
	db = database_of("");
	wal_begin(&w);
	wal_add(&w, 1, 'A', 1);
	cr_expect_not(plays(SQLITE_LOG_WAL, db, w.bytes, w.len), "no database");
	close(db);
}

/* --- "-journal" ----------------------------------------------------------- */

struct journal {
	uint8_t bytes[16 * PAGE];
	size_t len, segment;
	uint32_t records;
};

static void
journal_begin(struct journal *j, uint32_t pages)
{
	static const uint8_t magic[] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1,
		0x63, 0xd7 };

	j->len = (j->len + PAGE - 1) / PAGE * PAGE;
	j->segment = j->len;
	j->records = 0;
	memcpy(j->bytes + j->len, magic, sizeof(magic));
	put32(j->bytes + j->len + 12, 77);
	put32(j->bytes + j->len + 16, pages);
	put32(j->bytes + j->len + 20, PAGE); /* a sector */
	put32(j->bytes + j->len + 24, PAGE);
	j->len += PAGE;
}

/* synced: as the header of its segment says. */
static void
journal_add(struct journal *j, uint32_t page, char letter, bool synced)
{
	uint8_t *r = j->bytes + j->len;

	put32(r, page);
	memset(r + 4, letter, PAGE);
	put32(r + 4 + PAGE, 77 + 2 * (uint32_t)letter); /* of 2 bytes in 512 */
	j->len += PAGE + 8;
	if (synced)
		put32(j->bytes + j->segment + 8, ++j->records);
}

static struct journal
journal_made(void)
{
	struct journal j = { .len = 0 };

	journal_begin(&j, 3);
	journal_add(&j, 1, 'a', true);
	journal_add(&j, 9, 'z', true); /* there was no such page */
	journal_begin(&j, 3);
	journal_add(&j, 2, 'b', true);
	journal_add(&j, 3, 'c', false); /* nothing was written over it yet */
	return j;
}

Test(sqlite_log, what_did_not_end_is_taken_back)
{
	struct journal j = journal_made();
	int db = database_of("ABc45");

	for (int i = 0; i < 2; i++) {
		cr_expect(plays(SQLITE_LOG_JOURNAL, db, j.bytes, j.len));
		cr_expect_str_eq(letters_of(db), "abc", "%s", letters_of(db));
	}
	close(db);
}

Test(sqlite_log, a_journal_without_a_count_goes_to_its_end)
{
	struct journal j = { .len = 0 };
	int db = database_of("ABC4");

	journal_begin(&j, 3);
	journal_add(&j, 1, 'a', true);
	journal_add(&j, 2, 'b', true);
	put32(j.bytes + 8, 0xffffffff);
	cr_expect(plays(SQLITE_LOG_JOURNAL, db, j.bytes, j.len));
	cr_expect_str_eq(letters_of(db), "abC", "%s", letters_of(db));
	close(db);
}

Test(sqlite_log, a_page_with_a_wrong_sum_ends_the_journal)
{
	struct journal j = journal_made();
	int db = database_of("ABc45");

	j.bytes[PAGE + 4 + 312] ^=
	    1; /* of the first page, where it is summed */
	cr_expect(plays(SQLITE_LOG_JOURNAL, db, j.bytes, j.len));
	cr_expect_str_eq(letters_of(db), "ABc", "%s", letters_of(db));
	close(db);
}

Test(sqlite_log, a_journal_that_is_over_changes_nothing)
{
	static const struct {
		const char *why;
		size_t at, zeros;
		size_t len;
	} rows[] = {
		{ "its header was wiped", 0, 28, SIZE_MAX },
		{ "cut off in its header", 0, 0, PAGE - 1 },
		{ "no length of a sector", 20, 4, SIZE_MAX },
		{ "more pages than there can be", 16, 1, SIZE_MAX },
	};
	struct journal j;
	int db;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		db = database_of("ABC4");
		j = journal_made();
		memset(j.bytes + rows[i].at, rows[i].zeros == 1 ? 1 : 0,
		    rows[i].zeros);
		if (rows[i].len < j.len)
			j.len = rows[i].len;
		cr_expect_not(plays(SQLITE_LOG_JOURNAL, db, j.bytes, j.len),
		    "%s", rows[i].why);
		cr_expect_str_eq(letters_of(db), "ABC4", "%s", rows[i].why);
		close(db);
	}
	/* One of several databases: only the others could tell. */
	db = database_of("ABC4");
	j = journal_made();
	memcpy(j.bytes + j.len, j.bytes, 8);
	cr_expect_not(plays(SQLITE_LOG_JOURNAL, db, j.bytes, j.len + 8));
	close(db);
}
