#ifndef ROAM_STORE_WIRE_H
#define ROAM_STORE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * wire - the messages between a program and its worker roam-smb, over a stream
 * socket. The program sends requests, the worker answers each, in their order.
 *
 * A message, numbers little-endian:
 *
 *     4  bytes that follow this field, at most WIRE_LEN_MAX
 *     4  id: a request's own; its answers bear the same
 *     1  op
 *        the op's numbers, 8 bytes each
 *        the op's texts: 2 bytes length, the bytes, a NUL (not counted)
 *        the rest is the blob, where the op has one; else there is none
 *
 *     op       numbers                  texts                   blob
 *     CONNECT  port, ms, slow           server
 *     LOGIN    encrypt, kerberos,       share, path, user,
 *              ms, create               domain, password
 *     LIST                              path
 *     LOAD     max, off                 path
 *     READ     off, len                 path
 *     CREATE   handle                   path
 *     RESUME   handle, size             path
 *     WRITE    handle, off                                      bytes
 *     FINISH   handle, keep
 *     MKDIR                             path
 *     RENAME                            from, to
 *     REMOVE   is_dir                   path
 *     CLAIM                             path                    bytes
 *     RELEASE
 *     OK       a, b                                             bytes
 *     PART                                                      bytes
 *     ERROR    errno, stage             detail
 *
 * Every request is answered by OK or ERROR; LIST and LOAD by any number of
 * PARTs before. CONNECT is the first request and resolves the server's name
 * and tries its port, OK's a being the microseconds that the connection took,
 * the least of three where it took more than slow, which is not 0 (as of b of
 * LOGIN);
 * LOGIN is the second: it opens the session, and the directory path in share
 * (made where create is not 0, else ESRCH), OK's a being enum wire_fact's bits and b the
 * microseconds of a round trip. Paths of
 * all others are relative to that directory, "" being itself. A list's bytes
 * are records of 1 byte (1: a directory), 8 bytes size, 8 bytes mtime in ns,
 * and a text. LOAD's are those of the file from off on, unless it has more than
 * max in all (EOVERFLOW). READ's OK has fewer bytes than asked for at the end of the file;
 * WRITE's a is the microseconds that it took.
 * CLAIM makes a file that nobody else can open before it is closed again.
 * handle is a number below WIRE_HANDLES that the program chose; RESUME opens a
 * file that it made earlier and that has size bytes at least. A file that was
 * read from stays open for the next READ, at most until RELEASE.
 */
#define WIRE_HEAD    4
#define WIRE_BLOB    ((size_t)8 << 20) /* most bytes of a blob */
#define WIRE_LEN_MAX (WIRE_BLOB + 65536)
#define WIRE_NUMBERS 4
#define WIRE_TEXTS   5
#define WIRE_TEXT    4096 /* bytes of a text, without the NUL */
#define WIRE_HANDLES 64

enum wire_op {
	WIRE_CONNECT = 1,
	WIRE_LOGIN,
	WIRE_LIST,
	WIRE_LOAD,
	WIRE_READ,
	WIRE_CREATE,
	WIRE_RESUME,
	WIRE_WRITE,
	WIRE_FINISH,
	WIRE_MKDIR,
	WIRE_RENAME,
	WIRE_REMOVE,
	WIRE_OK,
	WIRE_PART,
	WIRE_ERROR,
	WIRE_CLAIM,
	WIRE_RELEASE,
	WIRE__COUNT
};

/* LOGIN's encrypt. */
enum wire_encrypt { WIRE_REQUIRED, WIRE_DESIRED, WIRE_OFF };

/* Bits of what LOGIN found. */
enum wire_fact {
	WIRE_ENCRYPTED = 1, /* all that goes over the net is */
	WIRE_CONFINED = 2,  /* the worker cannot open the home */
};

/* ERROR's stage: how far it came. */
enum wire_stage {
	WIRE_AT_CALL,    /* a request behind LOGIN */
	WIRE_AT_NAME,    /* the server's name */
	WIRE_AT_PORT,    /* the TCP connection */
	WIRE_AT_SESSION, /* protocol and credentials */
	WIRE_AT_SHARE,
	WIRE_AT_PATH,  /* the store's directory */
	WIRE_AT_CLEAR, /* it is there, but the line is not encrypted */
	WIRE_STAGE__COUNT
};

struct wire {
	enum wire_op op;
	uint32_t id;
	uint64_t number[WIRE_NUMBERS];
	const char *text[WIRE_TEXTS]; /* NULL where the op has none */
	const void *blob;             /* all of them borrowed */
	size_t blob_len;
};

/*
 * Append m to out, all but the bytes of its blob, which are to be sent right
 * behind. A missing text is the empty one. ERR_LIMIT where it is too large.
 */
int wire_encode(struct buf *out, const struct wire *m,
    struct err *e) MUST_CHECK;

/* The number in the first field; ERR_FORMAT where it breaks the bounds. */
int wire_length(const uint8_t head[WIRE_HEAD], size_t *out,
    struct err *e) MUST_CHECK;

/* What follows that field. *out borrows from bytes. ERR_FORMAT. */
int wire_decode(struct wire *out, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;

/* One record of a list. */
struct wire_item {
	bool is_dir;
	uint64_t size;
	int64_t mtime_ns;
	const char *name; /* borrowed */
};
void wire_put_item(struct buf *out, const struct wire_item *item);
/* The next record at *at, which is moved on. 1: there was one, 0: the end. */
int wire_get_item(struct wire_item *out, const uint8_t **at, size_t *left,
    struct err *e) MUST_CHECK;

#endif
