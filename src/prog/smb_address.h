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

/* Append text, its bytes encoded; '/' stays. What does not fit is left out. */
void address_append(char url[ADDRESS_SIZE], const char *text);

#endif
