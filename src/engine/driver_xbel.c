#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/arena.h"
#include "engine/braid.h"
#include "engine/driver_parts.h"

/*
 * xbel - lists of bookmarks as GTK and KDE keep them: each is known by its
 * address, anything else below the root by what it is. Of a bookmark that both
 * sides changed the version that was visited later is taken: these lists are
 * written by programs, at every visit. Pieces of the texts are put together,
 * so what nobody touched stays as it is.
 */
#define STAMP_MAX 40 /* bytes of a time, NUL included */

/* A child of the root. */
struct child {
	struct version lead; /* from the end of the one before it */
	char stamp[STAMP_MAX];
};

struct list {
	struct version text;
	struct strands items;
	struct child *child; /* owned; one for each of items */
	size_t cap;
	size_t begin,
	    end; /* where the first child may begin; behind the last */
	struct arena *ids;
};

/* While expat reads. */
struct reading {
	struct list *list;
	XML_Parser parser;
	unsigned depth;
	size_t from; /* of the present child */
	struct strand item;
	struct child child;
	bool bad;
	struct err why; /* kind ERR_NONE: none that ends the run */
};

static const char *
attribute(const XML_Char **atts, const char *name)
{
	for (; *atts != NULL; atts += 2)
		if (strcmp(atts[0], name) == 0)
			return atts[1];
	return NULL;
}

static size_t
offset(const struct reading *r)
{
	XML_Index at = XML_GetCurrentByteIndex(r->parser);

	return at < 0 ? 0 : (size_t)at;
}

static size_t
offset_behind(const struct reading *r)
{
	return offset(r) + (size_t)XML_GetCurrentByteCount(r->parser);
}

static void
stop(struct reading *r)
{
	r->bad = true;
	(void)XML_StopParser(r->parser, XML_FALSE);
}

/* The later of the times that a bookmark bears, "" if none. */
static void
note_stamp(struct child *c, const XML_Char **atts)
{
	static const char *const names[] = { "visited", "modified", "added" };
	const char *value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = attribute(atts, names[i]);
		if (value != NULL && strlen(value) < STAMP_MAX &&
		    strcmp(value, c->stamp) > 0)
			memcpy(c->stamp, value, strlen(value) + 1);
	}
}

static void
begin_child(struct reading *r, const XML_Char *name, const XML_Char **atts)
{
	const char *id = attribute(atts, "href");
	char *copy;

	r->from = offset(r);
	r->item = (struct strand){ .kind = id != NULL };
	r->child = (struct child){
		.lead = { r->list->text.text + r->list->end,
		    r->from - r->list->end },
	};
	note_stamp(&r->child, atts);
	if (id == NULL)
		id = name;
	copy = arena_copy(r->list->ids, id, strlen(id), &r->why);
	if (copy == NULL) {
		stop(r);
		return;
	}
	r->item.id = copy;
	r->item.id_len = strlen(copy);
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct reading *r = arg;

	if (r->depth == 0) {
		if (strcmp(name, "xbel") != 0)
			stop(r);
		r->list->begin = r->list->end = offset_behind(r);
	} else if (r->depth == 1) {
		begin_child(r, name, atts);
	}
	r->depth++;
}

static int
add_child(struct list *l, const struct reading *r, struct err *e)
{
	size_t n = l->items.count, cap = l->cap > 0 ? l->cap * 2 : 32;
	struct child *grown;

	if (n == l->cap) {
		if ((grown = realloc(l->child, cap * sizeof(*grown))) == NULL)
			return err_sys(e, "bookmarks");
		l->child = grown;
		l->cap = cap;
	}
	l->child[n] = r->child;
	return strands_add(&l->items, &r->item, e);
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
	struct reading *r = arg;
	size_t end = offset_behind(r);

	(void)name;
	if (--r->depth != 1)
		return;
	r->item.text = piece_of(r->list->text.text + r->from, end - r->from);
	r->list->end = end;
	if (add_child(r->list, r, &r->why) == -1)
		stop(r);
}

/* Nobody who writes bookmarks declares entities of his own. */
static void XMLCALL
on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id,
    const XML_Char *public_id, int has_own)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	if (has_own)
		stop(arg);
}

static int
cut(struct list *l, bool *sure, struct err *e)
{
	struct reading r = { .list = l };

	if (l->text.len == 0)
		return 0;
	if ((r.parser = XML_ParserCreate(NULL)) == NULL)
		return err_set(e, ERR_SYSTEM, "bookmarks: out of memory");
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_start, on_end);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	if (XML_Parse(r.parser, l->text.text, (int)l->text.len, XML_TRUE) !=
		XML_STATUS_OK ||
	    r.bad)
		*sure = false;
	XML_ParserFree(r.parser);
	if (r.why.kind == ERR_NONE)
		return 0;
	*e = r.why;
	return -1;
}

static void
put(struct buf *out, const struct list *l, const struct strand *item)
{
	const struct child *c = &l->child[item - l->items.at];

	buf_bytes(out, c->lead.text, c->lead.len);
	buf_bytes(out, item->text.text, item->text.len);
}

/* Both changed it: who was there last? 0: nobody knows. */
static int
later(const struct list *l, const struct list *r, const struct braided *x)
{
	const char *here = l->child[x->local - l->items.at].stamp;
	const char *there = r->child[x->remote - r->items.at].stamp;

	return *here == '\0' || *there == '\0' ? 0 : strcmp(here, there);
}

static void
put_item(struct buf *out, const struct list *l, const struct list *r,
    const struct braided *x, bool *sure)
{
	bool here = x->pick == PICK_LOCAL;
	int order;

	if (x->pick == PICK_NEITHER) {
		order = later(l, r, x);
		here = order > 0;
		*sure = *sure && order != 0;
	}
	put(out, here ? l : r, here ? x->local : x->remote);
}

static int
merge(struct list list[3], struct buf *out, bool *sure, struct err *e)
{
	const struct list *l = &list[1];
	struct braided *made = NULL;
	size_t count;

	if (braid(&made, &count, &list[0].items, &list[1].items, &list[2].items,
		e) == -1)
		return -1;
	buf_bytes(out, l->text.text, l->begin);
	for (size_t i = 0; i < count && *sure; i++)
		put_item(out, l, &list[2], &made[i], sure);
	buf_bytes(out, l->text.text + l->end, l->text.len - l->end);
	free(made);
	return 0;
}

int
driver_xbel(const struct versions *in, struct buf *out, bool *sure,
    struct err *e)
{
	struct arena ids = { 0 };
	struct list list[3] = {
		{ .text = in->base, .ids = &ids },
		{ .text = in->local, .ids = &ids },
		{ .text = in->remote, .ids = &ids },
	};
	int rc = -1;

	*sure = in->local.len > 0 && in->remote.len > 0;
	if (cut(&list[0], sure, e) == 0 && cut(&list[1], sure, e) == 0 &&
	    cut(&list[2], sure, e) == 0)
		rc = *sure ? merge(list, out, sure, e) : 0;
	for (size_t i = 0; i < 3; i++) {
		strands_free(&list[i].items);
		free(list[i].child);
	}
	arena_free(&ids);
	return rc;
}
