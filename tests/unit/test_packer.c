#include <sys/stat.h>
#include <sys/xattr.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/path.h"
#include "storage.h"
#include "store/fetch.h"
#include "store/packer.h"

static struct storage s;
static struct packer *p;
static struct err e;

static void
enter(void)
{
	storage_make(&s);
	cr_assert_eq(store_mkdir(s.store, "gen", &e), 0);
	cr_assert_eq(store_mkdir(s.store, "gen/000000000001", &e), 0);
	cr_assert_eq(packer_new(&p, s.store, "gen/000000000001", 3, &e), 0);
}

static void
leave(void)
{
	packer_free(p);
	storage_free(&s);
}

TestSuite(packer, .init = enter, .fini = leave);

/* One that was packed, and how to make it again. */
struct member {
	char path[64];
	uint64_t size, seed;
	size_t first, count;
};

static void
pack_bytes(const struct entry *meta, const void *bytes, size_t len,
    struct member *m)
{
	cr_assert_eq(packer_begin(p, meta, NULL, len, &e), 0, "%s", e.text);
	cr_assert_eq(packer_data(p, bytes, len, &e), 0, "%s", e.text);
	cr_assert_eq(packer_end(p, &m->first, &m->count, &e), 0);
}

static struct entry
file(const char *path)
{
	return (struct entry){
		.path = path,
		.path_len = (uint16_t)strlen(path),
		.type = ENTRY_FILE,
		.mode = 0640,
		.mtime_ns = 1700000000123456789,
	};
}

static void
pack_member(struct member *m)
{
	uint8_t *bytes = malloc(m->size + 1);
	struct entry meta = file(m->path);

	fill_random(bytes, m->size, m->seed);
	pack_bytes(&meta, bytes, m->size, m);
	free(bytes);
}

static bool
have(const char *tool)
{
	char line[128];

	snprintf(line, sizeof(line), "command -v %s > /dev/null", tool);
	return system(line) == 0;
}

static const struct run *runs;
static const struct sealed *packs;
static uint32_t pack_count;

static void
finish(void)
{
	cr_assert_eq(packer_finish(p, &runs, &packs, &pack_count, &e), 0, "%s",
	    e.text);
}

static int
take(const struct want *w, const void *bytes, const struct err *why, void *arg,
    struct err *err)
{
	(void)err;
	cr_assert_not_null(bytes, "%s", why != NULL ? why->text : "");
	memcpy((uint8_t *)arg + w->off, bytes, w->len);
	return 0;
}

/* Do a member's runs give back its bytes? */
static bool
comes_back(const struct member *m)
{
	struct want *want = calloc(m->count + 1, sizeof(*want));
	uint8_t *bytes = calloc(1, m->size + 1), *was = malloc(m->size + 1);
	uint64_t off = 0;
	bool same;

	for (size_t i = 0; i < m->count; i++) {
		want[i].place = runs[m->first + i].place;
		cr_assert_eq(want[i].place.gen, GEN_SELF);
		want[i].place.gen = 1;
		want[i].len = runs[m->first + i].len;
		want[i].off = off;
		off += want[i].len;
	}
	cr_assert_eq(off, m->size);
	cr_assert_eq(fetch_run(s.store, want, m->count, take, bytes, &e), 0);
	fill_random(was, m->size, m->seed);
	same = memcmp(was, bytes, m->size) == 0;
	free(want);
	free(bytes);
	free(was);
	return same;
}

Test(packer, what_was_packed_comes_back)
{
	static const uint64_t sizes[] = { 0, 1, 511, 512, 513, 4096, 100000,
		FRAME_TARGET - 1, FRAME_TARGET, FRAME_TARGET + 1,
		3 * FRAME_TARGET, 3 * FRAME_TARGET + 7 };
	static struct member m[300];
	size_t count = sizeof(m) / sizeof(m[0]);

	for (size_t i = 0; i < count; i++) {
		m[i].size = i % 10 == 0
		    ? sizes[(i / 10) % (sizeof(sizes) / sizeof(sizes[0]))]
		    : (i * 7919) % 20000;
		m[i].seed = i + 1;
		snprintf(m[i].path, sizeof(m[i].path), "d/%zu", i);
		pack_member(&m[i]);
	}
	finish();
	for (size_t i = 0; i < count; i++)
		cr_expect(comes_back(&m[i]), "member %zu", i);
}

