#ifndef ROAM_SYNC_LIMITS_H
#define ROAM_SYNC_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * limits - how a run shares out the time that it has. Pure.
 *
 * What comes in has to be put in place, and what goes out to be published, so
 * neither may take all of the time; nor may the one starve the other. Times are
 * those of the steady clock.
 */
struct limits {
	double from_s, until_s; /* until_s 0: no limit */
	bool sends;             /* there is something to send as well */
};

/* From then on nothing more is received, or begun to be sent; 0: no limit. */
double limits_receive(const struct limits *l);
double limits_send(const struct limits *l);

/* How sending went so far. */
struct limits_pace {
	double from_s;  /* when it began */
	uint64_t bytes; /* since then */
};

/*
 * Is there no time at now_s to send one more file of size bytes, at the pace so
 * far? A large file that cannot make it must not keep the small ones. Where
 * nothing is known of the pace there is time as long as there is any.
 */
bool limits_too_late(const struct limits *l, const struct limits_pace *pace,
    uint64_t size, double now_s);

#endif
