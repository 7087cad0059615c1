#ifndef ROAM_STORE_SMB_ERROR_H
#define ROAM_STORE_SMB_ERROR_H

#include <stdint.h>

#include "base/err.h"

/*
 * smb_error - what a worker's ERROR means to who wants to store a profile on a
 * server, and what helps.
 */
struct smb_fault {
	const char *where;  /* "//server/share/path" */
	const char *path;   /* below it; "": itself */
	uint64_t sys;       /* errno */
	uint64_t stage;     /* enum wire_stage; unknown ones are calls */
	const char *detail; /* from the library or the server; may be "" */
};

/* Fills e, and returns -1. */
int smb_error(const struct smb_fault *f, struct err *e);

/* Did the connection break, or may it have, so that a new one may help at once?
 * Time-outs are none of these: they have cost the time already. */
bool smb_error_is_loss(uint64_t sys);

#endif
