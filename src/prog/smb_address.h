#ifndef ROAM_PROG_SMB_ADDRESS_H
#define ROAM_PROG_SMB_ADDRESS_H

#include <stddef.h>

#include "store/wire.h"

/*
 * smb_address - what libsmbclient is told to open: a URL, in which '%' and '?'
 * mean something, and so might others one day.
 */

/* Room for the server, the share and the longest path, each byte as %XX. */
#define ADDRESS_SIZE ((size_t)3 * 2 * WIRE_TEXT)

/* The URL of a directory in a share, to be freed; NULL and errno. */
char *address_base(const char *server, const char *share, const char *path);

/* The URL of path below base, to url, which is returned. */
const char *address_of(const char *base, const char *path,
    char url[ADDRESS_SIZE]);

#endif
