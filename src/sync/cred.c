#include "sync/cred.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"

#define FILE_SIZE_MAX ((size_t)16 << 10) /* bytes */

/* The words that a line of the file begins with. */
static const struct key {
	const char *name;
	size_t offset; /* in struct cred */
	bool secret;
} keys[] = {
	{ "username", offsetof(struct cred, user), false },
	{ "user", offsetof(struct cred, user), false },
	{ "domain", offsetof(struct cred, domain), false },
	{ "dom", offsetof(struct cred, domain), false },
	{ "workgroup", offsetof(struct cred, domain), false },
	{ "password", offsetof(struct cred, password), true },
	{ "pass", offsetof(struct cred, password), true },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

/* Without the blanks at both ends. */
static void
trim(const char **text, size_t *len)
{
	while (*len > 0 && (**text == ' ' || **text == '\t')) {
		(*text)++;
		(*len)--;
	}
	while (
	    *len > 0 && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t'))
		(*len)--;
}

static const struct key *
key_of(const char *name, size_t len)
{
	trim(&name, &len);
	for (size_t i = 0; i < N_KEYS; i++)
		if (strlen(keys[i].name) == len &&
		    strncasecmp(keys[i].name, name, len) == 0)
			return &keys[i];
	return NULL;
}

static int
set_name(char out[CRED_NAME_MAX + 1], const char *text, size_t len,
    struct err *e)
{
	trim(&text, &len);
	if (len == 0 || len > CRED_NAME_MAX || memchr(text, '\0', len) != NULL)
		return err_set(e, ERR_USAGE, "a name is empty or too long");
	memcpy(out, text, len);
	out[len] = '\0';
	return 0;
}

/* One line without its newline. A password is everything behind the '='. */
static int
take_line(struct cred *c, const char *line, size_t len, struct err *e)
{
	const char *equals;
	const char *name = line;
	size_t name_len = len;
	const struct key *k;

	trim(&name, &name_len);
	if (name_len == 0 || *name == '#')
		return 0;
	equals = memchr(line, '=', len);
	k = NULL;
	if (equals != NULL)
		k = key_of(line, (size_t)(equals - line));
	if (k == NULL)
		return err_set(e, ERR_USAGE,
		    "not username=, password= or domain=");
	len -= (size_t)(equals + 1 - line);
	if (k->secret)
		return secret_set(&c->password, equals + 1, len, e);
	return set_name((char *)c + k->offset, equals + 1, len, e);
}

static int
take_lines(struct cred *c, const char *text, size_t len, struct err *e)
{
	const char *end;
	unsigned line = 1;
	size_t n;

	for (; len > 0; line++) {
		end = memchr(text, '\n', len);
		n = end != NULL ? (size_t)(end - text) : len;
		if (take_line(c, text, n > 0 && text[n - 1] == '\r' ? n - 1 : n,
			e) == -1)
			return err_wrap(e, "line %u", line);
		n += end != NULL;
		text += n;
		len -= n;
	}
	if (c->password.text[0] == '\0')
		return err_set(e, ERR_USAGE, "there is no password= in it");
	return 0;
}

/* A file that others can read or write is no secret. */
static int
check_file(int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(e, "status");
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_USAGE, "not a regular file");
	if (st.st_uid != geteuid())
		return err_set(e, ERR_USAGE, "belongs to somebody else");
	if ((st.st_mode & 077) != 0)
		return err_set(e, ERR_USAGE,
		    "others have access to it: make it mode 0600");
	return 0;
}

int
cred_from_file(struct cred *out, const char *path, struct err *e)
{
	/* As large as it gets, so that no copy of it is left behind. */
	struct buf text = { .max = FILE_SIZE_MAX };
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return err_set(e, ERR_USAGE, "--credentials %s: %s", path,
		    strerror(errno));
	rc = check_file(fd, e);
	if (rc == 0) {
		(void)buf_room(&text, FILE_SIZE_MAX);
		rc = io_read_all(fd, &text, e);
	}
	if (rc == 0)
		rc = take_lines(out, (const char *)text.bytes, text.len, e);
	close(fd);
	if (text.bytes != NULL)
		explicit_bzero(text.bytes, text.cap);
	buf_free(&text);
	return rc == -1 ? err_wrap(e, "--credentials %s", path) : 0;
}

int
cred_from_fd(struct cred *out, const char *fd, struct err *e)
{
	struct err why;
	uint64_t n;

	if (text_number(fd, 0, 1023, &n, &why) == -1)
		return err_set(e, ERR_USAGE, "--password-fd %s: %s", fd,
		    why.text);
	if (secret_read(&out->password, (int)n, &why) == -1)
		return err_set(e, ERR_USAGE, "--password-fd %s: %s", fd,
		    why.text);
	return 0;
}

int
cred_ask(struct secret *out, const char *user, const char *where, void *arg,
    struct err *e)
{
	struct termios before, quiet;
	int rc;

	(void)arg;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO) ||
	    tcgetattr(STDIN_FILENO, &before) == -1)
		return 1;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == -1)
		return 1;
	fprintf(stderr, "Password of %s for %s: ", user, where);
	fflush(stderr);
	rc = secret_read(out, STDIN_FILENO, e);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	return rc;
}

void
cred_wipe(struct cred *c)
{
	explicit_bzero(c, sizeof(*c));
}
