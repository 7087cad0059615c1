#include "store/wire.h"

#include <string.h>

#include "base/reader.h"

/* What a message of each op is made of. */
static const struct shape {
	uint8_t numbers, texts;
	bool blob;
} shapes[] = {
	[WIRE_CONNECT] = { 3, 1, false },
	[WIRE_LOGIN] = { 4, 5, false },
	[WIRE_LIST] = { 0, 1, false },
	[WIRE_LOAD] = { 2, 1, false },
	[WIRE_READ] = { 2, 1, false },
	[WIRE_CREATE] = { 1, 1, false },
	[WIRE_RESUME] = { 2, 1, false },
	[WIRE_WRITE] = { 2, 0, true },
	[WIRE_FINISH] = { 2, 0, false },
	[WIRE_MKDIR] = { 0, 1, false },
	[WIRE_RENAME] = { 0, 2, false },
	[WIRE_REMOVE] = { 1, 1, false },
	[WIRE_OK] = { 2, 0, true },
	[WIRE_PART] = { 0, 0, true },
	[WIRE_ERROR] = { 2, 1, false },
	[WIRE_CLAIM] = { 0, 1, true },
	[WIRE_RELEASE] = { 0, 0, false },
};
_Static_assert(sizeof(shapes) / sizeof(shapes[0]) == WIRE__COUNT,
    "every op has a shape");

static void
put_text(struct buf *out, const char *text)
{
	size_t len = strnlen(text, WIRE_TEXT);

	buf_u16(out, (uint16_t)len);
	buf_bytes(out, text, len);
	buf_u8(out, 0);
}

/* A text and its NUL, with none before; NULL and bad otherwise. */
static const char *
get_text(struct reader *r)
{
	size_t len = reader_u16(r);
	const uint8_t *bytes;

	if (len > WIRE_TEXT)
		r->bad = true;
	bytes = reader_bytes(r, len + 1);
	if (bytes != NULL && memchr(bytes, '\0', len + 1) != bytes + len)
		r->bad = true;
	return r->bad ? NULL : (const char *)bytes;
}

/* The bytes that follow the first field, without those of the blob. */
static int
measure(const struct wire *m, size_t *out, struct err *e)
{
	const struct shape *s = &shapes[m->op];
	size_t len = 5 + (size_t)8 * s->numbers, n;

	for (size_t i = 0; i < s->texts; i++) {
		n = m->text[i] != NULL ? strlen(m->text[i]) : 0;
		if (n > WIRE_TEXT)
			return err_set(e, ERR_LIMIT,
			    "message: a text of %zu bytes", n);
		len += n + 3;
	}
	if (m->blob_len > (s->blob ? WIRE_BLOB : 0))
		return err_set(e, ERR_LIMIT, "message: %zu bytes", m->blob_len);
	*out = len;
	return 0;
}

int
wire_encode(struct buf *out, const struct wire *m, struct err *e)
{
	const struct shape *s = &shapes[m->op];
	size_t len;

	if (measure(m, &len, e) == -1)
		return -1;
	/* All at once, so that no copy of a password stays behind. */
	(void)buf_room(out, WIRE_HEAD + len);
	buf_u32(out, (uint32_t)(len + m->blob_len));
	buf_u32(out, m->id);
	buf_u8(out, (uint8_t)m->op);
	for (size_t i = 0; i < s->numbers; i++)
		buf_u64(out, m->number[i]);
	for (size_t i = 0; i < s->texts; i++)
		put_text(out, m->text[i] != NULL ? m->text[i] : "");
	return buf_check(out, e);
}

int
wire_length(const uint8_t head[WIRE_HEAD], size_t *out, struct err *e)
{
	struct reader r = reader_of(head, WIRE_HEAD);
	size_t len = reader_u32(&r);

	if (len < 5 || len > WIRE_LEN_MAX)
		return err_set(e, ERR_FORMAT, "message of %zu bytes", len);
	*out = len;
	return 0;
}

int
wire_decode(struct wire *out, const void *bytes, size_t len, struct err *e)
{
	struct reader r = reader_of(bytes, len);
	const struct shape *s;
	struct wire m = { 0 };
	unsigned op;

	m.id = reader_u32(&r);
	op = reader_u8(&r);
	if (r.bad || op == 0 || op >= WIRE__COUNT)
		return err_set(e, ERR_FORMAT, "message of unknown kind");
	m.op = (enum wire_op)op;
	s = &shapes[op];
	for (size_t i = 0; i < s->numbers; i++)
		m.number[i] = reader_u64(&r);
	for (size_t i = 0; i < s->texts; i++)
		m.text[i] = get_text(&r);
	if (r.bad || r.left > (s->blob ? WIRE_BLOB : 0))
		return err_set(e, ERR_FORMAT, "message %u is malformed", op);
	m.blob = r.at;
	m.blob_len = r.left;
	*out = m;
	return 0;
}

void
wire_put_item(struct buf *out, const struct wire_item *item)
{
	buf_u8(out, item->is_dir);
	buf_u64(out, item->size);
	buf_u64(out, (uint64_t)item->mtime_ns);
	put_text(out, item->name);
}

int
wire_get_item(struct wire_item *out, const uint8_t **at, size_t *left,
    struct err *e)
{
	struct reader r = reader_of(*at, *left);

	if (*left == 0)
		return 0;
	out->is_dir = reader_u8(&r) == 1;
	out->size = reader_u64(&r);
	out->mtime_ns = (int64_t)reader_u64(&r);
	out->name = get_text(&r);
	if (r.bad)
		return err_set(e, ERR_FORMAT, "list is malformed");
	*at = r.at;
	*left = r.left;
	return 1;
}
