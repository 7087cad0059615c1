#ifndef ROAM_STORE_STORE_H
#define ROAM_STORE_STORE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

/*
 * store - a directory tree off this machine, as a generation log needs it.
 *
 * Shaped by what SMB can do and what it costs: each call is one to five round
 * trips; files are written once, front to back, and never changed; a directory
 * is published by one rename that fails where the target is there already; no
 * locks. Names are paths of at most STORE_PATH_MAX bytes made of [a-z0-9/-].
 * A store is used by one thread at a time. Each call ends within the deadline
 * given at open, with ERR_OFFLINE if need be. Errors name server and path.
 */
#define STORE_PATH_MAX 200

struct claims;
struct store;
struct store_file;

struct store_item {
	const char *name; /* borrowed for the call */
	bool is_dir;
	uint64_t size;
	int64_t mtime_ns; /* by the server's clock */
};
/* Called for each name in a directory, in no order; -1 ends the list. */
typedef int store_visit(const struct store_item *item, void *arg,
    struct err *e);

/* Ask a person for user's password on where; 1: there is nobody to ask. */
typedef int store_ask(struct secret *out, const char *user, const char *where,
    void *arg, struct err *e);

enum store_encrypt {
	STORE_ENCRYPT_REQUIRED,
	STORE_ENCRYPT_DESIRED,
	STORE_ENCRYPT_OFF
};

struct store_how {
	unsigned deadline_ms; /* of one call; 0: none */
	bool create;          /* make the store's directory (not its parents) */
	/* Only for stores on a server; borrowed until it is entered. The
	 * password is copied, and the copy wiped in store_close(). */
	const char *user;   /* NULL: the URL's, else the caller's own name */
	const char *domain; /* NULL: the URL's, else the server decides */
	const struct secret *password; /* NULL: none; Kerberos comes first */
	store_ask *ask; /* NULL: nobody; where there is neither */
	void *ask_arg;
	enum store_encrypt encrypt;
	const char *min_protocol; /* of SMB; NULL: "SMB3" */
	unsigned connect_ms;      /* to find and reach a server; 0: 5000 */
	/* A line of longer round trips is not made use of: store_is_slow() of
	 * the error. 0: any. */
	unsigned slow_ms;
};

/* Does e say that the line was too slow? */
bool store_is_slow(const struct err *e);

/* What is known of the line to a server. */
struct store_facts {
	bool encrypted; /* all that goes over it; else it is signed */
	bool kerberos;  /* logged in by a ticket; else by a password */
	bool confined;  /* what speaks with the server cannot open the home */
	unsigned rtt_us;
};

struct store_ops {
	const char *scheme; /* "file:" */
	bool near;          /* a call costs no round trip */

	/* ERR_USAGE: malformed; ERR_OFFLINE: not there or not reachable;
	 * ERR_GONE: reachable, but there is no store and !how->create. */
	int (*open)(struct store **out, const char *url,
	    const struct store_how *how, struct err *e);
	/*
	 * open() has only begun to reach a server: what became of it. 1: it is
	 * open; 0: not known yet, which wait rules out; -1 as of open(). NULL:
	 * it is open at once.
	 */
	int (*enter)(struct store *s, bool wait, struct err *e);
	/* Files and directories, "" is the store itself. What is not named as
	 * ours are is left out by store_list(). ERR_GONE: no such directory. */
	int (*list)(struct store *s, const char *dir, store_visit *visit,
	    void *arg, struct err *e);
	/* The whole of a small file, appended to out; ERR_LIMIT beyond
	 * out->max, ERR_GONE where there is none. */
	int (*load)(struct store *s, const char *path, struct buf *out,
	    struct err *e);
	/* Exactly len bytes at off; ERR_FORMAT where the file is shorter. */
	int (*read)(struct store *s, const char *path, uint64_t off,
	    void *bytes, size_t len, struct err *e);
	/*
	 * What will be read next, and after what was announced before: a read
	 * of just that range, made by and by, may find it on its way. False:
	 * that is enough for now. ahead_end: nothing of it will be read any
	 * more. Both NULL: nothing to be gained.
	 */
	bool (*ahead)(struct store *s, const char *path, uint64_t off,
	    size_t len);
	void (*ahead_end)(struct store *s);
	/* A new file; ERR_RACE where the name exists, which finish() says where
	 * other files are under way. Written bytes may still
	 * be under way until finish(), which says whether all arrived. The
	 * file is gone from memory after finish(), whatever it returns;
	 * finish(keep = false) gives it up. */
	int (*create)(struct store *s, const char *path,
	    struct store_file **out, struct err *e);
	int (*write)(struct store_file *f, const void *bytes, size_t len,
	    struct err *e);
	int (*finish)(struct store_file *f, bool keep, struct err *e);
	/* Nothing more will be written: what finish() is to wait for may begin.
	 * It is still called. NULL: nothing to be gained. */
	void (*seal)(struct store_file *f);
	/* ERR_RACE where it exists; but as with create() it may be that a
	 * name counts as new that came to be while a connection was lost. */
	int (*mkdir)(struct store *s, const char *path, struct err *e);
	/*
	 * Give directory from, which is not empty, the name to, in one step and
	 * only if to does not exist: ERR_RACE if it does. Where a server
	 * renames no directory store.c does it by claims (roam-store(5)). All files below it
	 * are durable before, the name after (as far as the server can).
	 * ERR_OFFLINE: the outcome is unknown, and it may still happen.
	 */
	int (*publish)(struct store *s, const char *from, const char *to,
	    struct err *e);
	/*
	 * A new file of so few bytes that one write holds them; nobody else can
	 * open it before it is closed: that fails with sys EBUSY. All files
	 * below from, unless NULL, are durable before. ERR_RACE where it
	 * exists; any other error may leave a part of it. NULL: this kind of
	 * store cannot.
	 */
	int (*claim)(struct store *s, const char *from, const char *path,
	    const void *bytes, size_t len, struct err *e);
	/* A file or an empty directory; success where there is none. ERR_RACE:
	 * there is still something in the directory. */
	int (*remove)(struct store *s, const char *path, bool is_dir,
	    struct err *e);
	/* NULL: there is no line. */
	void (*facts)(const struct store *s, struct store_facts *out);
	/* Of the store's directory, as a user of this machine. NULL: nobody
	 * knows. */
	bool (*owner)(const struct store *s, uid_t *out);
	void (*close)(struct store *s);
};

