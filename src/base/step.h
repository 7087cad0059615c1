#ifndef ROAM_BASE_STEP_H
#define ROAM_BASE_STEP_H

/*
 * step - the points at which a test may stop us.
 *
 * Called after each change of a disk that later changes build on. With
 * ROAM_STOP_AT=n in the environment the n-th call ends the process at once, as
 * SIGKILL would. Without it a call costs a comparison. Not for threads.
 */
#define STEP_EXIT 99

void step(const char *what);

#endif
