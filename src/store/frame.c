#include "store/frame.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/reader.h"

struct deflater {
	ZSTD_CCtx *zstd; /* owned */
};

struct inflater {
	ZSTD_DCtx *zstd; /* owned */
};

int
deflater_new(struct deflater **out, int level, struct err *e)
{
	struct deflater *d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return err_sys(e, "zstd");
	if ((d->zstd = ZSTD_createCCtx()) == NULL ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(d->zstd,
		ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(
		ZSTD_CCtx_setParameter(d->zstd, ZSTD_c_contentSizeFlag, 1)) ||
	    ZSTD_isError(
		ZSTD_CCtx_setParameter(d->zstd, ZSTD_c_checksumFlag, 1))) {
		deflater_free(d);
		return err_set(e, ERR_SYSTEM, "zstd: no context for level %d",
		    level);
	}
	*out = d;
	return 0;
}

void
deflater_free(struct deflater *d)
{
	if (d == NULL)
		return;
	ZSTD_freeCCtx(d->zstd);
	free(d);
}

size_t
frame_bound(size_t len)
{
	return ZSTD_compressBound(len);
}

int
frame_deflate(struct deflater *d, const void *bytes, size_t len, void *out,
    size_t cap, size_t *out_len, struct err *e)
{
	size_t n;

	n = ZSTD_compress2(d->zstd, out, cap, bytes, len);
	if (ZSTD_isError(n))
		return err_set(e, ERR_SYSTEM, "zstd: %s", ZSTD_getErrorName(n));
	*out_len = n;
	return 0;
}

int
frame_size(const void *bytes, size_t len, size_t *out, struct err *e)
{
	struct reader r = reader_of(bytes, len);
	unsigned long long size;

	/* Skippable frames and those of old versions begin otherwise. */
	if (reader_u32(&r) != ZSTD_MAGICNUMBER)
		return err_set(e, ERR_FORMAT, "frame: not of zstd");
	size = ZSTD_getFrameContentSize(bytes, len);
	if (size == ZSTD_CONTENTSIZE_ERROR)
		return err_set(e, ERR_FORMAT, "frame: damaged header");
	if (size == ZSTD_CONTENTSIZE_UNKNOWN)
		return err_set(e, ERR_FORMAT, "frame: does not say its size");
	if (size > FRAME_MAX)
		return err_set(e, ERR_FORMAT, "frame: %llu bytes are too many",
		    size);
	*out = (size_t)size;
	return 0;
}

int
inflater_new(struct inflater **out, struct err *e)
{
	struct inflater *i;

	if ((i = calloc(1, sizeof(*i))) == NULL)
		return err_sys(e, "zstd");
	if ((i->zstd = ZSTD_createDCtx()) == NULL) {
		inflater_free(i);
		return err_sys(e, "zstd");
	}
	*out = i;
	return 0;
}

void
inflater_free(struct inflater *i)
{
	if (i == NULL)
		return;
	ZSTD_freeDCtx(i->zstd);
	free(i);
}

int
frame_inflate(struct inflater *i, const void *bytes, size_t len, void *out,
    size_t cap, size_t *out_len, struct err *e)
{
	size_t size, n;

	if (frame_size(bytes, len, &size, e) == -1)
		return -1;
	if (size > cap)
		return err_set(e, ERR_LIMIT, "frame: %zu bytes, more than %zu",
		    size, cap);
	n = ZSTD_findFrameCompressedSize(bytes, len);
	if (ZSTD_isError(n))
		return err_set(e, ERR_FORMAT, "frame: %s",
		    ZSTD_getErrorName(n));
	if (n != len)
		return err_set(e, ERR_FORMAT, "frame: %zu bytes too many",
		    len - n);
	n = ZSTD_decompressDCtx(i->zstd, out, size, bytes, len);
	if (ZSTD_isError(n))
		return err_set(e, ERR_FORMAT, "frame: %s",
		    ZSTD_getErrorName(n));
	if (n != size)
		return err_set(e, ERR_FORMAT, "frame: %zu bytes, not %zu", n,
		    size);
	*out_len = n;
	return 0;
}
