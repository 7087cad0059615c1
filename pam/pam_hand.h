#ifndef ROAM_PAM_HAND_H
#define ROAM_PAM_HAND_H

#include <stdint.h>

/*
 * pam_hand - a password on its way from a process that asks for it to the
 * parent of that, which opens the session: so sshd(8) does with keyboard-
 * interactive, and what PAM keeps for a handle ends with the child.
 *
 * It lies in the keyring of root in the kernel, for HAND_S at most, named by the
 * process that it is for. Only root can read it, who could read the memory of
 * either as well; for anybody else, and where the kernel has no keyrings, all
 * of this does nothing.
 */
#define HAND_S 60

/* secret, of user, for the parent of this process: a number for
 * pam_hand_forget(); -1. */
int32_t pam_hand_leave(const char *user, const char *secret);

/* What a child has left for this process: the secret of user, which the caller
 * wipes and frees, or NULL. In either case nothing is left any more. */
char *pam_hand_take(const char *user);

void pam_hand_forget(int32_t key);

#endif
