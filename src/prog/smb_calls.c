#include "prog/smb_calls.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsmbclient.h>

#include "base/clock.h"
#include "prog/smb_address.h"

#define LOG_LOGIN 3 /* the level at which a refused login says why */

struct smb {
	SMBCCTX *context; /* never freed: that may wait for the server */
	char *base;       /* owned; the URL of the store's directory */
	uint64_t encrypt;
	/* What give_password() gives, at any time. */
	char user[256], domain[256], password[256];
	smbc_add_cached_srv_fn add_connection; /* the library's own */
	bool connected;
	double connected_s; /* when */
	uint64_t trip_us;
	bool refused; /* the credentials */
	char why[256];
};

/* What the call that just failed left in errno; text "" for nothing more. */
static int
failed(struct err *e, int sys, const char *text)
{
	err_fill(e, ERR_SYSTEM, "%s", text);
	e->sys = sys != 0 ? sys : EIO;
	return -1;
}

static const char *
locate(const struct smb *s, const char *path, char url[ADDRESS_SIZE])
{
	return address_of(s->base, path, url);
}

/* The library asks for these at every call, to find its connection again, and
 * where a DFS path leads to another server. */
static void
/* NOLINTNEXTLINE(readability-function-size): the library's own parameters */
give_password(SMBCCTX *c, const char *server, const char *share, char *domain,
    int domain_cap, char *user, int user_cap, char *password, int password_cap)
{
	const struct smb *s = smbc_getOptionUserData(c);

	(void)server;
	(void)share;
	if (s->domain[0] != '\0')
		snprintf(domain, (size_t)domain_cap, "%s", s->domain);
	snprintf(user, (size_t)user_cap, "%s", s->user);
	snprintf(password, (size_t)password_cap, "%s", s->password);
}

/* Why a login was refused is told to the log only. */
static void
hear(void *arg, int level, const char *message)
{
	static const char says[] = "login failed: ";
	const char *at = strstr(message, says);
	struct smb *s = arg;

	(void)level;
	if (at == NULL)
		return;
	snprintf(s->why, sizeof(s->why), "%s", at + strlen(says));
	s->why[strcspn(s->why, "\n")] = '\0';
	s->refused = true;
}

/*
 * The library connects anew by itself when a connection is lost, and says
 * nothing. Here there is one connection, which ends with the process: what was
 * checked after the login then holds for all that is sent.
 */
static int
note_connection(SMBCCTX *c, SMBCSRV *server, const char *name,
    const char *share, const char *domain, const char *user)
{
	struct smb *s = smbc_getOptionUserData(c);

	if (s->connected) {
		errno = ENETRESET;
		return 1;
	}
	s->connected = true;
	s->connected_s = clock_steady_s();
	return s->add_connection(c, server, name, share, domain, user);
}

/*
 * The library asks the server for a sign of life before the first call, and
 * then now and then, so as to connect anew in time. A call that finds the
 * connection lost says so itself.
 */
static int
is_alive(SMBCCTX *c, SMBCSRV *server)
{
	(void)c;
	(void)server;
	return 0;
}

bool
smb_is_encrypted(const struct smb *s)
{
	char name[] = "smb_encrypt_on";

	return smbc_option_get(s->context, name) != NULL;
}

/* Asked for is not done: the library goes on in the clear where a server does
 * not play its part. So it is asked before data is sent. */
static int
check_sealed(const struct smb *s, struct err *e)
{
	if (s->encrypt != WIRE_REQUIRED || smb_is_encrypted(s))
		return 0;
	return failed(e, EPROTO, "the connection is not encrypted any more");
}

