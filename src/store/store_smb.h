#ifndef ROAM_STORE_STORE_SMB_H
#define ROAM_STORE_STORE_SMB_H

#include "store/store.h"

/*
 * store_smb - a store on an SMB server: "smb://server/share/path", see
 * smb_url.h. The server is spoken to by roam-smb, a process of its own.
 */
extern const struct store_ops store_smb_ops;

#endif
