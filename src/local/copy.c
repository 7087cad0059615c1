#include <sys/ioctl.h>

#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "local/copy.h"

#define CHUNK ((size_t)256 << 10)

/* The bytes from at up to end. */
static int
copy_run(int from, int to, off_t at, off_t end, struct err *e)
{
	char *buf;
	ssize_t n = 0;

	if ((buf = malloc(CHUNK)) == NULL)
		return err_sys(e, "copy");
	while (at < end) {
		size_t want =
		    end - at < (off_t)CHUNK ? (size_t)(end - at) : CHUNK;

		n = io_read_at(from, buf, want, (uint64_t)at, e);
		if (n <= 0 ||
		    io_write_at(to, buf, (size_t)n, (uint64_t)at, e) == -1)
			break;
		at += n;
	}
	free(buf);
	if (at == end)
		return 0;
	return n == 0 ? err_set(e, ERR_RACE, "cut off while it was copied")
		      : -1;
}

static int
copy_data(int from, int to, off_t size, struct err *e)
{
	off_t at, end;

	if (ftruncate(to, size) == -1)
		return err_sys(e, "copy");
	for (end = 0; end < size;) {
		if ((at = lseek(from, end, SEEK_DATA)) == -1) {
			if (errno == ENXIO) /* a hole up to the end */
				return 0;
			at = end;
			end = size;
		} else if ((end = lseek(from, at, SEEK_HOLE)) == -1)
			end = size;
		if (end > size)
			end = size;
		if (at < end && copy_run(from, to, at, end, e) == -1)
			return -1;
	}
	return 0;
}

int
copy_content(int from, int to, uint64_t size, struct err *e)
{
	if (ioctl(to, FICLONE, from) == -1 &&
	    copy_data(from, to, (off_t)size, e) == -1)
		return -1;
	if (fsync(to) == -1)
		return err_sys(e, "copy");
	return 0;
}
