#ifndef ROAM_STORE_SMB_WRITE_H
#define ROAM_STORE_SMB_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/smb_session.h"
#include "store/store.h"
#include "store/wire.h"

/*
 * smb_write - files on their way to a server: the bytes are gathered, handed to
 * the worker in chunks without waiting, and kept until the server has them, so
 * that a new worker can go on where a lost one stopped.
 */
struct chunk;
struct smb_out;

struct smb_writer {
	struct smb_session *session; /* borrowed */
	struct smb_out *file[WIRE_HANDLES];
	struct chunk *first, **last; /* sent, in their order */
	size_t under_way;            /* bytes of them */
	size_t chunk_size;           /* of the next chunk; 0: none yet */
	bool measured;               /* by an answer to one */
};

void writer_init(struct smb_writer *w, struct smb_session *s);

/* A new file; ERR_RACE where the name exists: that is said by writer_finish()
 * where others are being written. owner is what store_file.store is to be. */
int writer_create(struct smb_writer *w, struct store *owner, const char *path,
    struct store_file **out, struct err *e) MUST_CHECK;
int writer_write(struct store_file *file, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;
/* As store.h says. */
void writer_seal(struct store_file *file);
/* The file is gone from memory afterwards. */
int writer_finish(struct store_file *file, bool keep, struct err *e) MUST_CHECK;

/* The call-backs of the session; arg is the writer. */
int writer_unasked(void *arg, const struct wire *m, struct err *e);
int writer_again(void *arg, struct err *e);

/* Forget all files that were not finished. */
void writer_free(struct smb_writer *w);

#endif
