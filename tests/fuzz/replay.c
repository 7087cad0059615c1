#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * replay - what a fuzz target is without a fuzzer: each file named on the
 * command line is fed to it, then every beginning of that file, then the file
 * with one byte after the other inverted. That is no search, but it meets each
 * length check and each field of a format, with any compiler.
 */
#define TRIES_MAX 2048 /* variants of a kind for one file */
#define FILE_MAX  ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* In memory of exactly that size, so that a sanitizer sees a byte too far. */
static void
feed(const uint8_t *bytes, size_t len, size_t inverted)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, len);
	if (inverted < len)
		copy[inverted] ^= 0xff;
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void
feed_variants(const uint8_t *bytes, size_t len)
{
	size_t stride = len / TRIES_MAX + 1;

	feed(bytes, len, len);
	for (size_t at = 0; at < len; at += stride) {
		feed(bytes, at, at);
		feed(bytes, len, at);
	}
}

static int
feed_file(const char *name, uint8_t *bytes)
{
	FILE *f = fopen(name, "rb");
	size_t len;

	if (f == NULL) {
		perror(name);
		return -1;
	}
	len = fread(bytes, 1, FILE_MAX, f);
	(void)fclose(f);
	feed_variants(bytes, len);
	return 0;
}

int
main(int argc, char **argv)
{
	uint8_t *bytes = malloc(FILE_MAX);
	int bad = bytes == NULL;

	for (int i = 1; i < argc && !bad; i++)
		bad = feed_file(argv[i], bytes) == -1;
	free(bytes);
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
