#include "local/sqlite_log.h"

#include <sys/stat.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

#define PAGE_MIN 512u
#define PAGE_MAX 65536u

/* What a log is read with. */
struct play {
	int dbfd, logfd;
	uint64_t db_len, log_len;
	uint32_t page_len;
	uint8_t *record; /* owned; one header and one page */
};

static uint32_t
number(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

static bool
is_page_len(uint32_t n)
{
	return n >= PAGE_MIN && n <= PAGE_MAX && (n & (n - 1)) == 0;
}

/* len bytes of the log; 0 where it ends before that. */
static int
read_log(const struct play *p, void *to, size_t len, uint64_t at, struct err *e)
{
	ssize_t got = io_read_at(p->logfd, to, len, at, e);

	if (got == -1)
		return -1;
	return (size_t)got == len;
}

static int
write_page(const struct play *p, uint32_t number, const uint8_t *page,
    struct err *e)
{
	return io_write_at(p->dbfd, page, p->page_len,
	    (uint64_t)(number - 1) * p->page_len, e);
}

/* Each page that the database has more than now is in the log. */
static bool
is_possible(const struct play *p, uint32_t count)
{
	return (uint64_t)count * p->page_len <= p->db_len + p->log_len;
}

static int
set_pages(const struct play *p, uint32_t count, struct err *e)
{
	if (ftruncate(p->dbfd, (off_t)count * p->page_len) == -1)
		return err_sys(e, "database");
	return 0;
}

static int
room_for(struct play *p, size_t header_len, struct err *e)
{
	if ((p->record = malloc(header_len + p->page_len)) == NULL)
		return err_sys(e, "database");
	return 0;
}

/* --- A write-ahead log ---------------------------------------------------- */

#define WAL_MAGIC   0x377f0682u /* and 1: sums of big-endian words */
#define WAL_VERSION 3007000u
#define WAL_HEADER  32u
#define WAL_FRAME   24u

struct sum {
	uint32_t a, b;
	bool big;
};

static void
add(struct sum *s, const uint8_t *bytes, size_t len)
{
	uint32_t x, y;

	for (size_t i = 0; i + 8 <= len; i += 8) {
		x = number(bytes + i);
		y = number(bytes + i + 4);
		if (!s->big) {
			x = __builtin_bswap32(x);
			y = __builtin_bswap32(y);
		}
		s->a += x + s->b;
		s->b += y + s->a;
	}
}

static bool
is_sum(const struct sum *s, const uint8_t *bytes)
{
	return s->a == number(bytes) && s->b == number(bytes + 4);
}

/* 0: no log that SQLite would read. */
static int
wal_begin(struct play *p, uint8_t header[WAL_HEADER], struct sum *s,
    struct err *e)
{
	int rc = read_log(p, header, WAL_HEADER, 0, e);

	if (rc != 1)
		return rc;
	*s = (struct sum){ .big = (header[3] & 1) != 0 };
	add(s, header, 24);
	p->page_len = number(header + 8);
	return (number(header) & ~1u) == WAL_MAGIC &&
	    number(header + 4) == WAL_VERSION && is_page_len(p->page_len) &&
	    is_sum(s, header + 24);
}

static uint64_t
frame_at(const struct play *p, uint64_t frame)
{
	return WAL_HEADER + frame * (WAL_FRAME + p->page_len);
}

/*
 * How many frames belong to transactions that ended, up to the first one that
 * is of an older log or was not written whole, and how many pages the database
 * has after them.
 */
static int
wal_measure(const struct play *p, const uint8_t header[WAL_HEADER],
    struct sum *s, uint64_t *frames, uint32_t *pages, struct err *e)
{
	uint8_t *r = p->record;
	int rc;

	*frames = 0;
	for (uint64_t i = 0;; i++) {
		rc = read_log(p, r, WAL_FRAME + p->page_len, frame_at(p, i), e);
		if (rc != 1)
			return rc;
		if (memcmp(r + 8, header + 16, 8) != 0 || number(r) == 0)
			return 0;
		add(s, r, 8);
		add(s, r + WAL_FRAME, p->page_len);
		if (!is_sum(s, r + 16))
			return 0;
		if (number(r + 4) != 0) {
			*frames = i + 1;
			*pages = number(r + 4);
		}
	}
}

static int
wal_write(const struct play *p, uint64_t frames, uint32_t pages, struct err *e)
{
	uint8_t *r = p->record;
	int rc;

	for (uint64_t i = 0; i < frames; i++) {
		rc = read_log(p, r, WAL_FRAME + p->page_len, frame_at(p, i), e);
		if (rc == 0)
			return err_set(e, ERR_RACE, "log: became shorter");
		if (rc == -1)
			return -1;
		if (number(r) <= pages &&
		    write_page(p, number(r), r + WAL_FRAME, e) == -1)
			return -1;
	}
	return set_pages(p, pages, e);
}

static int
play_wal(struct play *p, bool *did, struct err *e)
{
	uint8_t header[WAL_HEADER];
	uint64_t frames;
	uint32_t pages = 0;
	struct sum s;
	int rc = wal_begin(p, header, &s, e);

	if (rc != 1)
		return rc;
	if (room_for(p, WAL_FRAME, e) == -1 ||
	    wal_measure(p, header, &s, &frames, &pages, e) == -1)
		return -1;
	*did = frames > 0 && is_possible(p, pages);
	return *did ? wal_write(p, frames, pages, e) : 0;
}

/* --- A rollback journal --------------------------------------------------- */

static const uint8_t journal_magic[8] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1,
	0x63, 0xd7 };