static void
set_options(SMBCCTX *c, struct smb *s, const struct smb_login *l)
{
	static const smbc_smb_encrypt_level levels[] = {
		[WIRE_REQUIRED] = SMBC_ENCRYPTLEVEL_REQUIRE,
		[WIRE_DESIRED] = SMBC_ENCRYPTLEVEL_REQUEST,
		[WIRE_OFF] = SMBC_ENCRYPTLEVEL_NONE,
	};

	smbc_setOptionUserData(c, s);
	smbc_setLogCallback(c, s, hear);
	smbc_setDebug(c, LOG_LOGIN);
	smbc_setTimeout(c, (int)l->timeout_ms);
	smbc_setPort(c, (uint16_t)l->port);
	smbc_setOptionNoAutoAnonymousLogin(c, 1);
	smbc_setOptionUseCCache(c, 0); /* winbind's, of NTLM passwords */
	smbc_setOptionUseKerberos(c, l->kerberos);
	smbc_setOptionFallbackAfterKerberos(c, 0);
	smbc_setOptionSmbEncryptionLevel(c, levels[s->encrypt]);
	/* With tickets no call-back may touch the domain: none would do. */
	if (!l->kerberos)
		smbc_setFunctionAuthDataWithContext(c, give_password);
	s->add_connection = smbc_getFunctionAddCachedServer(c);
	smbc_setFunctionAddCachedServer(c, note_connection);
	smbc_setFunctionCheckServer(c, is_alive);
}

static int
start_library(struct smb *s, const struct smb_login *how, struct err *e)
{
	SMBCCTX *c;

	if ((c = smbc_new_context()) == NULL)
		return failed(e, errno, "libsmbclient does not start");
	set_options(c, s, how);
	s->context = smbc_init_context(c);
	if (s->context == NULL)
		return failed(e, errno, "libsmbclient does not start");
	return 0;
}

static int
stat_url(const struct smb *s, const char *url, struct stat *st)
{
	return smbc_getFunctionStat(s->context)(s->context, url, st);
}

/* What a failure of the first call means: how far did it come? */
static unsigned
stage_of(const struct smb *s, int sys)
{
	if (s->connected)
		return WIRE_AT_PATH;
	if (s->refused || (sys != ENOENT && sys != EACCES))
		return WIRE_AT_SESSION;
	return WIRE_AT_SHARE;
}

uint64_t
smb_trip_us(const struct smb *s)
{
	return s->trip_us;
}

/* Errno of opening the store's directory as a file; 0: it is. Takes the time. */
static int
open_base(struct smb *s)
{
	double start = clock_steady_s(), us;
	SMBCFILE *f;
	int sys;

	errno = EIO;
	f = smbc_getFunctionOpen(s->context)(s->context, s->base, O_RDONLY, 0);
	sys = errno;
	if (start < s->connected_s) /* the first, which connected */
		start = s->connected_s;
	us = (clock_steady_s() - start) * 1e6;
	if (s->trip_us == 0 || us < (double)s->trip_us)
		s->trip_us = (uint64_t)us + 1;
	if (f != NULL)
		(void)smbc_getFunctionClose(s->context)(s->context, f);
	return f != NULL ? 0 : sys;
}

/*
 * That says EISDIR in a single round trip, where stat() takes three. A server
 * that says something else is asked properly; 0 then, or what is wrong. A line
 * counts as slow only where every one of some tries was.
 */
static int
look_at_base(struct smb *s, uint64_t slow_us)
{
	int sys = open_base(s);
	struct stat st;

	if (!s->connected)
		return sys;
	for (int i = 1; i < SMB_TRIES && slow_us > 0 && s->trip_us > slow_us;
	     i++)
		sys = open_base(s);
	if (sys == EISDIR)
		return 0;
	if (sys == ENOENT)
		return sys;
	if (stat_url(s, s->base, &st) == -1)
		return errno;
	return S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
}

/* The store's directory; of the URL's parts only it may be made. */
static int
enter(struct smb *s, const struct smb_login *how, struct err *e)
{
	int sys = look_at_base(s, how->slow_us);

	if (sys == 0)
		return 0;
	if (!s->connected || sys != ENOENT)
		return failed(e, sys, s->why);
	if (!how->create)
		return failed(e, ESRCH, "");
	if (smbc_getFunctionMkdir(s->context)(s->context, s->base, 0777) == 0 ||
	    errno == EEXIST)
		return 0;
	return failed(e, errno, "");
}

