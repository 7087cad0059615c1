#include "store/packer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/tar.h"

struct packer {
	struct press *press;
	struct tar *tar;
	/* The member that is open. */
	bool open;
	bool large;
	uint64_t left; /* bytes that have not come yet */
	size_t first_run;
};

/* Where the tar's bytes go: the frame in the making. A lack of memory shows
 * when that is cut. */
static int
take_bytes(const void *bytes, size_t len, void *arg, struct err *e)
{
	struct packer *p = arg;

	(void)e;
	buf_bytes(press_frame(p->press), bytes, len);
	return 0;
}

int
packer_new(struct packer **out, struct store *s, const char *dir, int level,
    struct err *e)
{
	struct packer *p;
	int rc = -1;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return err_sys(e, "pack");
	if (press_new(&p->press, s, dir, level, e) == -1 ||
	    tar_new(&p->tar, take_bytes, p, e) == -1)
		goto out;
	*out = p;
	p = NULL;
	rc = 0;
out:
	packer_free(p);
	return rc;
}

void
packer_free(struct packer *p)
{
	if (p == NULL)
		return;
	tar_free(p->tar);
	press_free(p->press);
	free(p);
}

/* The end of a tar: two blocks of zeros, the last bytes of the pack. */
static int
end_tar(struct packer *p, struct err *e)
{
	if (!tar_is_open(p->tar))
		return 0;
	if (tar_finish(p->tar, e) == -1)
		return -1;
	return press_end_pack(p->press, e);
}

/* Room in the frame for a member that may not straddle frames? */
static int
make_room(struct packer *p, const struct member *m, struct err *e)
{
	const char *name = m->name != NULL ? m->name : m->meta->path;
	uint64_t need = tar_header_guess(m->meta, strlen(name)) + m->size;

	if (p->large || press_frame(p->press)->len + need <= FRAME_TARGET)
		return 0;
	return press_cut(p->press, e);
}

int
packer_begin(struct packer *p, const struct entry *meta, const char *name,
    uint64_t size, struct err *e)
{
	struct member m = {
		.meta = meta,
		.name = name,
		.size = meta->type == ENTRY_FILE ? size : 0,
	};
	size_t run;

	assert(!p->open);
	if (press_pack_settled(p->press) >= PACK_TARGET && end_tar(p, e) == -1)
		return -1;
	p->left = m.size;
	p->large = m.size >= LARGE_FILE;
	p->first_run = press_run_count(p->press);
	if (make_room(p, &m, e) == -1 || tar_begin(p->tar, &m, e) == -1)
		return -1;
	p->open = true;
	if (p->large)
		return press_cut(p->press, e);
	return p->left > 0 ? press_run(p->press, p->left, &run, e) : 0;
}

/* len bytes of the member into the frame, all of them. */
static int
put(struct packer *p, const void *bytes, size_t len, struct err *e)
{
	if (tar_data(p->tar, bytes, len, e) == -1)
		return -1;
	p->left -= len;
	return 0;
}

/* The same for a large member: each of its frames is a run and full. */
static int
put_large(struct packer *p, const uint8_t *bytes, size_t len, struct err *e)
{
	size_t used, n, run;

	for (; len > 0; bytes += n, len -= n) {
		used = press_frame(p->press)->len;
		if (used == FRAME_TARGET) {
			if (press_cut(p->press, e) == -1)
				return -1;
			used = 0;
		}
		if (used == 0 &&
		    press_run(p->press,
			p->left < FRAME_TARGET ? p->left : FRAME_TARGET, &run,
			e) == -1)
			return -1;
		n = FRAME_TARGET - used;
		if (n > len)
			n = len;
		if (put(p, bytes, n, e) == -1)
			return -1;
	}
	return 0;
}

int
packer_data(struct packer *p, const void *bytes, size_t len, struct err *e)
{
	assert(p->open);
	if (len > p->left)
		return err_set(e, ERR_LIMIT,
		    "pack: more bytes than the member was said to have");
	return p->large ? put_large(p, bytes, len, e) : put(p, bytes, len, e);
}

static int
fill_up(struct packer *p, struct err *e)
{
	static const uint8_t zeros[1 << 16];
	size_t n;

	while (p->left > 0) {
		n = p->left < sizeof(zeros) ? (size_t)p->left : sizeof(zeros);
		if (packer_data(p, zeros, n, e) == -1)
			return -1;
	}
	return 0;
}

int
packer_end(struct packer *p, size_t *first, size_t *count, struct err *e)
{
	assert(p->open);
	if (fill_up(p, e) == -1)
		return -1;
	if (tar_end(p->tar, e) == -1)
		return -1;
	p->open = false;
	*first = p->first_run;
	*count = press_run_count(p->press) - p->first_run;
	/* What follows is not to be inflated with the end of this. */
	return p->large ? press_cut(p->press, e) : 0;
}

int
packer_finish(struct packer *p, const struct run **runs,
    const struct sealed **packs, uint32_t *pack_count, struct err *e)
{
	assert(!p->open);
	if (end_tar(p, e) == -1)
		return -1;
	return press_finish(p->press, runs, packs, pack_count, e);
}

uint64_t
packer_written(const struct packer *p)
{
	return press_written(p->press);
}

uint32_t
packer_pack_count(const struct packer *p)
{
	return press_pack_count(p->press);
}
