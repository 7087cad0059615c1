#include <sys/stat.h>
#include <sys/wait.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "garden.h"
#include "model/commit.h"

/*
 * tests/store-reader.py was written from roam-store(5), not from our code. That
 * both read the same out of a store is what tells that the page is right.
 */
#define SKIPPED 77
#define LAST    3 /* delta behind the checkpoint */

static void
put_file(const char *dir, const char *name, const struct buf *b)
{
	char path[256];
	struct err e;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	cr_assert_neq(fd, -1);
	cr_assert_eq(io_write(fd, b->bytes, b->len, &e), 0);
	close(fd);
}

/* Generation c->number with the profile now; parent is NULL for a full one. */
static void
publish(const char *store, struct commit *c, const struct profile *parent,
    const struct profile *now)
{
	struct buf manifest = { 0 }, record = { 0 };
	char dir[128];
	struct err e;

	cr_assert_eq(manifest_encode(&manifest, parent, now, &e), 0, "%s",
	    e.text);
	c->entries = now->tree.count;
	c->manifest.size = manifest.len;
	c->manifest.hash = hash_of(manifest.bytes, manifest.len);
	cr_assert_eq(commit_encode(&record, c, &e), 0, "%s", e.text);
	snprintf(dir, sizeof(dir), "%s/gen/%012" PRIu64, store, c->number);
	cr_assert_eq(mkdir(dir, 0700), 0);
	put_file(dir, "manifest", &manifest);
	put_file(dir, "commit", &record);
	buf_free(&manifest);
	buf_free(&record);
}

/* The commit that follows c. */
static struct commit
follow(const struct commit *c)
{
	struct commit next = { .number = c->number + 1,
		.parent = c->number,
		.parent_id = c->id,
		.parent_manifest = c->manifest.hash,
		.deltas = c->deltas + 1,
		.machine_name = "ws\xc3\xa9",
		.user = "alice",
		.version = "0.1.0",
		.ancestor_count = 1 };

	next.id.b[0] = (uint8_t)next.number;
	next.ancestor[0] = (struct ancestor){ c->number, c->id };
	return next;
}

static void
show_path(FILE *f, const struct entry *t)
{
	for (size_t i = 0; i < t->path_len; i++) {
		unsigned char c = (unsigned char)t->path[i];

		if (c >= ' ' && c < 0x7f && c != '\\')
			fputc(c, f);
		else
			fprintf(f, "\\x%02x", c);
	}
}

static void
show_line(FILE *f, const struct entry *t)
{
	char hex[HASH_HEX_MAX];

	show_path(f, t);
	fprintf(f, "\t%s\t%04o\t%" PRIu64 "\t%s\t%" PRId64 "\n", entry_kind(t),
	    t->mode, t->size,
	    t->type == ENTRY_DIR ? "-" : hash_hex(&t->hash, hex), t->mtime_ns);
}

/* What the reader should say. Ends in free(). */
static char *
expected(const struct profile *p, bool conflicts)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	cr_assert_not_null(f);
	for (size_t i = 0; !conflicts && i < p->tree.count; i++)
		show_line(f, p->tree.entry[i]);
	for (size_t i = 0; conflicts && i < p->conflict_count; i++) {
		fprintf(f, "%016" PRIx64 "\t", p->conflict[i].id);
		show_line(f, p->conflict[i].loser);
	}
	cr_assert_eq(fclose(f), 0);
	return text;
}

static void
expect_read(const char *store, const char *option, const struct profile *p)
{
	const char *top = getenv("srcdir");
	struct buf said = { 0 };
	char command[512], *text;
	struct err e;
	FILE *f;
	int status;

	snprintf(command, sizeof(command),
	    "exec python3 '%s/tests/store-reader.py' '%s' %s",
	    top != NULL ? top : ".", store, option);
	cr_assert_not_null(f = popen(command, "r"));
	cr_assert_eq(io_read_all(fileno(f), &said, &e), 0);
	status = pclose(f);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		cr_skip_test("no zstd program");
	cr_assert_eq(status, 0);
	buf_u8(&said, 0);
	text = expected(p, option[0] != '\0');
	cr_assert_str_eq((const char *)said.bytes, text);
	free(text);
	buf_free(&said);
}

static void
remove_store(const char *store)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", store);
	cr_assert_eq(system(command), 0);
}

Test(second_reader, what_the_page_says_is_what_we_write)
{
	char store[] = "/tmp/roam-test-XXXXXX", gen[64];
	struct profile now[LAST + 1];
	struct commit c = { .number = 1 };
	struct garden g;

	if (system("python3 -c '' 2> /dev/null") != 0)
		cr_skip_test("no python3");
	for (uint64_t seed = 1; seed < 3; seed++) {
		strcpy(store + strlen(store) - 6, "XXXXXX");
		cr_assert_not_null(mkdtemp(store));
		snprintf(gen, sizeof(gen), "%s/gen", store);
		cr_assert_eq(mkdir(gen, 0700), 0);
		garden_open(&g, seed);
		c = (struct commit){ .number = 1 };
		for (size_t i = 0; i <= LAST; i++) {
			if (i == 0) {
				garden_profile(&g, &now[i], 100 * seed);
			} else {
				garden_grow(&g, &now[i - 1], &now[i]);
				c = follow(&c);
			}
			publish(store, &c, i > 0 ? &now[i - 1] : NULL, &now[i]);
			expect_read(store, "", &now[i]);
		}
		expect_read(store, "--conflicts", &now[LAST]);
		for (size_t i = 0; i <= LAST; i++)
			profile_free(&now[i]);
		garden_close(&g);
		remove_store(store);
	}
}