/* A kind of store begins its own struct with this one; so does its file. */
struct store {
	const struct store_ops *ops;
	const char *url;       /* owned by the kind; for messages */
	struct claims *claims; /* owned; NULL: none */
	uint64_t bytes_read, bytes_written, calls; /* counted in store.c */
	/*
	 * By the steady clock; 0: never. From then on calls that read, make or
	 * write something are ERR_LATE, and one that is under way soon is.
	 * What ends something (finish, publish, remove) is not refused. The
	 * caller sets it, while no call is under way.
	 */
	double until_s;
};
struct store_file {
	struct store *store;
};

/*
 * The calls of the rest of the program: check names, count, pass on.
 *
 * store_begin() does not wait for a server: meanwhile the caller can do what
 * needs no store. Then store_enter() has to return 1 before any other call but
 * store_close(). store_open() is both.
 */
int store_begin(struct store **out, const char *url,
    const struct store_how *how, struct err *e) MUST_CHECK;
int store_enter(struct store *s, bool wait, struct err *e) MUST_CHECK;
int store_open(struct store **out, const char *url, const struct store_how *how,
    struct err *e) MUST_CHECK;
int store_list(struct store *s, const char *dir, store_visit *visit, void *arg,
    struct err *e) MUST_CHECK;
int store_load(struct store *s, const char *path, struct buf *out,
    struct err *e) MUST_CHECK;
int store_read(struct store *s, const char *path, uint64_t off, void *bytes,
    size_t len, struct err *e) MUST_CHECK;
bool store_ahead(struct store *s, const char *path, uint64_t off, size_t len);
void store_ahead_end(struct store *s);
int store_create(struct store *s, const char *path, struct store_file **out,
    struct err *e) MUST_CHECK;
int store_write(struct store_file *f, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;
void store_seal(struct store_file *f);
int store_finish(struct store_file *f, bool keep, struct err *e) MUST_CHECK;
int store_mkdir(struct store *s, const char *path, struct err *e) MUST_CHECK;
int store_publish(struct store *s, const char *from, const char *to,
    struct err *e) MUST_CHECK;
int store_remove(struct store *s, const char *path, bool is_dir,
    struct err *e) MUST_CHECK;
void store_close(struct store *s);

/* Is the time up that until_s gives? */
bool store_is_late(const struct store *s);
/* Is a look at it nearly free? */
bool store_is_near(const struct store *s);

/* False: the store is on this machine, as far as we know. */
bool store_facts(const struct store *s, struct store_facts *out);
/* Who owns the directory that the store is? False where that is not known. */
bool store_owner(const struct store *s, uid_t *out);
/* Are generations published by claims, as the server does not rename
 * directories? As far as was seen. */
bool store_uses_claims(const struct store *s);
/* Is what lies in tmp/name a published generation? */
int store_holds(struct store *s, const char *name, bool *yes,
    struct err *e) MUST_CHECK;

/* Does url name a kind of store that we know, well formed? Opens nothing. */
int store_check_url(const char *url, struct err *e) MUST_CHECK;

#endif
