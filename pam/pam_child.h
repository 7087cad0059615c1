#ifndef ROAM_PAM_CHILD_H
#define ROAM_PAM_CHILD_H

/*
 * pam_child - start roam-session beside the program that PAM runs in, so that
 * this notices nothing: no SIGCHLD, no child for its wait(), no change to its
 * signals, descriptors or environment, whatever its threads do meanwhile.
 */

/*
 * argv[0] is the program. It reads secret (not NULL, at most PAM_SECRET_MAX
 * bytes are passed on) as its standard input, which else is empty, and writes
 * to the descriptor that is returned, which is the caller's; -1 and errno where
 * it cannot be started.
 */
#define PAM_SECRET_MAX 1024
int pam_child_start(const char *const argv[], const char *const envp[],
    const char *secret);

#endif
