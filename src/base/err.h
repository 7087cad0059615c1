#ifndef ROAM_BASE_ERR_H
#define ROAM_BASE_ERR_H

#include <stdbool.h>

/*
 * err - how every function of this project says that it failed.
 *
 * A function that can fail takes a struct err as its last argument. It returns
 * -1 after it filled that struct; after any other value (0, or an fd, or a
 * count) the struct means nothing. The struct is the caller's, usually a local
 * variable of main(); it holds no pointers and is never freed. Nothing is
 * logged on the way up: the roof prints the text once.
 */
enum err_kind {
	ERR_NONE,
	ERR_USAGE,   /* the words of the user: option, path, settings line */
	ERR_SYSTEM,  /* a local system call failed; see sys */
	ERR_OFFLINE, /* the store did not answer; later may work */
	ERR_AUTH,    /* the store did not accept the credentials */
	ERR_STORE,   /* the store answered no, and will again */
	ERR_POLICY,  /* we could, but are not to: owner, not primary, size */
	ERR_BUSY,    /* another run works on this home */
	ERR_FORMAT,  /* bytes that break the rules of their format */
	ERR_LIMIT,   /* larger than a bound that we set */
	ERR_GONE,    /* what was named is not there */
	ERR_RACE,    /* someone else was first: start over */
	ERR_LATE,    /* the time that the caller has for it is up */
	ERR__COUNT
};

/* Exit statuses of the contract that are no errors; see roam(1). */
#define EXIT_HELD    5 /* deletions were held back by a guard */
#define EXIT_SKIPPED 7 /* done, but some entries were skipped */

#define ERR_TEXT_MAX 1024 /* bytes, with the NUL; longer text is cut */

struct err {
	enum err_kind kind;
	int sys;                 /* errno, or 0 where none took part */
	char text[ERR_TEXT_MAX]; /* "where: what: why", no newline */
};

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define MUST_CHECK        __attribute__((warn_unused_result))

/*
 * Each of these fills e and is -1, so that 'return err_set(...)' is one line.
 * They are macros so that the compiler and the analyzers see that -1: else
 * they follow the path on which a failure returned something else.
 */

/* err_set(e, kind, fmt, ...) */
#define err_set(...) (err_fill(__VA_ARGS__), err_minus_one())

/* err_sys(e, fmt, ...): a failed system call: ERR_SYSTEM, errno, its text. */
#define err_sys(...) (err_fill_sys(__VA_ARGS__), err_minus_one())

/* err_wrap(e, fmt, ...): put "fmt: " before the text that e holds already. */
#define err_wrap(...) (err_prepend(__VA_ARGS__), err_minus_one())

void err_fill(struct err *e, enum err_kind kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void err_fill_sys(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_prepend(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

static inline int
err_minus_one(void)
{
	return -1;
}

/* The exit status of a program that ends with e; see roam(1), EXIT STATUS. */
int err_exit_code(const struct err *e);

/* The word that --json gives for e's kind: "offline", "policy" ... */
const char *err_word(const struct err *e);

/* May the same call work when it is made again in a minute? */
bool err_is_passing(const struct err *e);

#endif
