#include "store/smb_error.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "store/wire.h"

#define ANY WIRE_STAGE__COUNT /* stage */

#define EARLY                                                                  \
	"the connection broke before the login",                               \
	    "is this an SMB server, and well?"

/*
 * The first row that fits. EINVAL is what the library makes of all that it has
 * no better number for, so what was looked at before decides what it means
 * the name has been resolved and the port has answered when a session is set
 * up, and the names of a store are no reason: then it is a session that ended.
 */
static const struct meaning {
	int sys; /* 0: any */
	unsigned stage;
	enum err_kind kind;
	const char *what;   /* NULL: the text of the number */
	const char *remedy; /* NULL: none */
} meanings[] = {
	{ 0, WIRE_AT_NAME, ERR_OFFLINE, "the server's name does not resolve",
	    "check the name and the network" },
	{ ECONNREFUSED, WIRE_AT_PORT, ERR_OFFLINE,
	    "the server refuses connections", "is its SMB service up?" },
	{ 0, WIRE_AT_PORT, ERR_OFFLINE, "the server cannot be reached",
	    "is it up, and is this its network?" },
	{ ETIMEDOUT, ANY, ERR_OFFLINE, "the server did not answer in time",
	    "is it up?" },
	{ ECONNABORTED, WIRE_AT_SESSION, ERR_OFFLINE, EARLY },
	{ ECONNRESET, WIRE_AT_SESSION, ERR_OFFLINE, EARLY },
	{ ENETRESET, WIRE_AT_SESSION, ERR_OFFLINE, EARLY },
	{ ECONNABORTED, ANY, ERR_OFFLINE, "the connection broke",
	    "try again later" },
	{ ECONNRESET, ANY, ERR_OFFLINE, "the connection broke",
	    "try again later" },
	{ ENETRESET, ANY, ERR_OFFLINE, "the connection broke",
	    "try again later" },
	{ EPIPE, ANY, ERR_OFFLINE, "the connection broke", "try again later" },
	{ ENOTCONN, ANY, ERR_OFFLINE, "the connection broke",
	    "try again later" },
	{ ECONNREFUSED, ANY, ERR_OFFLINE, "the server refuses connections",
	    "is its SMB service up?" },
	{ EHOSTUNREACH, ANY, ERR_OFFLINE, NULL, "is the network up?" },
	{ EHOSTDOWN, ANY, ERR_OFFLINE, NULL, "is the server up?" },
	{ ENETUNREACH, ANY, ERR_OFFLINE, NULL, "is the network up?" },
	{ ENETDOWN, ANY, ERR_OFFLINE, NULL, "is the network up?" },
	{ ENOSYS, WIRE_AT_SESSION, ERR_STORE,
	    "the server speaks no version of SMB that smb_min_protocol allows",
	    "see roam.conf(5)" },
	{ EACCES, WIRE_AT_SESSION, ERR_AUTH, "the login was refused",
	    "check user and password, or get a new ticket with kinit" },
	{ EPERM, WIRE_AT_SESSION, ERR_AUTH, "the login was refused",
	    "check user and password, or get a new ticket with kinit" },
	{ EINVAL, WIRE_AT_SESSION, ERR_AUTH, "the login failed",
	    "must the password be changed, or is there no ticket for this "
	    "server?" },
	{ ENOENT, WIRE_AT_SHARE, ERR_STORE, "the server has no such share",
	    "check its name" },
	{ EACCES, WIRE_AT_SHARE, ERR_STORE, "this user may not use the share",
	    "check its permissions" },
	{ EPERM, WIRE_AT_SHARE, ERR_STORE, "this user may not use the share",
	    "check its permissions" },
	{ 0, WIRE_AT_CLEAR, ERR_POLICY, "the connection would not be encrypted",
	    "let the server require it (Samba: server smb encrypt = required), "
	    "or set smb_encrypt = desired" },
	{ ESRCH, WIRE_AT_PATH, ERR_GONE, "no such store", NULL },
	{ ENOENT, WIRE_AT_PATH, ERR_STORE,
	    "the directory it lies in is missing too",
	    "make that one; or does a DFS link lead nowhere?" },
	{ ENOTDIR, WIRE_AT_PATH, ERR_STORE, "not a directory",
	    "give another path" },
	{ ENOENT, ANY, ERR_GONE, NULL, NULL },
	{ EEXIST, ANY, ERR_RACE, NULL, NULL },
	{ ENOTEMPTY, ANY, ERR_RACE, NULL, NULL },
	{ EACCES, ANY, ERR_STORE, NULL,
	    "check the permissions of share and folder" },
	{ EPERM, ANY, ERR_STORE, NULL,
	    "check the permissions of share and folder" },
	{ EROFS, ANY, ERR_STORE, NULL, "let the share be written to" },
	{ ENOSPC, ANY, ERR_STORE, NULL,
	    "make room there or raise the quota, or collect with roam gc" },
	{ EDQUOT, ANY, ERR_STORE, NULL,
	    "raise the quota, or collect with roam gc" },
	{ EFBIG, ANY, ERR_STORE, NULL, "that server has a smaller limit" },
	{ ENOTDIR, ANY, ERR_STORE, NULL, "a file lies in the way" },
	{ EISDIR, ANY, ERR_STORE, NULL, "a directory lies in the way" },
	{ EBUSY, ANY, ERR_OFFLINE, "somebody has it open", "try again later" },
	{ ETXTBSY, ANY, ERR_OFFLINE, "somebody has it open",
	    "try again later" },
	{ EIO, ANY, ERR_OFFLINE, NULL, "check the server's disk" },
	{ EINVAL, ANY, ERR_OFFLINE,
	    "the server did not accept that, or the connection broke", NULL },
	/* For its memory, or in a session that has just ended. A path that is
	 * no UTF-8 is neither. */
	{ ENOMEM, WIRE_AT_PATH, ERR_SYSTEM, NULL, NULL },
	{ ENOMEM, ANY, ERR_OFFLINE,
	    "the connection broke, or there was no memory left",
	    "try again later" },
	{ 0, ANY, ERR_STORE, NULL, NULL },
};
#define N_MEANINGS (sizeof(meanings) / sizeof(meanings[0]))

