#ifndef ROAM_PROG_SMB_FILES_H
#define ROAM_PROG_SMB_FILES_H

#include "prog/smb_calls.h"
#include "store/wire.h"

/*
 * smb_files - the files that a worker has open: those being written, by the
 * numbers that the program gave them, and the one that was read last, since
 * many ranges of a pack are asked for in a row. Errors are those of smb_calls.
 */
struct smb_files {
	struct smb *smb; /* borrowed */
	struct {
		struct smb_file *file; /* NULL: free */
		char *path;            /* owned */
	} writing[WIRE_HANDLES], reading;
};

/* What LOAD asks for, in pieces. */
typedef int smb_piece(const void *bytes, size_t len, void *arg, struct err *e);
int files_load(struct smb_files *f, const struct wire *m, smb_piece *piece,
    void *arg, struct err *e) MUST_CHECK;

/* As smb_read_at(). */
ssize_t files_read(struct smb_files *f, const struct wire *m, void *bytes,
    struct err *e) MUST_CHECK;

/* What CREATE, RESUME, WRITE, FINISH, RENAME and REMOVE ask for. FINISH frees
 * the handle whatever it returns. */
/* Close what was read from. Never fails: who else is to know? */
void files_release(struct smb_files *f);

int files_create(struct smb_files *f, const struct wire *m,
    struct err *e) MUST_CHECK;
int files_resume(struct smb_files *f, const struct wire *m,
    struct err *e) MUST_CHECK;
int files_write(struct smb_files *f, const struct wire *m,
    struct err *e) MUST_CHECK;
int files_finish(struct smb_files *f, const struct wire *m,
    struct err *e) MUST_CHECK;
int files_rename(struct smb_files *f, const struct wire *m,
    struct err *e) MUST_CHECK;
int files_remove(struct smb_files *f, const struct wire *m,
    struct err *e) MUST_CHECK;

#endif
