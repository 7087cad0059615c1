#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include <criterion/criterion.h>

#include "storage.h"
#include "store/fetch.h"

static struct err e;

static enum err_kind
inflate(const void *bytes, size_t len, size_t cap)
{
	uint8_t *out = malloc(cap + 1);
	size_t out_len = 0;
	int rc;

	memset(&e, 0, sizeof(e));
	rc = fetch_inflate(bytes, len, out, cap, &out_len, &e);
	cr_expect(rc == -1 || out_len <= cap);
	free(out);
	return rc == 0 ? ERR_NONE : e.kind;
}

/* One frame of len bytes, made with parameters that matter; its length. */
static size_t
frame_of(uint8_t *out, size_t cap, size_t len, bool sized, bool checked)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	uint8_t *bytes = calloc(1, len + 1);
	size_t n;

	fill_random(bytes, len < 100 ? len : 100, 1);
	ZSTD_CCtx_setParameter(z, ZSTD_c_contentSizeFlag, sized);
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, checked);
	n = ZSTD_compress2(z, out, cap, bytes, len);
	cr_assert_not(ZSTD_isError(n));
	ZSTD_freeCCtx(z);
	free(bytes);
	return n;
}

Test(fetch, a_frame_is_inflated)
{
	uint8_t frame[4096];
	size_t len = frame_of(frame, sizeof(frame), 1000, true, true);

	cr_expect_eq(inflate(frame, len, 1000), ERR_NONE);
	cr_expect_eq(inflate(frame, len, FRAME_MAX), ERR_NONE);
	cr_expect_eq(inflate(frame, len, 999), ERR_LIMIT);
	cr_expect_eq(inflate(frame, len, 0), ERR_LIMIT);
	cr_expect_eq(inflate(frame, 0, 0), ERR_FORMAT);
}

Test(fetch, a_frame_that_is_cut_or_followed_is_refused)
{
	uint8_t frame[4096] = { 0 };
	size_t len = frame_of(frame, sizeof(frame), 1000, true, true);

	for (size_t n = 0; n < len; n++)
		cr_expect_eq(inflate(frame, n, FRAME_MAX), ERR_FORMAT,
		    "%zu bytes", n);
	cr_expect_eq(inflate(frame, len + 1, FRAME_MAX), ERR_FORMAT);
	memcpy(frame + len, frame, len);
	cr_expect_eq(inflate(frame, 2 * len, FRAME_MAX), ERR_FORMAT);
}

Test(fetch, a_damaged_byte_is_noticed)
{
	uint8_t frame[4096];
	size_t len = frame_of(frame, sizeof(frame), 1000, true, true);

	for (size_t i = 0; i < len; i++) {
		frame[i] ^= 0x10;
		/* Bits of the header may be without effect; content is not. */
		if (i >= 8)
			cr_expect_neq(inflate(frame, len, FRAME_MAX), ERR_NONE,
			    "byte %zu", i);
		else
			(void)inflate(frame, len, FRAME_MAX);
		frame[i] ^= 0x10;
	}
}

