#ifndef ROAM_STORE_PRESS_H
#define ROAM_STORE_PRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/commit.h"
#include "model/entry.h"
#include "store/store.h"

/*
 * press - bytes into the packs of a generation: the caller fills a frame and
 * cuts it; frames are compressed on a few threads and written in order to
 * DIR/pack0, pack1 ... by the thread that calls.
 *
 * After a call has failed all others fail the same way.
 */
struct press;

/* Bytes of one frame that somebody will ask for. */
struct run {
	uint64_t len;
	struct place place; /* gen is GEN_SELF */
};

int press_new(struct press **out, struct store *s, const char *dir, int level,
    struct err *e) MUST_CHECK;

/* The frame in the making; the caller appends to it. Borrowed until a cut. */
struct buf *press_frame(struct press *p);

/* The next len bytes of the frame are a run; *index is its number. */
int press_run(struct press *p, uint64_t len, size_t *index,
    struct err *e) MUST_CHECK;

/* The frame is complete, if it holds anything. */
int press_cut(struct press *p, struct err *e) MUST_CHECK;

/* The frame is complete, not empty, and the last one of its pack. */
int press_end_pack(struct press *p, struct err *e) MUST_CHECK;

/* Waits for all that is under way; no pack may be open. What is given out
 * is borrowed until the next call. */
int press_finish(struct press *p, const struct run **runs,
    const struct sealed **packs, uint32_t *pack_count,
    struct err *e) MUST_CHECK;

uint32_t press_pack_count(const struct press *p);
size_t press_run_count(const struct press *p);
/* Compressed bytes that have left the threads, of all packs. */
uint64_t press_written(const struct press *p);
/* Those of the pack in the making, without the last PRESS_LAG frames: no
 * thread is ever further behind, so that the same members make the same packs
 * whatever the machine. */
#define PRESS_LAG 10
uint64_t press_pack_settled(const struct press *p);
void press_free(struct press *p);

#endif
