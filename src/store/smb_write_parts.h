#ifndef ROAM_STORE_SMB_WRITE_PARTS_H
#define ROAM_STORE_SMB_WRITE_PARTS_H

/* Only for smb_write.c, what is written, and smb_chunks.c, how it gets there. */

#include "store/smb_write.h"

/*
 * A chunk is one request to the server, which has to carry it out within the
 * library's time-out however slow the line is, and costs a round trip however
 * fast it is. So the first is one that a slow line can take, and how long that
 * took tells how large the next ones may be.
 */
#define CHUNK_MIN ((size_t)64 << 10)

enum chunk_kind { CHUNK_WRITE, CHUNK_CREATE, CHUNK_FINISH };

/* A request that is under way: the bytes of a chunk, or its file's begin or
 * end, which have none. */
struct chunk {
	enum chunk_kind kind;
	struct chunk *next;
	struct smb_out *out; /* borrowed */
	uint32_t id;
	uint64_t off;
	size_t len, cap;
	uint8_t bytes[];
};

struct smb_out {
	struct store_file file;
	struct smb_writer *writer; /* borrowed */
	uint64_t handle;
	uint64_t len;          /* in chunks that were sent */
	uint64_t acked;        /* known to be on the server */
	struct chunk *filling; /* owned; NULL: none */
	bool created;          /* CREATE was answered */
	bool sealed; /* FINISH was sent, before anybody asked for it */
	bool closed; /* by the worker: FINISH was answered */
	bool failed;
	struct err err; /* why */
	char path[STORE_PATH_MAX + 1];
};

/* The first failure of a file stays, and is told by all that comes after. */
void writer_fail(struct smb_out *out, const struct err *why);
void writer_fail_all(struct smb_writer *w, const struct err *why);

/* Neither failed nor closed; NULL is neither open. */
bool writer_is_open(const struct smb_out *out);

/* Wait until no more than that many bytes are under way. Losses are made good
 * as long as that is any use; else all files have failed. */
int writer_settle(struct smb_writer *w, size_t bytes, struct err *e) MUST_CHECK;

/* Hand a request over, behind those that are under way. The chunk is the
 * writer's from then on. There has to be a link. */
int writer_dispatch(struct smb_writer *w, struct chunk *c,
    struct err *e) MUST_CHECK;

#endif