Test(fetch, hostile_frames_are_refused)
{
	static const struct {
		const char *why;
		size_t len;
		unsigned char bytes[32];
	} cases[] = {
		{ "empty", 0, "" },
		{ "magic alone", 4, "\x28\xb5\x2f\xfd" },
		{ "other magic", 10, "\x27\xb5\x2f\xfd\x20\x01\x09\0\0x" },
		{ "skippable", 12, "\x50\x2a\x4d\x18\x04\0\0\0abcd" },
		{ "no size", 10, "\x28\xb5\x2f\xfd\x00\x58\x09\0\0x" },
		{ "says 2^63 bytes", 17,
		    "\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\0\0\x80\x01\0\0\0" },
		{ "says 5 MiB", 13,
		    "\x28\xb5\x2f\xfd\xa0\0\0\x50\0\x01\0\0\0" },
		{ "raw block longer than there is", 10,
		    "\x28\xb5\x2f\xfd\x20\x01\xf9\xff\0x" },
		{ "reserved block", 10, "\x28\xb5\x2f\xfd\x20\x01\x0f\0\0x" },
		{ "fewer bytes than said", 10,
		    "\x28\xb5\x2f\xfd\x20\x02\x09\0\0x" },
		{ "more bytes than said", 11,
		    "\x28\xb5\x2f\xfd\x20\x01\x11\0\0xy" },
		/* One byte a million times, said to be one byte. */
		{ "a bomb", 10, "\x28\xb5\x2f\xfd\x20\x01\x03\0\x10x" },
		{ "wants a dictionary", 11,
		    "\x28\xb5\x2f\xfd\x21\x07\x01\x09\0\0x" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(inflate(cases[i].bytes, cases[i].len, FRAME_MAX),
		    ERR_FORMAT, "%s", cases[i].why);
	/* The good one that they were made from. */
	cr_expect_eq(inflate("\x28\xb5\x2f\xfd\x20\x01\x09\0\0x", 10, 1),
	    ERR_NONE, "%s", e.text);
}

Test(fetch, frames_without_a_size_or_too_large_are_refused)
{
	uint8_t *frame = malloc(1 << 20);
	size_t len;

	len = frame_of(frame, 1 << 20, 1000, false, true);
	cr_expect_eq(inflate(frame, len, FRAME_MAX), ERR_FORMAT);
	len = frame_of(frame, 1 << 20, FRAME_MAX + 1, true, true);
	cr_expect_eq(inflate(frame, len, FRAME_MAX * 2), ERR_FORMAT);
	len = frame_of(frame, 1 << 20, FRAME_MAX, true, true);
	cr_expect_eq(inflate(frame, len, FRAME_MAX), ERR_NONE);
	free(frame);
}

static struct storage s;

static void
enter(void)
{
	storage_make(&s);
}

static void
leave(void)
{
	storage_free(&s);
}

TestSuite(fetch_run, .init = enter, .fini = leave);

/* What came for each tag, and in which order. */
struct came {
	size_t count, missing;
	enum err_kind kind; /* of the last that is missing */
	struct place last;
	bool in_order;
	size_t stop_after;
	char text[16][8];
};

static int
note(const struct want *w, const void *bytes, const struct err *why, void *arg,
    struct err *err)
{
	struct came *c = arg;

	if (c->count > 0 &&
	    (w->place.gen < c->last.gen ||
		(w->place.gen == c->last.gen &&
		    w->place.frame < c->last.frame)))
		c->in_order = false;
	c->last = w->place;
	c->count++;
	if (bytes == NULL) {
		cr_expect_not_null(why);
		c->missing++;
		c->kind = why->kind;
	} else if (w->tag < 16)
		snprintf(c->text[w->tag], 8, "%.*s", (int)w->len,
		    (const char *)bytes);
	if (c->count == c->stop_after)
		return err_set(err, ERR_BUSY, "enough");
	return 0;
}

static struct want
want_of(const struct head *h, const char *path, uint64_t tag)
{
	const struct entry *t = tree_find(&h->profile.tree, path, strlen(path));

	cr_assert_not_null(t);
	return (struct want){ .place = t->place, .len = t->size, .tag = tag };
}

static struct came
run(struct want *want, size_t count)
{
	struct came c = { .in_order = true };

	cr_assert_eq(fetch_run(s.store, want, count, note, &c, &e), 0, "%s",
	    e.text);
	cr_expect_eq(c.count, count);
	cr_expect(c.in_order);
	return c;
}

Test(fetch_run, nothing_wanted_is_nothing_done)
{
	run(NULL, 0);
}

Test(fetch_run, contents_of_several_generations_come_in_order_of_place)
{
	struct want want[5];
	struct came c;
	struct head h;

	storage_push(&s, "a=one b=two");
	storage_push(&s, "a=one b=two c=three d=four");
	storage_load(&s, &h);
	want[0] = want_of(&h, "d", 0);
	want[1] = want_of(&h, "b", 1);
	want[2] = want_of(&h, "a", 2);
	want[3] = want_of(&h, "c", 3);
	want[4] = want_of(&h, "a", 4); /* twice is fine */
	c = run(want, 5);
	cr_expect_eq(c.missing, 0);
	cr_expect_str_eq(c.text[0], "four");
	cr_expect_str_eq(c.text[1], "two");
	cr_expect_str_eq(c.text[2], "one");
	cr_expect_str_eq(c.text[3], "three");
	cr_expect_str_eq(c.text[4], "one");
	head_free(&h);
}

Test(fetch_run, neighbouring_frames_are_read_in_one_call)
{
	struct want want[3];
	uint64_t calls;
	struct head h;

	storage_push(&s,
	    "a=RAND:1:900000 b=RAND:2:900000 c=RAND:3:900000 d=RAND:4:10");
	storage_load(&s, &h);
	want[0] = want_of(&h, "a", 20);
	want[1] = want_of(&h, "b", 20);
	want[2] = want_of(&h, "c", 20);
	calls = s.store->calls;
	run(want, 3);
	cr_expect_eq(s.store->calls - calls, 1);
	head_free(&h);
}

Test(fetch_run, frames_far_apart_are_not_read_through)
{
	struct want want[2];
	uint64_t bytes;
	struct head h;

	storage_push(&s, "a=RAND:1:900000 b=RAND:2:900000 c=RAND:3:900000");
	storage_load(&s, &h);
	want[0] = want_of(&h, "a", 20);
	want[1] = want_of(&h, "c", 20);
	bytes = s.store->bytes_read;
	run(want, 2);
	cr_expect_lt(s.store->bytes_read - bytes, 1900000);
	head_free(&h);
}

Test(fetch_run, a_damaged_frame_does_not_keep_the_others)
{
	struct want want[3];
	struct came c;
	struct head h;

	storage_push(&s, "a=RAND:1:900000 b=RAND:2:900000 c=RAND:3:900000");
	storage_damage(&s, "gen/000000000001/pack0", 1200000);
	storage_load(&s, &h);
	want[0] = want_of(&h, "a", 20);
	want[1] = want_of(&h, "b", 20);
	want[2] = want_of(&h, "c", 20);
	c = run(want, 3);
	cr_expect_eq(c.missing, 1);
	cr_expect_eq(c.kind, ERR_FORMAT);
	head_free(&h);
}

Test(fetch_run, a_pack_that_was_cut_gives_what_is_left)
{
	struct want want[3];
	struct came c;
	struct head h;

	storage_push(&s, "a=RAND:1:900000 b=RAND:2:900000 c=RAND:3:900000");
	storage_shell(&s, "truncate -s 2000000 gen/000000000001/pack0");
	storage_load(&s, &h);
	want[0] = want_of(&h, "a", 20);
	want[1] = want_of(&h, "b", 20);
	want[2] = want_of(&h, "c", 20);
	c = run(want, 3);
	cr_expect_eq(c.missing, 1);
	cr_expect_eq(c.kind, ERR_FORMAT);
	head_free(&h);
}

Test(fetch_run, a_missing_pack_does_not_keep_the_others)
{
	struct want want[2];
	struct came c;
	struct head h;

	storage_push(&s, "a=one");
	storage_push(&s, "a=one b=two");
	storage_shell(&s, "rm gen/000000000001/pack0");
	storage_load(&s, &h);
	want[0] = want_of(&h, "a", 0);
	want[1] = want_of(&h, "b", 1);
	c = run(want, 2);
	cr_expect_eq(c.missing, 1);
	cr_expect_eq(c.kind, ERR_GONE);
	cr_expect_str_eq(c.text[1], "two");
	head_free(&h);
}

/* Numbers of a manifest that nobody vouches for. */
Test(fetch_run, places_that_cannot_be_are_refused_one_by_one)
{
	static const struct want bad[] = {
		{ .place = { .gen = GEN_NONE, .frame_len = 9 }, .len = 1 },
		{ .place = { .gen = GEN_HOLE, .frame_len = 9 }, .len = 1 },
		{ .place = { .gen = GEN_SELF, .frame_len = 9 }, .len = 1 },
		{ .place = { .gen = GEN_MAX + 1, .frame_len = 9 }, .len = 1 },
		{ .place = { .gen = 1, .frame_len = UINT32_MAX }, .len = 1 },
		{ .place = { .gen = 1, .frame = UINT64_MAX, .frame_len = 9 },
		    .len = 1 },
		{ .place = { .gen = 1, .frame_len = 0 }, .len = 1 },
		{ .place = { .gen = 1, .frame_len = 9 }, .len = UINT64_MAX },
		{ .place = { .gen = 1, .frame_len = 9, .pack = UINT32_MAX },
		    .len = 1 },
	};
	struct want want[sizeof(bad) / sizeof(bad[0]) + 3];
	size_t n = sizeof(bad) / sizeof(bad[0]);
	struct came c;
	struct head h;

	storage_push(&s, "a=one b=two");
	storage_load(&s, &h);
	memcpy(want, bad, sizeof(bad));
	for (size_t i = 0; i < n; i++)
		want[i].tag = 20;
	want[n] = want_of(&h, "a", 0);
	want[n + 1] = want_of(&h, "b", 20);
	want[n + 1].place.at = 1 << 20; /* beyond the frame's content */
	want[n + 2] = want_of(&h, "b", 20);
	want[n + 2].len = 1 << 20;
	c = (struct came){ .in_order = true };
	cr_assert_eq(fetch_run(s.store, want, n + 3, note, &c, &e), 0);
	cr_expect_eq(c.count, n + 3);
	cr_expect_eq(c.missing, n + 2);
	cr_expect_str_eq(c.text[0], "one");
	head_free(&h);
}

Test(fetch_run, who_is_served_can_end_it)
{
	struct came c = { .in_order = true, .stop_after = 2 };
	struct want want[3];
	struct head h;

	storage_push(&s, "a=RAND:1:900000 b=RAND:2:900000 c=RAND:3:900000");
	storage_load(&s, &h);
	want[0] = want_of(&h, "a", 20);
	want[1] = want_of(&h, "b", 20);
	want[2] = want_of(&h, "c", 20);
	cr_expect_eq(fetch_run(s.store, want, 3, note, &c, &e), -1);
	cr_expect_eq(e.kind, ERR_BUSY);
	cr_expect_eq(c.count, 2);
	head_free(&h);
}

Test(fetch_run, many_contents_come_back_whole)
{
	char words[8192] = "";
	struct head h;

	for (unsigned i = 0; i < 200; i++)
		sprintf(words + strlen(words), "f%u=RAND:%u:%u ", i, i + 1,
		    i % 20 == 0 ? 2500000 : 1 + i * 331 % 50000);
	storage_push(&s, words);
	storage_load(&s, &h);
	cr_expect_eq(h.profile.tree.count, 200);
	cr_expect_eq(storage_check(&s, &h.profile), 0);
	head_free(&h);
}
