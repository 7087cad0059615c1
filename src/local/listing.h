#ifndef ROAM_LOCAL_LISTING_H
#define ROAM_LOCAL_LISTING_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/home.h"

/* listing - the names of one directory, sorted as bytes. These two speak
 * through errno: what went wrong decides what the scan makes of it. */
struct listing {
	char *bytes; /* owned */
	size_t len, cap;
	const char **at; /* owned; the byte before each name is its d_type */
	size_t count;
};

/* The directory name of dirfd for reading, no symlink and no mount. */
int listing_open(int dirfd, const char *name);
/* All names of dir but "." and ".."; -1 unless every one was read. */
int listing_read(struct listing *out, DIR *dir);
void listing_free(struct listing *n);

/* What an errno of these says of the path, unless it is about us. */
enum why listing_why(int sys);
bool listing_is_ours(int sys);

#endif