Test(packer, small_members_lie_in_one_frame_and_large_ones_in_full_ones)
{
	struct member small = { "s", FRAME_TARGET - 1, 1, 0, 0 };
	struct member again = { "t", FRAME_TARGET - 1, 2, 0, 0 };
	struct member large = { "l", 2 * FRAME_TARGET + 5, 3, 0, 0 };
	struct member none = { "n", 0, 4, 0, 0 };

	pack_member(&small);
	pack_member(&again);
	pack_member(&large);
	pack_member(&none);
	finish();
	cr_expect_eq(small.count, 1);
	cr_expect_eq(again.count, 1);
	cr_expect_neq(runs[small.first].place.frame,
	    runs[again.first].place.frame);
	cr_expect_eq(large.count, 3);
	cr_expect_eq(none.count, 0);
	for (size_t i = 0; i < 3; i++) {
		cr_expect_eq(runs[large.first + i].place.at, 0);
		cr_expect_eq(runs[large.first + i].len,
		    i < 2 ? FRAME_TARGET : 5);
	}
}

static struct hash
hash_of_file(const char *path, uint64_t *size)
{
	struct buf b = { 0 };
	struct hash h;

	cr_assert_eq(store_load(s.store, path, &b, &e), 0);
	h = hash_of(b.bytes, b.len);
	*size = b.len;
	buf_free(&b);
	return h;
}

Test(packer, packs_are_sealed_with_their_size_and_hash)
{
	struct member m = { "a", 0, 1, 0, 0 };
	char path[64];
	uint64_t size, sum = 0;
	struct hash hash;

	for (m.seed = 1; m.seed <= 12; m.seed++) {
		m.size = 5u << 20;
		pack_member(&m);
	}
	finish();
	/* 60 MiB that do not compress; what is still on the threads when a
	 * member ends does not count yet. */
	cr_expect(pack_count == 2 || pack_count == 3);
	for (uint32_t i = 0; i < pack_count; i++) {
		snprintf(path, sizeof(path), "gen/000000000001/pack%u", i);
		hash = hash_of_file(path, &size);
		cr_expect_eq(size, packs[i].size);
		cr_expect(hash_same(&hash, &packs[i].hash));
		if (i + 1 < pack_count)
			cr_expect(size >= PACK_TARGET &&
			    size < PACK_TARGET + (16u << 20));
		sum += size;
	}
	cr_expect_eq(packer_written(p), sum);
	cr_expect_eq(packer_pack_count(p), pack_count);
}

/* Whatever the number of threads, and which of them is late. */
Test(packer, the_same_members_make_the_same_packs)
{
	struct member m = { "a", 300000, 0, 0, 0 };
	struct sealed was[4];
	uint32_t count = 0;
	cpu_set_t one;

	for (int round = 0; round < 2; round++) {
		for (m.seed = 1; m.seed <= 200; m.seed++)
			pack_member(&m);
		finish();
		cr_assert_leq(pack_count, 4);
		if (round == 1)
			break;
		count = pack_count;
		memcpy(was, packs, count * sizeof(*was));
		packer_free(p);
		CPU_ZERO(&one);
		CPU_SET(sched_getcpu(), &one);
		cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
		cr_assert_eq(store_mkdir(s.store, "tmp", &e), 0);
		cr_assert_eq(packer_new(&p, s.store, "tmp", 3, &e), 0);
	}
	cr_expect_gt(count, 1);
	cr_assert_eq(pack_count, count);
	for (uint32_t i = 0; i < count; i++)
		cr_expect(hash_same(&was[i].hash, &packs[i].hash), "%u", i);
}

Test(packer, no_members_make_no_pack)
{
	finish();
	cr_expect_eq(pack_count, 0);
	cr_expect_not(storage_has(&s, "gen/000000000001/pack0"));
}

