#include "sync/sitting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"
#include "engine/json.h"

#define SITTING_FILE     "session"
#define SITTING_SIZE_MAX ((size_t)64 << 10) /* bytes */

/* A word that is too long is no word of ours. */
static int
take_word(char out[SITTING_WORD_MAX], const char *word)
{
	size_t len = strlen(word);

	if (len >= SITTING_WORD_MAX)
		return -1;
	memcpy(out, word, len + 1);
	return 0;
}

static int
parse(struct sitting *out, const void *bytes, size_t len)
{
	const char *occasion, *type, *state, *reason, *store = "";
	struct sitting s = { .owed = false };
	json_int_t time_ns;
	json_error_t where;
	json_t *v;
	int owed, fresh = 0, marked = 0, rc = -1;

	if ((v = json_loadb(bytes, len, 0, &where)) == NULL)
		return -1;
	if (json_unpack(v, "{s:s,s:s,s:s,s:s,s:b,s:I,s?s,s?b,s?b}", "occasion",
		&occasion, "type", &type, "state", &state, "reason", &reason,
		"owed", &owed, "time_ns", &time_ns, "store", &store, "fresh",
		&fresh, "marked", &marked) == 0 &&
	    take_word(s.occasion, occasion) == 0 &&
	    take_word(s.type, type) == 0 && take_word(s.state, state) == 0) {
		snprintf(s.reason, sizeof(s.reason), "%s", reason);
		if (strlen(store) < sizeof(s.store))
			memcpy(s.store, store, strlen(store) + 1);
		s.owed = owed != 0;
		s.fresh = fresh != 0;
		s.marked = marked != 0;
		s.time_ns = time_ns;
		*out = s;
		rc = 0;
	}
	json_decref(v);
	return rc;
}

void
sitting_load(struct sitting *out, int statefd)
{
	struct buf text = { .max = SITTING_SIZE_MAX };
	struct err e;

	*out = (struct sitting){ .owed = false };
	if (statefd == -1)
		return;
	if (io_load(statefd, SITTING_FILE, &text, &e) == 0)
		(void)parse(out, text.bytes, text.len);
	buf_free(&text);
}

static bool
same_news(const struct sitting *a, const struct sitting *b)
{
	return strcmp(a->occasion, b->occasion) == 0 &&
	    strcmp(a->type, b->type) == 0 && strcmp(a->state, b->state) == 0 &&
	    strcmp(a->reason, b->reason) == 0 && a->owed == b->owed &&
	    a->fresh == b->fresh && a->marked == b->marked &&
	    strcmp(a->store, b->store) == 0;
}

/* Its reason may name a file, or be cut within a character. */
static void
make_text(struct sitting *out, const struct sitting *s)
{
	*out = *s;
	if (!text_is_utf8(s->reason, strlen(s->reason)))
		(void)text_show(s->reason, strlen(s->reason), out->reason,
		    sizeof(out->reason));
}

int
sitting_save(int statefd, const struct sitting *s, struct err *e)
{
	struct sitting before, next;
	json_t *v;
	char *text;
	int rc;

	make_text(&next, s);
	sitting_load(&before, statefd);
	if (before.time_ns != 0 && same_news(&before, &next))
		return 0;
	v = json_pack("{s:s,s:s,s:s,s:s,s:b,s:I,s:s,s:b,s:b}", "occasion",
	    next.occasion, "type", next.type, "state", next.state, "reason",
	    next.reason, "owed", (int)next.owed, "time_ns",
	    (json_int_t)next.time_ns, "store", next.store, "fresh",
	    (int)next.fresh, "marked", (int)next.marked);
	text = v != NULL ? json_dumps(v, JSON_COMPACT) : NULL;
	json_decref(v);
	if (text == NULL)
		return err_set(e, ERR_SYSTEM, "%s: out of memory",
		    SITTING_FILE);
	rc = io_replace(statefd, SITTING_FILE, text, strlen(text), e);
	free(text);
	return rc;
}
