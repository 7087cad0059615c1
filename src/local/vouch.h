#ifndef ROAM_LOCAL_VOUCH_H
#define ROAM_LOCAL_VOUCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/entry.h"
#include "model/home.h"

/* vouch - what a stat says of a file, and whether it still says the same. */
struct stat;
struct timespec;

/* Nanoseconds since 1970; times that do not fit are the nearest that does. */
int64_t stat_mtime_ns(const struct stat *st);
int64_t stat_ctime_ns(const struct stat *st);
struct timespec time_of_ns(int64_t ns);

/* ENTRY_NONE: a socket, FIFO or device. */
enum entry_type stat_type(const struct stat *st);
/* The mode that an entry made from st bears. */
uint16_t stat_mode(const struct stat *st);

struct stamp stamp_of(const struct stat *st);
/* Does the stamp that was taken when t was read still fit st? */
bool stamp_vouches(const struct stamp *s, const struct entry *t,
    const struct stat *st);
/* Same object with the same content, unless someone resets times: a rename
 * or a link may lie between the two. */
bool stat_same_content(const struct stat *a, const struct stat *b);
/* The same, and nothing at all was done to it in between. */
bool stat_same(const struct stat *a, const struct stat *b);

/* What to tell of a path that could not be worked on. */
enum why why_of_errno(int sys);
enum why why_of(const struct err *e);

#endif
