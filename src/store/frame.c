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

int
frame_deflate(struct deflater *d, const void *bytes, size_t len,
    struct buf *out, struct err *e)
{
	size_t cap = ZSTD_compressBound(len), n;
	uint8_t *to;

	if ((to = buf_room(out, cap)) == NULL)
		return buf_check(out, e);
	n = ZSTD_compress2(d->zstd, to, cap, bytes, len);
	if (ZSTD_isError(n))
		return err_set(e, ERR_SYSTEM, "zstd: %s", ZSTD_getErrorName(n));
	out->len += n;
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
frame_inflate(struct inflater *i, const void *bytes, size_t len,
    struct buf *out, struct err *e)
{
	size_t size, n;
	uint8_t *to;

	if (frame_size(bytes, len, &size, e) == -1)
		return -1;
	n = ZSTD_findFrameCompressedSize(bytes, len);
	if (ZSTD_isError(n))
		return err_set(e, ERR_FORMAT, "frame: %s",
		    ZSTD_getErrorName(n));
	if (n != len)
		return err_set(e, ERR_FORMAT, "frame: %zu bytes too many",
		    len - n);
	if ((to = buf_room(out, size)) == NULL)
		return buf_check(out, e);
	n = ZSTD_decompressDCtx(i->zstd, to, size, bytes, len);
	if (ZSTD_isError(n))
		return err_set(e, ERR_FORMAT, "frame: %s",
		    ZSTD_getErrorName(n));
	if (n != size)
		return err_set(e, ERR_FORMAT, "frame: %zu bytes, not %zu", n,
		    size);
	out->len += n;
	return 0;
}