#define JOURNAL_HEADER 28u
#define HEADER_ROOM    512u /* what SQLite wants to be there, at the least */
#define SECTOR_MIN     32u
#define ALL_RECORDS    0xffffffffu
#define LOCK_BYTE      0x40000000u /* its page is never written */

/* Pages that were saved between two syncs of the journal. */
struct segment {
	uint64_t at; /* of its first record */
	uint64_t records;
	uint32_t seed;   /* of the sums */
	uint32_t pages;  /* of the database before the transaction */
	uint32_t sector; /* bytes; a header begins at a multiple */
};

/* 0: there is none at that place. */
static int
segment_read(struct play *p, struct segment *s, uint64_t at, struct err *e)
{
	uint8_t header[JOURNAL_HEADER];
	uint32_t records;
	int rc = read_log(p, header, sizeof(header), at, e);

	if (rc != 1)
		return rc;
	if (memcmp(header, journal_magic, sizeof(journal_magic)) != 0)
		return 0;
	records = number(header + 8);
	s->seed = number(header + 12);
	if (at == 0) {
		s->pages = number(header + 16);
		s->sector = number(header + 20);
		p->page_len = number(header + 24);
	}
	if (!is_page_len(p->page_len) || s->sector < SECTOR_MIN ||
	    s->sector > PAGE_MAX || (s->sector & (s->sector - 1)) != 0)
		return 0;
	s->at = at + s->sector;
	if (s->at > p->log_len || p->log_len - at < HEADER_ROOM)
		return 0;
	s->records = records;
	if (records == ALL_RECORDS)
		s->records = (p->log_len - s->at) / (p->page_len + 8);
	return 1;
}

/* SQLite's own, weak on purpose: it tells of a page not written whole. */
static uint32_t
journal_sum(const struct play *p, const uint8_t *page, uint32_t seed)
{
	for (uint32_t i = p->page_len - 200; i > 0 && i < p->page_len; i -= 200)
		seed += page[i];
	return seed;
}

/* 0: the journal ends here, as far as it was written. */
static int
put_back(struct play *p, const struct segment *s, uint64_t at, struct err *e)
{
	uint8_t *page = p->record + 4;
	int rc = read_log(p, p->record, p->page_len + 8, at, e);
	uint32_t pgno;

	if (rc != 1)
		return rc;
	pgno = number(p->record);
	if (pgno == 0 || pgno == LOCK_BYTE / p->page_len + 1)
		return 0;
	if (pgno > s->pages)
		return 1;
	if (journal_sum(p, page, s->seed) != number(page + p->page_len))
		return 0;
	return write_page(p, pgno, page, e) == 0 ? 1 : -1;
}

/* A transaction of several databases ended if the file that the journal names
 * at its end is gone: nothing that these two say. */
static int
has_super_journal(const struct play *p, bool *has, struct err *e)
{
	uint8_t end[8] = { 0 };
	int rc = 0;

	if (p->log_len >= sizeof(end))
		rc = read_log(p, end, sizeof(end), p->log_len - sizeof(end), e);
	*has = rc == 1 && memcmp(end, journal_magic, sizeof(end)) == 0;
	return rc == -1 ? -1 : 0;
}

static int
journal_write(struct play *p, struct segment *s, struct err *e)
{
	uint64_t end;
	int rc;

	if (room_for(p, 8, e) == -1 || set_pages(p, s->pages, e) == -1)
		return -1;
	do {
		for (uint64_t i = 0; i < s->records; i++) {
			rc = put_back(p, s, s->at + i * (p->page_len + 8), e);
			if (rc != 1)
				return rc;
		}
		end = s->at + s->records * (p->page_len + 8);
		end = (end + s->sector - 1) / s->sector * s->sector;
		rc = segment_read(p, s, end, e);
	} while (rc == 1);
	return rc;
}

static int
play_journal(struct play *p, bool *did, struct err *e)
{
	struct segment s = { 0 };
	bool more;
	int rc;

	if (has_super_journal(p, &more, e) == -1)
		return -1;
	if (more || (rc = segment_read(p, &s, 0, e)) == 0 ||
	    (rc == 1 && !is_possible(p, s.pages)))
		return 0;
	*did = true;
	return rc == 1 ? journal_write(p, &s, e) : -1;
}

/* One row a kind. */
static int (*const kinds[])(struct play *p, bool *did, struct err *e) = {
	[SQLITE_LOG_WAL] = play_wal,
	[SQLITE_LOG_JOURNAL] = play_journal,
};

int
sqlite_log_play(enum sqlite_log kind, int dbfd, int logfd, bool *did,
    struct err *e)
{
	struct play p = { .dbfd = dbfd, .logfd = logfd };
	struct stat db, log;
	int rc;

	*did = false;
	if (fstat(dbfd, &db) == -1 || fstat(logfd, &log) == -1)
		return err_sys(e, "database");
	/* An empty database has no use for a log. */
	if (db.st_size == 0 || log.st_size == 0)
		return 0;
	p.db_len = (uint64_t)db.st_size;
	p.log_len = (uint64_t)log.st_size;
	rc = kinds[kind](&p, did, e);
	free(p.record);
	return rc;
}
