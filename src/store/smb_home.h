#ifndef ROAM_STORE_SMB_HOME_H
#define ROAM_STORE_SMB_HOME_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"

/*
 * smb_home - the home directory of a worker: a private folder with the only
 * configuration that libsmbclient is to read, and a copy of the Kerberos
 * tickets. While it has a .smb/smb.conf the library looks at neither the
 * system's nor the user's.
 */
#define SMB_HOME_CCACHE "krb5cc" /* in it; not there: no tickets */

struct smb_home {
	char dir[256]; /* absolute, plain characters; "": none */
};

struct smb_conf {
	const char *min_protocol; /* "SMB3" */
	bool encrypt;             /* else as the server likes */
};

int smb_home_make(struct smb_home *out, const struct smb_conf *conf,
    struct err *e) MUST_CHECK;

/* With all that is in it, as far as that works. "" is fine. */
void smb_home_remove(const char *dir);

#endif