int
smb_login(struct smb **out, const struct smb_login *how, unsigned *stage,
    struct err *e)
{
	struct smb *s;

	*stage = WIRE_AT_CALL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return failed(e, errno, "");
	s->base = address_base(how->server, how->share, how->path);
	if (s->base == NULL) {
		free(s);
		return failed(e, ENOMEM, "");
	}
	snprintf(s->user, sizeof(s->user), "%s", how->user);
	snprintf(s->domain, sizeof(s->domain), "%s", how->domain);
	snprintf(s->password, sizeof(s->password), "%s", how->password);
	s->encrypt = how->encrypt <= WIRE_OFF ? how->encrypt : WIRE_REQUIRED;
	/* Not freed on failure: the library keeps a pointer to it. */
	if (start_library(s, how, e) == -1)
		return -1;
	if (enter(s, how, e) == -1) {
		*stage = stage_of(s, e->sys);
		return -1;
	}
	smbc_setDebug(s->context, 0);
	if (check_sealed(s, e) == -1) {
		*stage = WIRE_AT_CLEAR;
		return failed(e, EPROTO, "");
	}
	*out = s;
	return 0;
}

static int
visit_all(const struct smb *s, SMBCFILE *dir, smb_visit *visit, void *arg,
    struct err *e)
{
	const struct libsmb_file_info *info;
	struct wire_item item;
	struct stat st;
	int rc = 0;

	while (rc == 0) {
		errno = 0;
		info = smbc_getFunctionReaddirPlus2(
		    s->context)(s->context, dir, &st);
		if (info == NULL)
			return errno == 0 ? 0 : failed(e, errno, "");
		if (info->name[0] == '.' || strlen(info->name) > WIRE_TEXT)
			continue;
		item = (struct wire_item){
			.is_dir = S_ISDIR(st.st_mode),
			.size = S_ISDIR(st.st_mode) ? 0 : info->size,
			.mtime_ns =
			    (int64_t)info->mtime_ts.tv_sec * 1000000000 +
			    info->mtime_ts.tv_nsec,
			.name = info->name,
		};
		rc = visit(&item, arg, e);
	}
	return rc;
}

int
smb_list(struct smb *s, const char *path, smb_visit *visit, void *arg,
    struct err *e)
{
	char url[ADDRESS_SIZE];
	SMBCFILE *dir;
	int rc;

	dir = smbc_getFunctionOpendir(
	    s->context)(s->context, locate(s, path, url));
	if (dir == NULL)
		return failed(e, errno, "");
	rc = visit_all(s, dir, visit, arg, e);
	(void)smbc_getFunctionClosedir(s->context)(s->context, dir);
	return rc;
}

int
smb_open(struct smb *s, const char *path, enum smb_open how,
    struct smb_file **out, struct err *e)
{
	static const int flags[] = {
		[SMB_OPEN_READ] = O_RDONLY,
		/* For reading, too: only then it has a size for others. */
		[SMB_OPEN_NEW] = O_RDWR | O_CREAT | O_EXCL,
		[SMB_OPEN_AGAIN] = O_RDWR,
		[SMB_OPEN_ALONE] = O_RDWR | O_CREAT | O_EXCL,
	};
	char url[ADDRESS_SIZE];
	SMBCFILE *f;

	smbc_setOptionOpenShareMode(s->context,
	    how == SMB_OPEN_ALONE ? SMBC_SHAREMODE_DENY_ALL
				  : SMBC_SHAREMODE_DENY_NONE);
	f = smbc_getFunctionOpen(
	    s->context)(s->context, locate(s, path, url), flags[how], 0666);
	if (f == NULL)
		return failed(e, errno, "");
	if (check_sealed(s, e) == -1) {
		(void)smbc_getFunctionClose(s->context)(s->context, f);
		return -1;
	}
	*out = (struct smb_file *)f;
	return 0;
}

int
smb_close(struct smb *s, struct smb_file *f, struct err *e)
{
	if (smbc_getFunctionClose(s->context)(s->context, (SMBCFILE *)f) == -1)
		return failed(e, errno, "");
	return 0;
}

