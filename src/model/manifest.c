#include "model/manifest.h"

#include <string.h>

#include <zstd.h>

#include "base/reader.h"

/*
 * magic, version, flags, a zero, length and hash of the body; the zstd frame;
 * the hash of all that. The hash at the end is looked at before anything else,
 * so that neither zstd nor we ever work on bytes that were damaged on the way.
 */
static const char magic[8] = { 'R', 'O', 'A', 'M', 'M', 'A', 'N', 'I' };
#define VERSION      1
#define FLAG_DELTA   0x01
#define HEADER_LEN   36
#define LEVEL        3
#define WINDOW_LOG   23 /* what a reader grants: 8 MiB */
#define INFLATE_STEP ((size_t)128 << 10)

struct header {
	bool delta;
	uint64_t len;
	struct hash hash;
};

static int
compress_piece(ZSTD_CCtx *z, const struct buf *piece, bool last,
    struct buf *out, struct err *e)
{
	ZSTD_EndDirective how = last ? ZSTD_e_end : ZSTD_e_continue;
	ZSTD_inBuffer in = { piece->bytes, piece->len, 0 };
	size_t step = ZSTD_CStreamOutSize(), left;
	ZSTD_outBuffer to;

	do {
		to = (ZSTD_outBuffer){ buf_room(out, step), step, 0 };
		if (to.dst == NULL)
			return buf_check(out, e);
		left = ZSTD_compressStream2(z, &to, &in, how);
		if (ZSTD_isError(left))
			return err_set(e, ERR_SYSTEM, "zstd: %s",
			    ZSTD_getErrorName(left));
		out->len += to.pos;
	} while (last ? left > 0 : in.pos < in.size);
	return 0;
}

static int
compress(struct buf *out, const struct buf *const *piece, size_t count,
    uint64_t len, struct err *e)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	int rc = -1;

	if (z == NULL ||
	    ZSTD_isError(
		ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(z, len))) {
		err_set(e, ERR_SYSTEM, "zstd: out of memory");
		goto out;
	}
	for (size_t i = 0; i < count; i++)
		if (compress_piece(z, piece[i], i + 1 == count, out, e) == -1)
			goto out;
	rc = 0;
out:
	(void)ZSTD_freeCCtx(z);
	return rc;
}

int
manifest_seal(struct buf *out, bool delta, const struct buf *const *piece,
    size_t count, struct err *e)
{
	struct hash_stream *s = NULL;
	size_t begin = out->len;
	struct hash hash;
	uint64_t len = 0;

	if (hash_stream_new(&s, e) == -1)
		return -1;
	for (size_t i = 0; i < count; i++) {
		hash_stream_add(s, piece[i]->bytes, piece[i]->len);
		len += piece[i]->len;
	}
	hash = hash_stream_get(s);
	hash_stream_free(s);
	if (len > BODY_MAX)
		return err_set(e, ERR_LIMIT, "manifest: too large");

	buf_bytes(out, magic, sizeof(magic));
	buf_u16(out, VERSION);
	buf_u8(out, delta ? FLAG_DELTA : 0);
	buf_u8(out, 0);
	buf_u64(out, len);
	buf_bytes(out, hash.b, HASH_LEN);
	if (compress(out, piece, count, len, e) == -1)
		return err_wrap(e, "manifest");
	hash = hash_of(out->bytes + begin, out->len - begin);
	buf_bytes(out, hash.b, HASH_LEN);
	return buf_check(out, e);
}

int
manifest_encode(struct buf *out, const struct profile *parent,
    const struct profile *now, struct err *e)
{
	return manifest_write(out, parent, now, e);
}

