#ifndef ROAM_BASE_CREW_H
#define ROAM_BASE_CREW_H

#include <stddef.h>

#include "base/err.h"

/*
 * crew - a few threads that work on items and hand them back in order.
 *
 * Used where one thread reads and writes while others compress, inflate or
 * hash. At most depth items are under way, which bounds memory. Without
 * threads (count 0) crew_put() does the work itself. The work function runs
 * on any thread; it touches nothing but its item (and arg, which it may only
 * read), and reports failure inside the item.
 */
struct crew;
typedef void crew_work(void *item, void *arg);

int crew_new(struct crew **out, unsigned count, size_t depth, crew_work *work,
    void *arg, struct err *e) MUST_CHECK;
/* Is there room for one more item? If not, take one first. */
bool crew_is_full(const struct crew *c);
/* The item is the crew's until crew_take() gives it back. Never when full. */
void crew_put(struct crew *c, void *item);
/* The oldest item, worked on; waits for it. NULL when none is under way. */
void *crew_take(struct crew *c);
/* The same, but NULL where that is not done within ms. */
void *crew_take_within(struct crew *c, unsigned ms);
/* Is nothing under way? */
bool crew_is_idle(const struct crew *c);
/* The same as crew_take(), but NULL instead of waiting where the oldest is not
 * ready. */
void *crew_try_take(struct crew *c);
/* Waits for what is under way; those items go back to nobody: take them all
 * before, where they own something. NULL is fine. */
void crew_free(struct crew *c);

/* Threads worth using on this machine: processors we may run on, 1..8. */
unsigned crew_size(void);

#endif