Test(packer, more_members_after_finishing_go_into_another_pack)
{
	struct member a = { "a", 1000, 1, 0, 0 }, b = { "b", 70000, 2, 0, 0 };

	pack_member(&a);
	finish();
	cr_expect_eq(pack_count, 1);
	finish();
	cr_expect_eq(pack_count, 1);
	pack_member(&b);
	finish();
	cr_expect_eq(pack_count, 2);
	cr_expect_eq(runs[b.first].place.pack, 1);
	cr_expect(comes_back(&a));
	cr_expect(comes_back(&b));
}

Test(packer, a_member_that_got_shorter_is_filled_with_zeros)
{
	struct entry meta = file("shrunk");
	size_t first, count;
	uint64_t sum = 0;

	cr_assert_eq(packer_begin(p, &meta, NULL, 2 * FRAME_TARGET, &e), 0);
	cr_assert_eq(packer_data(p, "abc", 3, &e), 0);
	cr_assert_eq(packer_end(p, &first, &count, &e), 0);
	finish();
	for (size_t i = 0; i < count; i++)
		sum += runs[first + i].len;
	cr_expect_eq(sum, 2 * FRAME_TARGET);
	if (!have("bsdtar"))
		cr_skip_test("no bsdtar");
	storage_shell(&s,
	    "{ printf abc; head -c 2097149 /dev/zero; } > want "
	    "&& bsdtar -xf gen/000000000001/pack0 && "
	    "cmp want shrunk");
}

Test(packer, more_bytes_than_were_announced_are_refused)
{
	struct entry meta = file("grown");

	cr_assert_eq(packer_begin(p, &meta, NULL, 3, &e), 0);
	cr_expect_eq(packer_data(p, "abcd", 4, &e), -1);
	cr_expect_eq(e.kind, ERR_LIMIT);
}

