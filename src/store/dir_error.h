#ifndef ROAM_STORE_DIR_ERROR_H
#define ROAM_STORE_DIR_ERROR_H

#include "base/err.h"

/*
 * dir_error - what the errno of a call on a store's directory means to who
 * wants to store a profile there, and what helps.
 *
 * Fills e for the errno sys that path ("" for the directory itself) met below
 * the directory name, and returns -1. What is not the store's doing, as too
 * many open files, is ERR_SYSTEM.
 */
int dir_error(const char *name, const char *path, int sys, struct err *e);

#endif
