#include <sys/mman.h>

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signin/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What a program of a user's says to one of root's: each line is bounded, and
 * the end of the bytes is the end of the lines. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct lines l;
	const char *word, *rest;
	size_t count = 0;
	int fd = memfd_create("lines", MFD_CLOEXEC);

	if (fd == -1 || write(fd, bytes, len) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET) != 0)
		abort();
	l = (struct lines){ .fd = fd };
	while (lines_next(&l, 1000, &word, &rest) == 1)
		if (strlen(word) + strlen(rest) >= LINES_MAX ||
		    strchr(word, ' ') != NULL || ++count > len)
			abort();
	close(fd);
	return 0;
}