#define REFUSED 0, WIRE_AT_SESSION, ERR_AUTH, "the login was refused"

/* Why an account may not log in is known only by the library's words. */
static const struct {
	const char *says;
	struct meaning is;
} refusals[] = {
	{ " locked",
	    { REFUSED,
		"wait, or ask an administrator to unlock the account" } },
	{ "disabled",
	    { REFUSED, "ask an administrator to enable the account" } },
	{ "password must be changed",
	    { REFUSED, "change the password first" } },
	{ "password has expired", { REFUSED, "change the password first" } },
	{ "account has expired",
	    { REFUSED, "ask an administrator to prolong the account" } },
};
#define N_REFUSALS (sizeof(refusals) / sizeof(refusals[0]))

bool
smb_error_is_loss(uint64_t sys)
{
	static const int losses[] = { ECONNABORTED, ECONNRESET, ENETRESET,
		EPIPE, ENOTCONN, EINVAL, ENOMEM };

	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		if (sys == (uint64_t)losses[i])
			return true;
	return false;
}

static const struct meaning *
meaning_of(const struct smb_fault *f)
{
	const struct meaning *m = meanings;

	for (size_t i = 0; f->stage == WIRE_AT_SESSION && i < N_REFUSALS; i++)
		if (strstr(f->detail, refusals[i].says) != NULL)
			return &refusals[i].is;
	for (; m < &meanings[N_MEANINGS - 1]; m++)
		if ((m->sys == 0 || f->sys == (uint64_t)m->sys) &&
		    (m->stage == ANY || f->stage == m->stage))
			break;
	return m;
}

int
smb_error(const struct smb_fault *f, struct err *e)
{
	const struct meaning *m = meaning_of(f);
	int sys = f->sys <= 4095 ? (int)f->sys : EINVAL;
	char detail[300], text[128];
	bool more = f->detail[0] != '\0';
	const char *what = m->what;

	if (what == NULL)
		what = strerror_r(sys, text, sizeof(text));
	text_show(f->detail, strlen(f->detail), detail, sizeof(detail));
	err_set(e, m->kind, "%s%s%s: %s%s%s%s%s%s", f->where,
	    f->path[0] != '\0' ? "/" : "", f->path, what, more ? ": " : "",
	    detail, m->remedy != NULL ? " (" : "",
	    m->remedy != NULL ? m->remedy : "", m->remedy != NULL ? ")" : "");
	e->sys = sys;
	return -1;
}
