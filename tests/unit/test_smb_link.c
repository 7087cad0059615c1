#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/secret.h"
#include "store/store.h"

/*
 * A store whose worker is not ours but a script: it speaks the protocol with
 * bytes of its own, as one might that a hostile server has taken over. Nothing
 * it says may do more harm than an error, nor take longer than the deadline.
 */
#define DEADLINE_MS 500u
#define PATIENCE_S  90.0 /* on a busy machine; an endless answer has no end */

static char dir[] = "/tmp/roam-test-XXXXXX";
static struct store *store;
static struct err e;

/* What every worker of ours knows: how to read and to answer. */
static const char prelude[] =
    "#!/usr/bin/env python3\n"
    "import os, struct, sys, time\n"
    "def get(n):\n"
    "    b = b''\n"
    "    while len(b) < n:\n"
    "        p = os.read(3, n - len(b))\n"
    "        if not p: sys.exit()\n"
    "        b += p\n"
    "    return b\n"
    "def take():\n"
    "    b = get(struct.unpack('<I', get(4))[0])\n"
    "    return struct.unpack('<IB', b[:5])\n"
    "def raw(b):\n"
    "    while b: b = b[os.write(3, b):]\n"
    "def say(i, op, rest=b''):\n"
    "    raw(struct.pack('<IIB', 5 + len(rest), i, op) + rest)\n"
    "def ok(i, blob=b''): say(i, 13, struct.pack('<QQ', 0, 0) + blob)\n"
    "def part(i, blob): say(i, 14, blob)\n"
    "def error(i, n, stage=0, t=b'why'):\n"
    "    say(i, 15, struct.pack('<QQH', n, stage, len(t)) + t + b'\\0')\n"
    "def enter():\n"
    "    ok(take()[0]); ok(take()[0])\n";

static void
enter(void)
{
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(setenv("ROAM_LIBEXEC", dir, 1), 0);
}

static void
leave(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_expect_eq(system(command), 0);
}

TestSuite(smb_link, .init = enter, .fini = leave, .timeout = 600);

static void
make_worker(const char *script)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/roam-smb", dir);
	cr_assert_not_null(f = fopen(path, "w"));
	fprintf(f, "%s%s", prelude, script);
	cr_assert_eq(fclose(f), 0);
	cr_assert_eq(chmod(path, 0700), 0);
}

static unsigned slow_ms;

static int
begin_store(const char *script)
{
	static const struct secret password = { "secret" };
	struct store_how how = { .deadline_ms = DEADLINE_MS,
		.connect_ms = DEADLINE_MS,
		.slow_ms = slow_ms,
		.password = &password,
		.user = "me" };

	make_worker(script);
	return store_begin(&store, "smb://server/share/store", &how, &e);
}

static int
open_store(const char *script)
{
	int rc = begin_store(script);

	if (rc == 0 && (rc = store_enter(store, true, &e)) == -1)
		store_close(store);
	return rc == 1 ? 0 : rc;
}

Test(smb_link, a_worker_that_is_missing_is_said)
{
	struct store_how how = { .deadline_ms = DEADLINE_MS };

	cr_expect_eq(store_open(&store, "smb://server/share", &how, &e), -1);
	cr_expect_eq(e.kind, ERR_SYSTEM);
	cr_expect_not_null(strstr(e.text, "without support for smb:"));
}

