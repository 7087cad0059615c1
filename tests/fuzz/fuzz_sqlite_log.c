#include <sys/mman.h>
#include <sys/stat.h>

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "local/sqlite_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int
file_of(const uint8_t *bytes, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd == -1 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	return fd;
}

/* A log that says nothing leaves the database as it was. */
static void
play(enum sqlite_log kind, const uint8_t *log, size_t len)
{
	static const uint8_t page[512] = { 1 };
	int db = file_of(page, sizeof(page)), fd = file_of(log, len);
	struct stat st;
	struct err e;
	bool did;

	if (sqlite_log_play(kind, db, fd, &did, &e) == 0 && !did &&
	    (fstat(db, &st) == -1 || st.st_size != sizeof(page)))
		abort();
	close(db);
	close(fd);
}

/* The first byte says which kind of log the rest is. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len > 0)
		play(bytes[0] % 2 == 0 ? SQLITE_LOG_WAL : SQLITE_LOG_JOURNAL,
		    bytes + 1, len - 1);
	return 0;
}
