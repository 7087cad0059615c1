#ifndef ROAM_PROG_ATTEND_H
#define ROAM_PROG_ATTEND_H

#include "base/err.h"
#include "prog/options.h"
#include "signin/occasion.h"

/*
 * attend - carries out an occasion: looks at settings and at what this home
 * remembers, does what signin/occasion.h decides, says how it ended, and leaves
 * that for 'roam status' and the next occasion. Returns as a command; what is
 * in the way of the profile is told as a result, not as an error.
 */
int attend(const struct options *o, enum occasion occasion, struct err *e);

#endif
