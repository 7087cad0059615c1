#include "engine/json.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

#define KEY_MAX 64 /* bytes of a key with its "_encoding" */

/* Length of the UTF-8 character at bytes, or 0 where there is none. */
static size_t
character(const char *bytes, size_t left)
{
	size_t n;

	for (n = 1; n <= 4 && n <= left; n++)
		if (text_is_utf8(bytes, n))
			return n;
	return 0;
}

static json_t *
percent_encoded(const char *bytes, size_t len)
{
	struct buf b = { 0 };
	json_t *v = NULL;
	struct err e;
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = character(bytes + i, len - i);
		if (n == 0 || bytes[i] == '%') {
			buf_text(&b, "%%%02X", (uint8_t)bytes[i]);
			n = 1;
		} else {
			buf_bytes(&b, bytes + i, n);
		}
	}
	if (buf_check(&b, &e) == 0)
		v = json_stringn((const char *)b.bytes, b.len);
	buf_free(&b);
	return v;
}

int
json_set_path(json_t *object, const char *key, const char *path, size_t len)
{
	char how[KEY_MAX];

	if (text_is_utf8(path, len))
		return json_object_set_new(object, key,
		    json_stringn(path, len));
	(void)snprintf(how, sizeof(how), "%s_encoding", key);
	if (json_object_set_new(object, key, percent_encoded(path, len)) == -1)
		return -1;
	return json_object_set_new(object, how, json_string("percent"));
}

int
json_write(FILE *out, json_t *v, size_t flags, struct err *e)
{
	int rc;

	errno = ENOMEM;
	if (v == NULL)
		return err_sys(e, "output");
	errno = 0;
	/* More digits than a clock has would only be noise. */
	rc = json_dumpf(v, out, JSON_COMPACT | JSON_REAL_PRECISION(12) | flags);
	json_decref(v);
	return rc == 0 ? 0 : err_sys(e, "output");
}

int
json_print(json_t *v, struct err *e)
{
	if (json_write(stdout, v, 0, e) == -1)
		return -1;
	if (putchar('\n') == EOF || fflush(stdout) == EOF)
		return err_sys(e, "output");
	return 0;
}

json_t *
json_error(const struct err *e)
{
	char shown[4 * ERR_TEXT_MAX];

	/* The text may name a file, or be cut within a character. */
	if (!text_is_utf8(e->text, strlen(e->text))) {
		(void)text_show(e->text, strlen(e->text), shown, sizeof(shown));
		return json_pack("{s:{s:s,s:s}}", "error", "kind", err_word(e),
		    "message", shown);
	}
	return json_pack("{s:{s:s,s:s}}", "error", "kind", err_word(e),
	    "message", e->text);
}
