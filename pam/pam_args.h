#ifndef ROAM_PAM_ARGS_H
#define ROAM_PAM_ARGS_H

#include <stdbool.h>

/*
 * pam_args - the words behind pam_roam.so in a line of pam.conf(5): one table.
 */
struct pam_args {
	unsigned timeout_s; /* longest wait of all; 0: as roam-session says */
	const char *config; /* borrowed from argv; NULL: the system's */
	bool quiet;         /* no messages to the person */
	bool debug;         /* what is done goes to syslog */
	bool required;      /* no profile, no session */
};

/*
 * A word that is not known or has no such value is passed over, for a login
 * must not fail by it; the first is left in *bad, borrowed from argv, else
 * *bad is NULL.
 */
void pam_args_read(struct pam_args *out, int argc, const char **argv,
    const char **bad);

#endif