Test(smb_link, an_odd_answer_to_the_login_is_an_error)
{
	static const struct {
		const char *script;
		enum err_kind want; /* ERR_NONE: any */
	} cases[] = {
		{ "", ERR_OFFLINE },
		{ "sys.exit(1)", ERR_OFFLINE },
		{ "time.sleep(99)", ERR_OFFLINE },
		{ "take(); time.sleep(99)", ERR_OFFLINE },
		{ "ok(take()[0]); take(); time.sleep(99)", ERR_OFFLINE },
		{ "ok(take()[0]); take(); os.kill(os.getpid(), 11)",
		    ERR_OFFLINE },
		{ "raw(b'\\0' * 100); time.sleep(9)", ERR_FORMAT },
		{ "raw(b'\\xff' * 100); time.sleep(9)", ERR_FORMAT },
		{ "say(1, 0); time.sleep(9)", ERR_FORMAT },
		{ "say(1, 200); time.sleep(9)", ERR_FORMAT },
		{ "say(1, 3, b'\\1\\0xx'); time.sleep(9)", ERR_FORMAT },
		{ "part(take()[0], b'x'); time.sleep(9)", ERR_FORMAT },
		{ "error(take()[0], 2**64 - 1, 2**64 - 1); time.sleep(9)",
		    ERR_STORE },
		{ "error(take()[0], 0, 0, b''); time.sleep(9)", ERR_STORE },
		{ "error(take()[0], 111, 2); time.sleep(9)", ERR_OFFLINE },
		{ "ok(take()[0]); error(take()[0], 13, 3)", ERR_AUTH },
	};
	double start;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start = clock_steady_s();
		cr_expect_eq(open_store(cases[i].script), -1, "case %zu", i);
		cr_expect_eq(e.kind, cases[i].want, "case %zu: %s", i, e.text);
		cr_expect_eq(strncmp(e.text, "//server/share/store", 20), 0,
		    "case %zu: %s", i, e.text);
		cr_expect_null(strstr(e.text, "secret"));
		cr_expect_lt(clock_steady_s() - start, PATIENCE_S, "case %zu",
		    i);
	}
}

/* Looks, without waiting, until something is known. */
static int
look_until_known(void)
{
	int rc;

	while ((rc = store_enter(store, false, &e)) == 0)
		clock_sleep_ms(10);
	return rc;
}