/* Written by the threads later, it fails a later call, and then all. */
Test(packer, a_store_that_refuses_ends_the_packing)
{
	struct member m = { "a", 1000, 1, 0, 0 };

	storage_shell(&s, "touch gen/000000000001/pack0");
	pack_member(&m);
	cr_expect_eq(packer_finish(p, &runs, &packs, &pack_count, &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	cr_expect_eq(packer_finish(p, &runs, &packs, &pack_count, &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
}

Test(packer, what_is_given_up_leaves_no_open_pack)
{
	struct member m = { "a", 30u << 20, 1, 0, 0 };

	pack_member(&m);
	packer_free(p);
	p = NULL;
	cr_expect_not(storage_has(&s, "gen/000000000001/pack0"));
}

/* Names of any bytes, one of 4096 of them, xattrs, nanoseconds, modes. */
static const char *const names[] = { "plain", "d/utf8-\xc3\xa4", "d/latin-\xe4",
	"d/new\nline", "d/ space ", "-dash", "d/back\\slash", "d/quote'\"",
	"d/\x01\x7f", "d/CASE", "d/case" };
#define N_NAMES (sizeof(names) / sizeof(names[0]))
static char deep[PATH_LEN_MAX + 1];

static void
pack_odd(void)
{
	static const uint8_t attrs[] =
	    "\x06\x00user.a\x05\x00\x00\x00\x00\x01=\n\xff"
	    "\x06\x00user.b\x00\x00\x00\x00";
	struct extra extra = { .attrs = attrs, .attrs_len = sizeof(attrs) - 1 };
	struct extra target = { .target = "plain" };
	struct entry meta = file("d");
	struct member m;

	meta.type = ENTRY_DIR;
	meta.mode = 0755;
	pack_bytes(&meta, "", 0, &m);
	for (size_t i = 0; i < N_NAMES; i++) {
		meta = file(names[i]);
		meta.extra = i == 0 ? &extra : NULL;
		pack_bytes(&meta, names[i], strlen(names[i]), &m);
	}
	meta = file("link");
	meta.type = ENTRY_LINK;
	meta.extra = &target;
	pack_bytes(&meta, "", 0, &m);
	for (size_t i = 0; i < PATH_LEN_MAX; i++)
		deep[i] = i % 16 == 15 && i + 1 < PATH_LEN_MAX ? '/' : 'x';
	meta = file(deep);
	pack_bytes(&meta, "deep", 4, &m);
	finish();
}

static void
expect_restored(const char *dir)
{
	char path[256], text[64], value[16];
	struct stat st;
	FILE *f;

	for (size_t i = 0; i < N_NAMES; i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", s.dir, dir, names[i]);
		cr_assert_not_null(f = fopen(path, "r"), "%s", names[i]);
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		cr_expect_str_eq(text, names[i]);
		fclose(f);
		cr_assert_eq(stat(path, &st), 0);
		cr_expect_eq(st.st_mode & 07777, 0640);
		cr_expect_eq(st.st_mtim.tv_sec, 1700000000);
		cr_expect_eq(st.st_mtim.tv_nsec, 123456789);
	}
	snprintf(path, sizeof(path), "%s/%s/plain", s.dir, dir);
	if (getxattr(path, "user.a", value, sizeof(value)) != -1) {
		cr_expect_eq(getxattr(path, "user.a", value, sizeof(value)), 5);
		cr_expect_eq(memcmp(value, "\0\1=\n\xff", 5), 0);
	}
	snprintf(path, sizeof(path), "%s/%s/link", s.dir, dir);
	cr_expect_eq(readlink(path, text, sizeof(text)), 5);
}

Test(packer, bsdtar_restores_a_pack)
{
	if (!have("bsdtar"))
		cr_skip_test("no bsdtar");
	pack_odd();
	storage_shell(&s,
	    "mkdir out && bsdtar -tvf gen/000000000001/pack0 > "
	    "list && test $(wc -l < list) -ge 13");
	/* The path of 4096 bytes is listed, but no system can open it. */
	storage_shell(&s,
	    "bsdtar -xpf gen/000000000001/pack0 -C out 2> err || "
	    "grep -q 'x/x' err");
	expect_restored("out");
	storage_shell(&s,
	    "getfattr -n user.a out/plain > attr 2> /dev/null || "
	    "true");
}

Test(packer, gnu_tar_restores_a_pack)
{
	if (!have("tar") || !have("zstd"))
		cr_skip_test("no tar, or no zstd");
	pack_odd();
	storage_shell(&s,
	    "mkdir out && tar --zstd --xattrs -xpf gen/000000000001/pack0 "
	    "-C out 2> err || grep -q 'x/x' err");
	expect_restored("out");
	/* Only the name that is no UTF-8 needs a word that tar lacks. */
	storage_shell(&s, "test $(grep -c hdrcharset err) -le 1");
}

Test(packer, all_members_of_all_packs_are_listed)
{
	struct member m = { "", 0, 0, 0, 0 };

	if (!have("bsdtar"))
		cr_skip_test("no bsdtar");
	for (m.seed = 0; m.seed < 400; m.seed++) {
		m.size = m.seed % 40 == 0 ? 4u << 20 : 3000;
		snprintf(m.path, sizeof(m.path), "m%lu", (unsigned long)m.seed);
		pack_member(&m);
	}
	finish();
	cr_expect_gt(pack_count, 1);
	storage_shell(&s,
	    "for p in gen/000000000001/pack*; do "
	    "bsdtar -tf $p || exit 1; done | sort -u | wc -l | "
	    "grep -qx 400");
}

Test(packer, bytes_that_do_not_compress_do_not_grow)
{
	struct member m = { "a", 8u << 20, 1, 0, 0 };

	pack_member(&m);
	finish();
	cr_expect_lt(packs[0].size, (8u << 20) + 8192);
}

Test(packer, large_attributes_fit_into_a_frame)
{
	uint8_t *attrs = malloc(ATTRS_MAX);
	uint32_t value = 60000;
	struct extra extra = { .attrs = attrs };
	struct member m = { "b", FRAME_TARGET - 1, 7, 0, 0 };
	struct entry meta = file("a");
	size_t len = 0;

	for (unsigned i = 0; i < 16; i++) {
		memcpy(attrs + len, "\x07\x00user.00", 9);
		attrs[len + 7] = (uint8_t)('a' + i);
		memcpy(attrs + len + 9, &value, 4);
		fill_random(attrs + len + 13, value, i + 1);
		len += 13 + value;
	}
	extra.attrs_len = (uint32_t)len;
	meta.extra = &extra;
	pack_bytes(&meta, "x", 1, &m);
	m.size = FRAME_TARGET - 1;
	pack_member(&m);
	finish();
	cr_expect(comes_back(&m));
	free(attrs);
}
