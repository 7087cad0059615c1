#ifndef ROAM_PROG_SMB_CALLS_H
#define ROAM_PROG_SMB_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "store/wire.h"

/*
 * smb_calls - one connection to one share through libsmbclient, and the calls
 * that a store needs. The only file that includes libsmbclient.h is its .c.
 *
 * The library is used by one thread and knows no deadline: whoever
 * waits for this process has to end it. An error is ERR_SYSTEM with the errno
 * that the library gave in sys, and as text what more is known, often nothing.
 * Paths are relative to the directory that smb_login() opened.
 */
struct smb;

#define SMB_TRIES 3 /* before a line counts as slow */

struct smb_login {
	const char *server, *share, *path;    /* borrowed for the call */
	const char *user, *domain, *password; /* password "": none */
	unsigned port;
	unsigned timeout_ms; /* of one request to the server */
	uint64_t encrypt;    /* enum wire_encrypt */
	bool kerberos;       /* with the tickets that KRB5CCNAME names */
	bool create;         /* the directory, where it is missing */
	uint64_t slow_us;    /* what takes longer is measured again; 0: never */
};

/* On -1 *stage is an enum wire_stage. The process is then good for nothing but
 * its end. */
int smb_login(struct smb **out, const struct smb_login *how, unsigned *stage,
    struct err *e) MUST_CHECK;

/* Is all that goes over the net encrypted? */
bool smb_is_encrypted(const struct smb *s);

/* Microseconds of a round trip, as the login found. */
uint64_t smb_trip_us(const struct smb *s);

/* item is borrowed for the call; -1 ends the list. */
typedef int smb_visit(const struct wire_item *item, void *arg, struct err *e);
int smb_list(struct smb *s, const char *path, smb_visit *visit, void *arg,
    struct err *e) MUST_CHECK;

/* An open file; ends in smb_close(). */
struct smb_file;
enum smb_open {
	SMB_OPEN_READ,
	SMB_OPEN_NEW, /* EEXIST where the name is taken */
	SMB_OPEN_AGAIN,
	SMB_OPEN_ALONE, /* as NEW, and until it is closed nobody else can */
};
int smb_open(struct smb *s, const char *path, enum smb_open how,
    struct smb_file **out, struct err *e) MUST_CHECK;
int smb_size(struct smb *s, struct smb_file *f, uint64_t *out,
    struct err *e) MUST_CHECK;
/* Up to len bytes at off; how many, fewer only at the end of the file. What is
 * asked for beyond it costs a round trip. */
ssize_t smb_read_at(struct smb *s, struct smb_file *f, uint64_t off,
    void *bytes, size_t len, struct err *e) MUST_CHECK;
int smb_write_at(struct smb *s, struct smb_file *f, uint64_t off,
    const void *bytes, size_t len, struct err *e) MUST_CHECK;
int smb_close(struct smb *s, struct smb_file *f, struct err *e);

/* A new file with these bytes, that nobody can open before it is closed. */
int smb_claim(struct smb *s, const char *path, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;

int smb_mkdir(struct smb *s, const char *path, struct err *e) MUST_CHECK;
/* Fails with EEXIST or ENOTEMPTY where to exists. */
int smb_rename(struct smb *s, const char *from, const char *to,
    struct err *e) MUST_CHECK;
/* Success where there is none. */
int smb_remove(struct smb *s, const char *path, bool is_dir,
    struct err *e) MUST_CHECK;

#endif