static int
header_read(struct header *h, const void *bytes, size_t len, struct err *e)
{
	struct reader r = reader_of(bytes, len);
	const uint8_t *name = reader_bytes(&r, sizeof(magic));
	unsigned version = reader_u16(&r);
	unsigned flags = reader_u8(&r), zero = reader_u8(&r);
	const uint8_t *hash;

	h->len = reader_u64(&r);
	hash = reader_bytes(&r, HASH_LEN);
	if (r.bad || r.left < HASH_LEN ||
	    memcmp(name, magic, sizeof(magic)) != 0)
		return err_set(e, ERR_FORMAT, "manifest: is none");
	if (version > VERSION)
		return err_set(e, ERR_POLICY,
		    "manifest: written by a newer Roam (format %u): "
		    "update Roam on this machine",
		    version);
	if (version != VERSION || (flags & ~FLAG_DELTA) != 0 || zero != 0)
		return err_set(e, ERR_FORMAT, "manifest: malformed header");
	if (h->len > BODY_MAX)
		return err_set(e, ERR_LIMIT, "manifest: too large");
	memcpy(h->hash.b, hash, HASH_LEN);
	h->delta = (flags & FLAG_DELTA) != 0;
	return 0;
}

int
manifest_is_delta(const void *bytes, size_t len, bool *delta, struct err *e)
{
	struct header h;

	if (header_read(&h, bytes, len, e) == -1)
		return -1;
	*delta = h.delta;
	return 0;
}

/* Is the hash at the end that of everything before it? */
static bool
seal_holds(const uint8_t *bytes, size_t len)
{
	struct hash hash, said;

	if (len < HEADER_LEN + HASH_LEN)
		return false;
	hash = hash_of(bytes, len - HASH_LEN);
	memcpy(said.b, bytes + len - HASH_LEN, HASH_LEN);
	return hash_same(&hash, &said);
}

/*
 * Memory grows with what arrives, not with what was promised. The byte beyond
 * the promised length is there to see that nothing comes for it.
 */
static int
inflate(ZSTD_DCtx *z, ZSTD_inBuffer in, uint64_t len, struct buf *body,
    struct err *e)
{
	ZSTD_outBuffer to;
	size_t left = 1, step;

	while (left > 0) {
		step = len - body->len + 1;
		step = step < INFLATE_STEP ? step : INFLATE_STEP;
		to = (ZSTD_outBuffer){ buf_room(body, step), step, 0 };
		if (to.dst == NULL)
			return buf_check(body, e);
		left = ZSTD_decompressStream(z, &to, &in);
		if (ZSTD_isError(left))
			return err_set(e, ERR_FORMAT, "zstd: %s",
			    ZSTD_getErrorName(left));
		body->len += to.pos;
		if (body->len > len)
			return err_set(e, ERR_FORMAT, "longer than it says");
		if (left > 0 && to.pos == 0 && in.pos == in.size)
			return err_set(e, ERR_FORMAT, "is cut off");
	}
	if (in.pos != in.size || body->len != len)
		return err_set(e, ERR_FORMAT, "not as long as it says");
	return 0;
}

static int
body_open(struct buf *body, const struct header *h, const uint8_t *bytes,
    size_t len, struct err *e)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	struct hash hash;
	int rc = -1;

	if (z == NULL ||
	    ZSTD_isError(
		ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG))) {
		err_set(e, ERR_SYSTEM, "zstd: out of memory");
		goto out;
	}
	body->max = h->len + 1;
	if (inflate(z, (ZSTD_inBuffer){ bytes, len, 0 }, h->len, body, e) == -1)
		goto out;
	hash = hash_of(body->bytes, body->len);
	if (!hash_same(&hash, &h->hash)) {
		err_set(e, ERR_FORMAT, "hash does not hold");
		goto out;
	}
	rc = 0;
out:
	(void)ZSTD_freeDCtx(z);
	return rc;
}

int
manifest_decode(struct profile *out, const struct profile *parent,
    const void *bytes, size_t len, const struct decode *how, struct err *e)
{
	struct buf body = { 0 };
	struct header h;
	int rc = -1;

	if (!seal_holds(bytes, len))
		return err_set(e, ERR_FORMAT, "manifest: is damaged");
	if (header_read(&h, bytes, len, e) == -1)
		return -1;
	if (h.delta && parent == NULL)
		return err_set(e, ERR_FORMAT, "manifest: needs its parent");

	rc = body_open(&body, &h, (const uint8_t *)bytes + HEADER_LEN,
	    len - HEADER_LEN - HASH_LEN, e);
	if (rc == 0)
		rc = manifest_read(out, h.delta ? parent : NULL, body.bytes,
		    body.len, how, e);
	buf_free(&body);
	return rc == -1 ? err_wrap(e, "manifest") : 0;
}
