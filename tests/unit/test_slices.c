#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "storage.h"
#include "sync/extents.h"
#include "sync/slices.h"

#define FILE_SIZE 4500000u
#define FILE_WORDS                                                             \
	"a=RAND:1:4500000 b=RAND:2:4500000 c=RAND:3:4500000 "                  \
	"d=RAND:4:4500000 e=RAND:5:4500000"

/* What comes has to be what was asked for, in that order. */
struct check {
	const struct slices *want;
	size_t next;
	size_t damaged;
	uint8_t *file[5]; /* owned: all that comes, by file */
	uint64_t got[5];
};

static int
take(const struct slice *s, const void *bytes, const struct err *why, void *arg,
    struct err *e)
{
	struct check *c = arg;
	const struct entry *t = s->of;
	size_t file = (size_t)(t->path[0] - 'a');

	(void)e;
	cr_assert_eq(s, &c->want->at[c->next++]);
	if (s->place.gen == GEN_HOLE) {
		cr_assert(bytes == NULL && why == NULL);
		return 0;
	}
	cr_assert_eq(bytes == NULL, why != NULL);
	c->damaged += bytes == NULL;
	if (bytes != NULL)
		memcpy(c->file[file] + c->got[file], bytes, s->len);
	c->got[file] += s->len;
	return 0;
}

/* The last file first, each with a hole before it. */
static void
ask(const struct tree *t, struct slices *out)
{
	struct slice hole = { .place.gen = GEN_HOLE, .len = (uint64_t)1 << 40 };
	const struct extent *x;
	struct extent one;
	struct err e;
	size_t count;

	for (size_t i = t->count; i-- > 0;) {
		hole.of = (void *)(uintptr_t)t->entry[i];
		cr_assert_eq(slices_add(out, &hole, &e), 0);
		x = extents_of(t->entry[i], &one, &count);
		for (size_t k = 0; k < count; k++) {
			struct slice s = { x[k].place, x[k].len, hole.of };

			cr_assert_eq(slices_add(out, &s, &e), 0);
		}
	}
}

static size_t
read_all(struct storage *s)
{
	struct slices want = { 0 };
	struct check check = { .want = &want };
	struct head head;
	struct hash hash;
	size_t same = 0;
	struct err e;

	storage_load(s, &head);
	ask(&head.profile.tree, &want);
	for (size_t i = 0; i < 5; i++)
		cr_assert_not_null(check.file[i] = calloc(1, FILE_SIZE));
	cr_assert_eq(slices_read(s->store, &want, take, &check, &e), 0, "%s",
	    e.text);
	cr_assert_eq(check.next, want.count);
	for (size_t i = 0; i < 5; i++) {
		cr_assert_eq(check.got[i], FILE_SIZE);
		hash = hash_of(check.file[i], FILE_SIZE);
		same += hash_same(&hash, &head.profile.tree.entry[i]->hash);
		free(check.file[i]);
	}
	cr_assert_eq(same == 5, check.damaged == 0);
	slices_free(&want);
	head_free(&head);
	return check.damaged;
}

Test(slices, more_than_a_window_comes_whole_and_in_order)
{
	struct storage s;

	storage_make(&s);
	storage_push(&s, FILE_WORDS);
	cr_assert_eq(read_all(&s), 0);
	storage_free(&s);
}

Test(slices, damage_is_told_where_it_is_and_the_rest_comes)
{
	struct storage s;

	storage_make(&s);
	storage_push(&s, FILE_WORDS);
	storage_damage(&s, "gen/000000000001/pack0", 9000000);
	storage_damage(&s, "gen/000000000001/pack0", 15000000);
	cr_assert_eq(read_all(&s), 2);
	storage_free(&s);
}