int
smb_size(struct smb *s, struct smb_file *f, uint64_t *out, struct err *e)
{
	struct stat st;

	if (smbc_getFunctionFstat(s->context)(s->context, (SMBCFILE *)f, &st) ==
	    -1)
		return failed(e, errno, "");
	*out = (uint64_t)st.st_size;
	return 0;
}

/* Only the library's own note of where it stands: nothing is sent. */
static int
seek(const struct smb *s, SMBCFILE *f, uint64_t off, struct err *e)
{
	if (smbc_getFunctionLseek(
		s->context)(s->context, f, (off_t)off, SEEK_SET) == -1)
		return failed(e, errno, "");
	return 0;
}

ssize_t
smb_read_at(struct smb *s, struct smb_file *f, uint64_t off, void *bytes,
    size_t len, struct err *e)
{
	SMBCFILE *file = (SMBCFILE *)f;
	size_t got;
	ssize_t n;

	if (seek(s, file, off, e) == -1)
		return -1;
	for (got = 0; got < len; got += (size_t)n) {
		n = smbc_getFunctionRead(s->context)(s->context, file,
		    (char *)bytes + got, len - got);
		if (n == -1)
			return failed(e, errno, "");
		if (n == 0)
			break;
	}
	return (ssize_t)got;
}

int
smb_write_at(struct smb *s, struct smb_file *f, uint64_t off, const void *bytes,
    size_t len, struct err *e)
{
	SMBCFILE *file = (SMBCFILE *)f;
	const char *from = bytes;
	ssize_t n;

	if (seek(s, file, off, e) == -1)
		return -1;
	for (; len > 0; from += n, len -= (size_t)n) {
		n = smbc_getFunctionWrite(
		    s->context)(s->context, file, from, len);
		if (n <= 0)
			return failed(e, n == 0 ? EIO : errno, "");
	}
	return 0;
}

int
smb_claim(struct smb *s, const char *path, const void *bytes, size_t len,
    struct err *e)
{
	struct smb_file *f;
	struct err lost;
	int rc = 0;

	if (smb_open(s, path, SMB_OPEN_ALONE, &f, e) == -1)
		return -1;
	if (len > 0)
		rc = smb_write_at(s, f, 0, bytes, len, e);
	if (smb_close(s, f, rc == 0 ? e : &lost) == -1)
		rc = -1;
	return rc;
}

int
smb_mkdir(struct smb *s, const char *path, struct err *e)
{
	char url[ADDRESS_SIZE];

	if (smbc_getFunctionMkdir(
		s->context)(s->context, locate(s, path, url), 0777) == -1)
		return failed(e, errno, "");
	return 0;
}

/*
 * The library deletes a file or an empty directory that bears the name to
 * already. Neither ever does in a store of ours; but where one does it is not
 * to be lost, so we look, which costs one round trip where nothing is there. A
 * directory that holds something, made meanwhile, is refused by the server.
 */
int
smb_rename(struct smb *s, const char *from, const char *to, struct err *e)
{
	char from_url[ADDRESS_SIZE], to_url[ADDRESS_SIZE];
	struct stat st;

	locate(s, from, from_url);
	if (stat_url(s, locate(s, to, to_url), &st) == 0)
		return failed(e, EEXIST, "");
	if (errno != ENOENT)
		return failed(e, errno, "");
	if (smbc_getFunctionRename(
		s->context)(s->context, from_url, s->context, to_url) == -1)
		return failed(e, errno, "");
	return 0;
}

int
smb_remove(struct smb *s, const char *path, bool is_dir, struct err *e)
{
	char url[ADDRESS_SIZE];
	int rc;

	locate(s, path, url);
	rc = is_dir ? smbc_getFunctionRmdir(s->context)(s->context, url)
		    : smbc_getFunctionUnlink(s->context)(s->context, url);
	return rc == 0 || errno == ENOENT ? 0 : failed(e, errno, "");
}
