#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signin/decision.h"
#include "signin/question.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What was taken is written and taken again, the same; and decides. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct facts f, again;
	struct decision d;
	struct buf out = { .max = FACTS_BYTES_MAX };
	struct err e;

	struct question q;

	if (facts_items_len(bytes, len) > len)
		abort();
	(void)!question_parse(&q, bytes, len, &e);
	if (facts_parse(&f, bytes, len, &e) == -1)
		return 0;
	facts_write(&out, &f);
	if (buf_check(&out, &e) == -1 ||
	    facts_parse(&again, out.bytes, out.len, &e) == -1 ||
	    memcmp(&f.asked_s, &again.asked_s, sizeof(f.asked_s)) != 0 ||
	    strcmp(f.profile_path, again.profile_path) != 0 ||
	    facts_answer(&f) != facts_answer(&again))
		abort();
	decision_make(&d,
	    &(struct decision_input){ .enabled = true, .facts = &f });
	if (d.roams && facts_answer(&f) != ANSWER_LISTED &&
	    facts_answer(&f) != ANSWER_UNSUPPORTED)
		abort();
	decision_make(&d,
	    &(struct decision_input){ .enabled = true,
		.kept = &f,
		.now_s = 1800000000 });
	if (d.roams && f.asked_s < 1800000000)
		abort();
	buf_free(&out);
	return 0;
}
