#include "base/secret.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int
secret_set(struct secret *out, const char *bytes, size_t len, struct err *e)
{
	if (len == 0)
		return err_set(e, ERR_USAGE, "an empty password");
	if (len > SECRET_MAX)
		return err_set(e, ERR_USAGE, "a password longer than %d bytes",
		    SECRET_MAX);
	if (memchr(bytes, '\0', len) != NULL)
		return err_set(e, ERR_USAGE, "a password with a NUL in it");
	memcpy(out->text, bytes, len);
	out->text[len] = '\0';
	return 0;
}

int
secret_read(struct secret *out, int fd, struct err *e)
{
	char line[SECRET_MAX + 2];
	size_t len = 0;
	ssize_t n;
	int rc;

	/* One byte at a time: what follows the line is not ours. */
	while (len < sizeof(line)) {
		n = read(fd, line + len, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			explicit_bzero(line, sizeof(line));
			return err_sys(e, "password");
		}
		if (n == 0 || line[len] == '\n')
			break;
		len++;
	}
	rc = secret_set(out, line, len, e);
	explicit_bzero(line, sizeof(line));
	return rc;
}

void
secret_wipe(struct secret *s)
{
	explicit_bzero(s, sizeof(*s));
}