Test(smb_link, a_login_goes_on_while_nobody_waits)
{
	char path[64], script[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/go", dir);
	snprintf(script, sizeof(script),
	    "i = take()[0]\n"
	    "while not os.path.exists('%s'): time.sleep(.01)\n"
	    "ok(i); ok(take()[0]); ok(take()[0])\n",
	    path);
	cr_assert_eq(begin_store(script), 0, "%s", e.text);
	cr_expect_eq(store_enter(store, false, &e), 0);
	cr_assert_not_null(f = fopen(path, "w"));
	cr_assert_eq(fclose(f), 0);
	cr_assert_eq(look_until_known(), 1, "%s", e.text);
	cr_expect_eq(store_mkdir(store, "a", &e), 0, "%s", e.text);
	store_close(store);
}

Test(smb_link, who_only_looks_hears_of_a_failure_and_of_silence)
{
	static const char *const cases[] = {
		"error(take()[0], 111, 2); time.sleep(99)",
		"time.sleep(99)",
		"ok(take()[0]); time.sleep(99)",
		"ok(take()[0]); take(); sys.exit()",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(begin_store(cases[i]), 0, "case %zu", i);
		cr_expect_eq(look_until_known(), -1, "case %zu", i);
		cr_expect_eq(e.kind, ERR_OFFLINE, "case %zu: %s", i, e.text);
		store_close(store);
	}
}

Test(smb_link, a_line_of_long_round_trips_is_left_alone)
{
	static const struct {
		const char *trips; /* microseconds, of the two answers */
		unsigned slow_ms;
		bool slow;
	} cases[] = {
		{ "(200000, 0), (0, 100)", 120, true },
		{ "(100, 0), (0, 200000)", 120, true },
		{ "(2**63, 0), (0, 100)", 120, true },
		{ "(119999, 0), (0, 119999)", 120, false },
		{ "(200000, 0), (0, 200000)", 0, false },
	};
	char script[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(script, sizeof(script),
		    "for t in %s:\n"
		    " say(take()[0], 13, struct.pack('<QQ', *t))\n"
		    "time.sleep(99)",
		    cases[i].trips);
		slow_ms = cases[i].slow_ms;
		cr_expect_eq(open_store(script), cases[i].slow ? -1 : 0,
		    "case %zu: %s", i, e.text);
		if (cases[i].slow) {
			cr_expect(store_is_slow(&e), "%s", e.text);
			cr_expect_not_null(strstr(e.text, "slow connection"));
		} else {
			store_close(store);
		}
	}
}

static int
no_visit(const struct store_item *item, void *arg, struct err *why)
{
	(void)item;
	(void)arg;
	(void)why;
	return 0;
}

/* Each call, whatever comes back. */
static void
call_all(size_t i)
{
	struct buf b = { .max = 1000 };
	struct store_file *f;
	char bytes[100];
	double start = clock_steady_s();

	cr_expect_eq(store_load(store, "a", &b, &e), -1, "case %zu", i);
	cr_expect_leq(b.cap, 1000);
	cr_expect_eq(store_read(store, "a", 0, bytes, sizeof(bytes), &e), -1);
	if (store_list(store, "a", no_visit, NULL, &e) == 0)
		cr_expect_fail("case %zu: a list", i);
	if (store_create(store, "a", &f, &e) == 0) {
		cr_expect_eq(store_write(f, bytes, sizeof(bytes), &e), 0);
		cr_expect_eq(store_finish(f, true, &e), -1, "case %zu", i);
	}
	cr_expect_eq(store_publish(store, "a", "b", &e), -1);
	cr_expect_neq(e.kind, ERR_RACE, "case %zu", i);
	store_close(store);
	cr_expect_lt(clock_steady_s() - start, PATIENCE_S, "case %zu", i);
}

Test(smb_link, an_odd_answer_to_a_call_is_an_error)
{
	static const char *const cases[] = {
		"enter(); time.sleep(99)",
		"enter(); sys.exit()",
		"enter(); take(); sys.exit()",
		"enter(); take(); raw(b'\\xff' * 1000); time.sleep(9)",
		"enter()\nwhile 1: ok(take()[0] + 1)",
		"enter()\nwhile 1: part(take()[0] + 1, b'x')",
		"enter()\nwhile 1: error(take()[0] - 1, 13)",
		"enter()\nwhile 1: error(take()[0], 5)",
		"enter()\nwhile 1: error(take()[0], 103)",
		"enter()\nwhile 1: error(take()[0], 110)",
		"enter()\nwhile 1: error(take()[0], 22)",
		/* Half of an answer, and no more. */
		"enter(); take(); raw(struct.pack('<I', 100)); time.sleep(99)",
		/* More than was asked for, without an end. */
		"enter(); i = take()[0]\nwhile 1: part(i, b'x' * 100000)",
		/* A list that is none; a range that is too long. */
		("enter()\nwhile 1:\n i = take()[0]; part(i, b'x' * 2000); "
		 "ok(i, b'x' * 5000)"),
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(open_store(cases[i]), 0, "case %zu: %s", i,
		    e.text);
		call_all(i);
	}
}

Test(smb_link, a_list_without_end_stops_at_a_ceiling)
{
	cr_assert_eq(open_store("enter(); i = take()[0]\n"
				"while 1: part(i, b'\\0' * 1000000)"),
	    0);
	cr_expect_eq(store_list(store, "a", no_visit, NULL, &e), -1);
	cr_expect(e.kind == ERR_LIMIT || e.kind == ERR_FORMAT, "%s", e.text);
	store_close(store);
}

Test(smb_link, a_worker_gets_no_password_but_by_its_login)
{
	cr_assert_eq(open_store("enter()\n"
				"e = repr(dict(os.environ)) + repr(sys.argv)\n"
				"e += open('/proc/self/cmdline').read()\n"
				"n = len(os.listdir('/proc/self/fd'))\n"
				"i = take()[0]\n"
				"if 'secret' in e or n != 5: error(i, 5)\n"
				"else: ok(i)\n"),
	    0);
	cr_expect_eq(store_mkdir(store, "a", &e), 0, "%s", e.text);
	store_close(store);
}

Test(smb_link, after_the_login_a_worker_has_no_home)
{
	cr_assert_eq(open_store("enter()\n"
				"home = os.environ['HOME']\n"
				"for t in range(50):\n"
				" if not os.path.exists(home): break\n"
				" time.sleep(.1)\n"
				"i = take()[0]\n"
				"if os.path.exists(home): error(i, 5)\n"
				"else: ok(i)\n"),
	    0);
	cr_expect_eq(store_mkdir(store, "a", &e), 0, "%s", e.text);
	store_close(store);
}

/* A worker that notes which bytes it is asked for, and gives them: each is the
 * number of its half MiB. Below it a line for what is done before a READ. */
static const char reading[] =
    "def ask():\n"
    "    b = get(struct.unpack('<I', get(4))[0])\n"
    "    return struct.unpack('<IBQQ', b[:21])\n"
    "def give(i, off, n):\n"
    "    log.write('%d+%d\\n' % (off >> 19, n >> 19)); log.flush()\n"
    "    blob = b''.join(bytes([(off >> 19) + k]) * (1 << 19)\n"
    "                    for k in range(n >> 19))\n"
    "    ok(i, blob)\n"
    "log = open(os.path.dirname(sys.argv[0]) + '/log', 'a')\n"
    "lives = os.path.getsize(log.name)\n"
    "enter()\n";

static void
open_reading(const char *rest)
{
	char script[2000];

	/* Its own folder is all that a worker knows. */
	snprintf(script, sizeof(script), "sys.argv[0] = '%s/roam-smb'\n%s%s",
	    dir, reading, rest);
	cr_assert_eq(open_store(script), 0, "%s", e.text);
}

static bool
was_asked(const char *want)
{
	char command[200];

	snprintf(command, sizeof(command),
	    "test \"$(tr '\\n' ' ' < %s/log)\" = '%s'", dir, want);
	return system(command) == 0;
}

#define HALF ((size_t)512 << 10)

static void
expect_read(unsigned half, unsigned count)
{
	uint8_t *bytes = malloc(count * HALF);

	cr_assert_not_null(bytes);
	cr_expect_eq(store_read(store, "gen/1", half * HALF, bytes,
			 count * HALF, &e),
	    0, "%s", e.text);
	for (unsigned i = 0; i < count; i++)
		cr_expect(bytes[i * HALF] == half + i &&
			bytes[i * HALF + HALF - 1] == half + i,
		    "half %u", half + i);
	free(bytes);
}

Test(smb_link, what_is_announced_is_on_its_way_before_it_is_read)
{
	open_reading("while 1: i, op, off, n = ask(); give(i, off, n)");
	cr_expect(store_ahead(store, "gen/1", 0, HALF));
	cr_expect(store_ahead(store, "gen/1", 4 * HALF, HALF));
	cr_expect_not(store_ahead(store, "gen/1", 6 * HALF, HALF),
	    "without an end");
	expect_read(0, 1);
	for (int i = 0; i < 600 && !was_asked("0+1 4+1 "); i++)
		clock_sleep_ms(100);
	cr_expect(was_asked("0+1 4+1 "));
	/* Another read in between costs what was on its way, no more. */
	expect_read(9, 1);
	expect_read(4, 1);
	cr_expect(was_asked("0+1 4+1 9+1 4+1 "));
	/* And one that is never read is in nobody's way. */
	cr_expect(store_ahead(store, "gen/1", 1 * HALF, HALF));
	store_ahead_end(store);
	cr_expect(store_ahead(store, "gen/1", 2 * HALF, HALF));
	expect_read(2, 1);
	cr_expect(was_asked("0+1 4+1 9+1 4+1 1+1 2+1 "));
	store_close(store);
}

Test(smb_link, what_had_come_when_a_worker_was_lost_is_not_asked_for_again)
{
	/* The first one dies with the second request. */
	open_reading("i, op, off, n = ask(); give(i, off, n)\n"
		     "if not lives: ask(); sys.exit()\n"
		     "while 1: i, op, off, n = ask(); give(i, off, n)");
	cr_expect(store_ahead(store, "gen/1", 0, 16 * HALF));
	expect_read(0, 16);
	cr_expect(was_asked("0+8 8+8 "));
	store_close(store);
}

Test(smb_link, what_had_come_of_a_small_file_is_not_asked_for_again)
{
	struct buf b = { .max = 4 * HALF };

	/* LOAD's second number is where it begins. */
	open_reading("while 1:\n"
		     " i, op, most, off = ask()\n"
		     " log.write('%d\\n' % (off >> 19)); log.flush()\n"
		     " for k in range(off >> 19, 3):\n"
		     "  part(i, bytes([k]) * (1 << 19))\n"
		     "  if not lives and k == 1: sys.exit()\n"
		     " ok(i)");
	cr_expect_eq(store_load(store, "gen/1/manifest", &b, &e), 0, "%s",
	    e.text);
	cr_assert_eq(b.len, 3 * HALF);
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(b.bytes[i * HALF], i);
	cr_expect(was_asked("0 2 "));
	buf_free(&b);
	store_close(store);
}
