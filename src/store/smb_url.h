#ifndef ROAM_STORE_SMB_URL_H
#define ROAM_STORE_SMB_URL_H

#include "base/err.h"

/*
 * smb_url - "smb://[[DOMAIN;]user@]server[:port]/share[/path]", its bytes
 * percent-encoded where they are not plain. Opens nothing.
 *
 * What comes out is plain text: UTF-8, no byte that SMB does not allow in a
 * name, no component that is empty, "." or "..".
 */
#define SMB_URL_SCHEME "smb:"
#define SMB_PORT       445
#define SMB_NAME_MAX   255  /* bytes of a server, share or user, without NUL */
#define SMB_PATH_MAX   1024 /* bytes of a path, without the NUL */

struct smb_url {
	char domain[SMB_NAME_MAX + 1]; /* "": none */
	char user[SMB_NAME_MAX + 1];   /* "": none */
	char server[SMB_NAME_MAX + 1];
	unsigned port;
	char share[SMB_NAME_MAX + 1];
	char path[SMB_PATH_MAX + 1]; /* no slash at either end; "": the share */
};

/* ERR_USAGE names the part that is wrong. A password in a URL is refused, and
 * is not repeated by the error. */
int smb_url_parse(struct smb_url *out, const char *url,
    struct err *e) MUST_CHECK;

/* Is url well formed? ERR_USAGE. */
int smb_url_check(const char *url, struct err *e) MUST_CHECK;

#endif
