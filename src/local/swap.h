#ifndef ROAM_LOCAL_SWAP_H
#define ROAM_LOCAL_SWAP_H

#include <stdbool.h>

#include "base/err.h"
#include "local/hold.h"

/*
 * swap - objects change places between staging and the home, without a moment
 * in which a name is missing, and back again when what came out of the home is
 * not what was held.
 */
struct swap {
	int dirfd; /* of the home */
	const char *name;
	int stagefd;
	const char *staged;
	/* After a failure: staged is a version of the user's that he has himself
	 * replaced meanwhile; it must not be dropped. */
	bool stray;
};

/* The staged object gets the name, which nothing has. ERR_RACE if it has. */
int swap_in(struct swap *s, struct err *e) MUST_CHECK;
/* The two change places. ERR_RACE: what the name had was not as held; it has
 * its name again. */
int swap_over(struct swap *s, const struct hold *h, struct err *e) MUST_CHECK;
/* What has the name becomes the staged object. ERR_RACE as before. */
int swap_out(struct swap *s, const struct hold *h, struct err *e) MUST_CHECK;
/* Undo swap_over(), whose outcome had to be thrown away. */
void swap_back(struct swap *s);

#endif
