#ifndef ROAM_STORE_STORE_DIR_H
#define ROAM_STORE_STORE_DIR_H

#include "store/store.h"

/*
 * store_dir - a store that is a directory: "file:///absolute/path".
 *
 * A local disk, NFS, or a share that somebody else has mounted. All that
 * happens below the directory is reached by descriptors and follows no
 * symlink. Files are 0600, directories 0700. An input/output error counts as
 * the store being away, but while reading a pack as damage of that pack: one
 * bad sector must not keep everything else from coming home.
 */
extern const struct store_ops store_dir_ops;

#endif
