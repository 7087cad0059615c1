#include "prog/smb_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

#define PIECE ((size_t)1 << 20) /* bytes of a piece of files_load() */

static int
failed(struct err *e, int sys, const char *text)
{
	err_fill(e, ERR_SYSTEM, "%s", text);
	e->sys = sys;
	return -1;
}

/* What of a file of that size is behind at. */
static int
load_pieces(const struct smb_files *f, uint64_t at, uint64_t size,
    smb_piece *piece, void *arg, struct err *e)
{
	size_t len = 0;
	ssize_t got;
	char *bytes;
	int rc = 0;

	if ((bytes = malloc(PIECE)) == NULL)
		return failed(e, errno, "");
	for (; at < size && rc == 0; at += len) {
		len = size - at < PIECE ? (size_t)(size - at) : PIECE;
		got = smb_read_at(f->smb, f->reading.file, at, bytes, len, e);
		if (got == -1)
			rc = -1;
		else if ((size_t)got < len)
			rc = failed(e, EIO, "it became shorter");
		else
			rc = piece(bytes, len, arg, e);
	}
	free(bytes);
	return rc;
}

/*
 * The file stays open until another is read, so that many ranges of a pack cost
 * one open, and the last file costs no close.
 */
static void
close_reading(struct smb_files *f)
{
	struct err lost;

	if (f->reading.file == NULL)
		return;
	(void)smb_close(f->smb, f->reading.file, &lost);
	free(f->reading.path);
	f->reading.file = NULL;
	f->reading.path = NULL;
}

static int
open_reading(struct smb_files *f, const char *path, struct err *e)
{
	if (f->reading.file != NULL && strcmp(f->reading.path, path) == 0)
		return 0;
	close_reading(f);
	if (smb_open(f->smb, path, SMB_OPEN_READ, &f->reading.file, e) == -1)
		return -1;
	if ((f->reading.path = strdup(path)) != NULL)
		return 0;
	failed(e, errno, "");
	close_reading(f);
	return -1;
}

int
files_load(struct smb_files *f, const struct wire *m, smb_piece *piece,
    void *arg, struct err *e)
{
	uint64_t size;

	if (open_reading(f, m->text[0], e) == -1 ||
	    smb_size(f->smb, f->reading.file, &size, e) == -1)
		return -1;
	if (size > m->number[0])
		return failed(e, EOVERFLOW, "");
	return load_pieces(f, m->number[1], size, piece, arg, e);
}

ssize_t
files_read(struct smb_files *f, const struct wire *m, void *bytes,
    struct err *e)
{
	if (open_reading(f, m->text[0], e) == -1)
		return -1;
	return smb_read_at(f->smb, f->reading.file, m->number[0], bytes,
	    (size_t)m->number[1], e);
}

static int
check_handle(const struct smb_files *f, uint64_t handle, bool is_free,
    struct err *e)
{
	if (handle >= WIRE_HANDLES ||
	    (f->writing[handle].file == NULL) != is_free)
		return failed(e, EBADF, "no such handle");
	return 0;
}

static int
open_writing(struct smb_files *f, const struct wire *m, enum smb_open how,
    struct err *e)
{
	uint64_t handle = m->number[0];
	struct smb_file *file;
	struct err lost;
	char *path;

	if (check_handle(f, handle, true, e) == -1)
		return -1;
	if (smb_open(f->smb, m->text[0], how, &file, e) == -1)
		return -1;
	if ((path = strdup(m->text[0])) == NULL) {
		failed(e, errno, "");
		(void)smb_close(f->smb, file, &lost);
		return -1;
	}
	f->writing[handle].file = file;
	f->writing[handle].path = path;
	return 0;
}

/* The handle is free afterwards; the path is the caller's. */
static char *
close_writing(struct smb_files *f, uint64_t handle, int *rc, struct err *e)
{
	char *path = f->writing[handle].path;

	*rc = smb_close(f->smb, f->writing[handle].file, e);
	f->writing[handle].file = NULL;
	f->writing[handle].path = NULL;
	return path;
}

void
files_release(struct smb_files *f)
{
	close_reading(f);
}

int
files_create(struct smb_files *f, const struct wire *m, struct err *e)
{
	return open_writing(f, m, SMB_OPEN_NEW, e);
}

int
files_resume(struct smb_files *f, const struct wire *m, struct err *e)
{
	uint64_t handle = m->number[0], size;
	struct err lost;
	int rc;

	if (open_writing(f, m, SMB_OPEN_AGAIN, e) == -1)
		return -1;
	rc = smb_size(f->smb, f->writing[handle].file, &size, e);
	if (rc == 0 && size >= m->number[1])
		return 0;
	if (rc == 0)
		failed(e, EIO, "what was written is not there any more");
	free(close_writing(f, handle, &rc, &lost));
	return -1;
}

int
files_write(struct smb_files *f, const struct wire *m, struct err *e)
{
	uint64_t handle = m->number[0];

	if (check_handle(f, handle, false, e) == -1)
		return -1;
	return smb_write_at(f->smb, f->writing[handle].file, m->number[1],
	    m->blob, m->blob_len, e);
}

int
files_finish(struct smb_files *f, const struct wire *m, struct err *e)
{
	char *path;
	int rc;

	if (check_handle(f, m->number[0], false, e) == -1)
		return -1;
	path = close_writing(f, m->number[0], &rc, e);
	if (m->number[1] == 0)
		rc = smb_remove(f->smb, path, false, e);
	free(path);
	return rc;
}

/* A file that is open can be neither removed nor renamed, nor can what it lies
 * in on some servers; by ourselves either. */
int
files_rename(struct smb_files *f, const struct wire *m, struct err *e)
{
	if (f->reading.file != NULL &&
	    path_is_within(f->reading.path, strlen(f->reading.path), m->text[0],
		strlen(m->text[0])))
		close_reading(f);
	return smb_rename(f->smb, m->text[0], m->text[1], e);
}

int
files_remove(struct smb_files *f, const struct wire *m, struct err *e)
{
	close_reading(f);
	return smb_remove(f->smb, m->text[0], m->number[0] != 0, e);
}
