#ifndef ROAM_STORE_FRAME_H
#define ROAM_STORE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * frame - bytes as one zstd frame that inflates by itself: with its content's
 * size in the header and a checksum at the end. A pack is a row of them.
 *
 * A deflater or inflater keeps zstd's tables between frames; it is used by one
 * thread at a time.
 */
#define FRAME_TARGET (1u << 20) /* bytes, inflated */
#define FRAME_MAX    (4u << 20) /* no reader accepts more, inflated */
/* No frame of FRAME_MAX bytes is longer, compressed. */
#define FRAME_LEN_MAX (FRAME_MAX + (64u << 10))
/* Bytes of a frame that tell how large its content is. */
#define FRAME_HEAD 18

struct deflater;
struct inflater;

int deflater_new(struct deflater **out, int level, struct err *e) MUST_CHECK;
/* Appends to out one frame of all the bytes. */
int frame_deflate(struct deflater *d, const void *bytes, size_t len,
    struct buf *out, struct err *e) MUST_CHECK;
void deflater_free(struct deflater *d);

/*
 * Size of the content that the frame beginning with bytes claims to have.
 * ERR_FORMAT where it is no plain frame, or does not say, or says more than
 * FRAME_MAX.
 */
int frame_size(const void *bytes, size_t len, size_t *out,
    struct err *e) MUST_CHECK;

int inflater_new(struct inflater **out, struct err *e) MUST_CHECK;
/* Appends to out the content of the one frame that bytes are, no more and no
 * less. ERR_LIMIT beyond out->max. */
int frame_inflate(struct inflater *i, const void *bytes, size_t len,
    struct buf *out, struct err *e) MUST_CHECK;
void inflater_free(struct inflater *i);

#endif
