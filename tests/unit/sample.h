#ifndef ROAM_TESTS_SAMPLE_H
#define ROAM_TESTS_SAMPLE_H

#include <stdint.h>

#include "engine/report.h"

#define OPS_MAX 200

/* A plan made by hand, and room for what its ops are about. */
struct sample {
	struct op op[OPS_MAX];
	struct entry entry[OPS_MAX];
	char path[OPS_MAX][64];
	struct plan plan;
	struct report report;
};

void sample_init(struct sample *s);
/* What the next op is about. path has to outlive s. */
struct entry *sample_entry(struct sample *s, const char *path, uint64_t size);
/* One more op, done. */
struct op *sample_add(struct sample *s, enum action action, const char *path,
    uint64_t size);
void sample_add_many(struct sample *s, enum action action, unsigned n);

extern const struct report_style sample_plain;
/* What report_text() writes; the caller's to free(). */
char *sample_text(const struct sample *s, const struct report_style *style);
/* In the plain style it is want, or want is in it. */
void sample_expect(const struct sample *s, const char *want);
void sample_expect_in(const struct sample *s, const char *want);

#endif
