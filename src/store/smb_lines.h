#ifndef ROAM_STORE_SMB_LINES_H
#define ROAM_STORE_SMB_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/smb_session.h"
#include "store/smb_write.h"
#include "store/store.h"

/*
 * smb_lines - the connections of one store, a worker each. A worker does one
 * thing after the other, so that each costs its round trips; where these are
 * long and there is much to carry, up to three more workers take their share.
 * The first line is there from the start to the end and does all else.
 *
 * Lines that join are started at the same time and waited for by nobody: one
 * that is in is made use of, one that fails is done without.
 */
#define LINES_MAX 4

enum line_state { LINE_NONE, LINE_JOINING, LINE_IN, LINE_OUT };

struct smb_line {
	struct smb_session session;
	struct smb_writer writer;
	struct smb_reader *reader; /* borrowed; who asked it to read ahead */
	enum line_state state;
	bool has_read; /* so that its worker may have a file open */
};

struct smb_lines {
	struct smb_line line[LINES_MAX];
	uint64_t carried; /* bytes, of this store so far */
};

/* Begins to open the first line; *l is the caller's, zero, and ends in
 * lines_close() even after -1. reader is borrowed. Then lines_enter(): as
 * store.h says of open and enter. */
int lines_open(struct smb_lines *l, struct smb_reader *reader, const char *url,
    const struct store_how *how, struct err *e) MUST_CHECK;
int lines_enter(struct smb_lines *l, bool wait, struct err *e) MUST_CHECK;
void lines_close(struct smb_lines *l);

/* len more bytes are to be carried; more lines join where that pays. */
void lines_carry(struct smb_lines *l, size_t len);

/* How many are in, and the line that a new file is best written through. */
size_t lines_count(struct smb_lines *l);
struct smb_line *lines_for_file(struct smb_lines *l);

/* No worker but the first has a file open for reading afterwards, as far as
 * that works: on many servers such a one can be neither removed nor renamed. */
void lines_let_go(struct smb_lines *l);

#endif
