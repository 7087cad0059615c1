#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "prog/progress.h"

#define SHOW_EVERY_S 0.1
#define SETTLE_S     1.0 /* before a rate means something */

static const struct stage {
	const char *text;
	bool is_bytes;
} stages[] = {
	[SYNC_SCAN] = { "looking through the home", false },
	[SYNC_RECEIVE] = { "receiving", true },
	[SYNC_APPLY] = { "putting in place", false },
	[SYNC_SEND] = { "sending", true },
};

void
progress_open(struct progress *p, const struct options *o)
{
	*p = (struct progress){
		.on = !o->quiet && !o->json && !o->no_progress &&
		    isatty(STDERR_FILENO),
		.began_s = clock_steady_s(),
	};
}

/* " 12 MB/s, 9 s left" */
static void
show_rate(const struct progress *p, double now, uint64_t done, uint64_t of)
{
	char rate[TEXT_SIZE_MAX];
	double spent = now - p->began_s, speed;

	if (spent < SETTLE_S || done == 0)
		return;
	speed = (double)done / spent;
	fprintf(stderr, "  %s/s", text_size_human((uint64_t)speed, rate));
	if (of > done)
		fprintf(stderr, ", %.0f s left", (double)(of - done) / speed);
}

void
progress_show(enum sync_stage stage, uint64_t done, uint64_t of, void *arg)
{
	struct progress *p = arg;
	char a[TEXT_SIZE_MAX], b[TEXT_SIZE_MAX];
	double now;

	if (!p->on)
		return;
	now = clock_steady_s();
	if (stage != p->stage) {
		p->stage = stage;
		p->began_s = now;
	} else if (now - p->shown_s < SHOW_EVERY_S) {
		return;
	}
	p->shown_s = now;
	fprintf(stderr, "\r\033[K%s", stages[stage].text);
	if (stage == SYNC_SCAN) {
		fprintf(stderr, "  %llu entries", (unsigned long long)done);
	} else if (stages[stage].is_bytes) {
		fprintf(stderr, "  %s of %s", text_size_human(done, a),
		    text_size_human(of, b));
		show_rate(p, now, done, of);
	} else {
		fprintf(stderr, "  %llu of %llu", (unsigned long long)done,
		    (unsigned long long)of);
	}
}

void
progress_close(struct progress *p)
{
	if (p->on && p->shown_s > 0)
		fprintf(stderr, "\r\033[K");
	p->on = false;
}
