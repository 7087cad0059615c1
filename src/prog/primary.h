#ifndef ROAM_PROG_PRIMARY_H
#define ROAM_PROG_PRIMARY_H

#include "base/err.h"
#include "signin/decision.h"
#include "sync/setup.h"

/*
 * primary - what a command by hand has to know of primary computers: the
 * directory's answer of the last sign-in holds, and nobody is asked again.
 */

/* Decides for the caller. Where the settings name no store, and the directory
 * did, it is s's from now on. -1: memory. */
int primary_look(struct decision *out, struct setup *s,
    struct err *e) MUST_CHECK;

/* The same; ERR_POLICY where the profile of the caller is local here. */
int primary_allows(struct setup *s, struct err *e) MUST_CHECK;

#endif
