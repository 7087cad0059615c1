#ifndef ROAM_STORE_SMB_READ_H
#define ROAM_STORE_SMB_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/smb_lines.h"
#include "store/store.h"

/*
 * smb_read - ranges of files from a server. Those that are announced are asked
 * for at once, spread over the lines, and wait at the workers until they are
 * read in that order; so the memory that they take is the workers'. One that
 * its line lost is asked for again through the first line, without the bytes
 * that had come.
 */
#define AHEAD_MAX ((size_t)2 * LINES_MAX)

struct smb_range {
	struct smb_line *line; /* borrowed: who was asked */
	unsigned links;        /* of its session then */
	uint32_t next, last;   /* ids of the requests to be answered */
	uint64_t off;
	uint8_t *bytes; /* borrowed; NULL: the answer is dropped */
	size_t len, sent, got;
	size_t each;     /* bytes of one request */
	bool is_short;   /* an answer was, so the later ones are of no use */
	bool is_dropped; /* an answer was, or nobody waits for them */
	char path[STORE_PATH_MAX + 1];
};

struct smb_reader {
	struct smb_lines *lines;           /* borrowed */
	struct smb_range ahead[AHEAD_MAX]; /* a ring, in the order to come */
	size_t first, count;
};

/* As store.h says of read, ahead and ahead_end. */
int reader_read(struct smb_reader *r, const char *path, uint64_t off,
    void *bytes, size_t len, struct err *e) MUST_CHECK;
bool reader_ahead(struct smb_reader *r, const char *path, uint64_t off,
    size_t len);
void reader_end(struct smb_reader *r);

/* An answer on line that nobody waits for just now: does it belong here? Then
 * it is lost, and will be asked for again. */
bool reader_unasked(struct smb_reader *r, const struct smb_line *line,
    const struct wire *m);

#endif
