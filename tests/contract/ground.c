#include "ground.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

char url[512];
char tmp[] = "/tmp/roam-test-XXXXXX";
char dir[STORE_PATH_MAX + 1];
struct store *store;
struct err e;

/* How a store is opened that asks for more than its URL. */
static struct store_how
how_to_open(void)
{
	static struct secret password;
	struct store_how how = { .deadline_ms = 60000, .create = true };
	const char *file = getenv("ROAM_TEST_PASSWORD");
	const char *encrypt = getenv("ROAM_TEST_ENCRYPT");
	int fd;

	if (file != NULL) {
		cr_assert_neq(fd = open(file, O_RDONLY), -1);
		cr_assert_eq(secret_read(&password, fd, &e), 0);
		close(fd);
		how.password = &password;
	}
	if (encrypt != NULL)
		how.encrypt = strcmp(encrypt, "off") == 0
		    ? STORE_ENCRYPT_OFF
		    : STORE_ENCRYPT_DESIRED;
	how.min_protocol = getenv("ROAM_TEST_MIN_PROTOCOL");
	return how;
}

void
open_store(void)
{
	struct store_how how = how_to_open();

	cr_assert_eq(store_open(&store, url, &how, &e), 0, "%s", e.text);
}

void
enter(void)
{
	const char *given = getenv("ROAM_TEST_STORE");
	char hex[HASH_HEX_MAX];
	struct hash id;

	if (given != NULL) {
		snprintf(url, sizeof(url), "%s", given);
		tmp[0] = '\0';
	} else {
		cr_assert_not_null(mkdtemp(tmp));
		snprintf(url, sizeof(url), "file://%s/store", tmp);
	}
	open_store();
	cr_assert_eq(hash_random(&id, &e), 0);
	snprintf(dir, sizeof(dir), "contract-%s", hash_hex(&id, hex));
	cr_assert_eq(store_mkdir(store, dir, &e), 0, "%s", e.text);
}

/* path below this test's directory; four at a time. */
const char *
at(const char *path)
{
	static char out[4][STORE_PATH_MAX + 1];
	static unsigned next;
	char *to = out[next++ % 4];

	snprintf(to, sizeof(out[0]), "%.60s/%.120s", dir, path);
	return to;
}

static void remove_all(const char *path);

static int
remove_item(const struct store_item *item, void *arg, struct err *why)
{
	const char *above = arg;
	char path[STORE_PATH_MAX + 1];

	snprintf(path, sizeof(path), "%.100s/%.90s", above, item->name);
	if (item->is_dir)
		remove_all(path);
	return item->is_dir ? 0 : store_remove(store, path, false, why);
}

static void
remove_all(const char *path)
{
	char copy[STORE_PATH_MAX + 1];

	snprintf(copy, sizeof(copy), "%s", path);
	if (store_list(store, copy, remove_item, copy, &e) == 0)
		cr_expect_eq(store_remove(store, copy, true, &e), 0);
}

void
leave(void)
{
	remove_all(dir);
	store_close(store);
	if (tmp[0] != '\0') {
		snprintf(url, sizeof(url), "rm -rf %s", tmp);
		cr_expect_eq(system(url), 0);
	}
}

int
make_file(const char *path, const void *bytes, size_t len)
{
	struct store_file *f;

	if (store_create(store, path, &f, &e) == -1)
		return -1;
	if (store_write(f, bytes, len, &e) == -1) {
		cr_expect_eq(store_finish(f, false, &e), 0);
		return -1;
	}
	return store_finish(f, true, &e);
}

const char *
load(const char *path)
{
	static char text[64];
	struct buf b = { .max = sizeof(text) - 1 };

	if (store_load(store, path, &b, &e) == -1)
		snprintf(text, sizeof(text), "%s", err_word(&e));
	else
		snprintf(text, sizeof(text), "%.*s", (int)b.len,
		    b.len > 0 ? (const char *)b.bytes : "");
	buf_free(&b);
	return text;
}
