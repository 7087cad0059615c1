#include <sys/ioctl.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/report.h"
#include "prog/commands.h"
#include "prog/progress.h"
#include "prog/run.h"
#include "sync/memo.h"
#include "sync/sync.h"

#define WIDTH_DEFAULT 80

static unsigned
terminal_width(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		return w.ws_col;
	return WIDTH_DEFAULT;
}

static int
print_report(const struct options *o, const struct context *c,
    const struct sync_out *out, bool dry_run, struct err *e)
{
	const struct report r = {
		.command = o->command->name,
		.store = c->setup->store,
		.dry_run = dry_run,
		.base = out->base,
		.head = out->head,
		.published = out->published,
		.plan = &out->plan,
		.skipped = out->scan.opaque,
		.skipped_count = out->scan.opaque_count,
		.bytes_up = out->bytes_up,
		.bytes_down = out->bytes_down,
		.entries = out->entries,
		.seconds = out->seconds,
	};
	const struct report_style style = {
		.colour = isatty(STDOUT_FILENO),
		.all = o->verbose,
		.width = terminal_width(),
	};

	if (o->json)
		return report_json(stdout, &r, e);
	if (o->quiet)
		return 0;
	return report_text(stdout, &r, &style, e);
}

/* Costs, for those who ask. */
static void
print_costs(const struct context *c)
{
	if (c->store != NULL)
		log_line(LOG_LEVEL_INFO,
		    "store: %llu calls, %llu bytes read, %llu bytes written",
		    (unsigned long long)c->store->calls,
		    (unsigned long long)c->store->bytes_read,
		    (unsigned long long)c->store->bytes_written);
}

static struct totals
totals_of(const struct sync_out *out)
{
	const struct report r = {
		.plan = &out->plan,
		.skipped = out->scan.opaque,
		.skipped_count = out->scan.opaque_count,
	};

	return report_totals(&r);
}

/* For 'roam status'. A failure to note it does not undo what was done. */
static void
note_run(const struct context *c, const struct sync_how *how,
    const struct sync_out *out, const struct err *why)
{
	const struct totals t = totals_of(out);
	struct memo now = {
		.last_attempt_ns = clock_now_ns(),
		.pending = t.pending,
		.skipped = t.skipped + t.failed,
		.held_deletes = out->held,
	};
	uint64_t done = out->published;
	struct err e;

	/* Without the lock somebody else may be noting right now. */
	if (how->dry_run || how->choose != NULL || c->lockfd == -1)
		return;
	for (size_t i = 0; i < ACTION__COUNT; i++)
		done += t.action[i];
	if (why != NULL)
		snprintf(now.last_error, sizeof(now.last_error), "%s",
		    why->text);
	if (memo_note(c->statefd, &now, done > 0, &e) == -1)
		log_line(LOG_LEVEL_WARN,
		    "what 'roam status' says of this run is missing: %s",
		    e.text);
}

static int
run_with(const struct options *o, struct setup *setup,
    const struct sync_how *how, struct err *e)
{
	struct context c;
	struct sync_out out;
	struct totals t;
	int rc, status = -1;

	context_init(&c, setup);
	rc = sync_run(&c, how, &out, e);
	progress_close(how->arg);
	note_run(&c, how, &out, rc == -1 ? e : NULL);
	if (rc == 0 && print_report(o, &c, &out, how->dry_run, e) == 0) {
		status = 0;
		t = totals_of(&out);
		if (t.skipped + t.failed > 0)
			status = EXIT_SKIPPED;
		if (out.held > 0)
			status = EXIT_HELD;
	}
	print_costs(&c);
	sync_out_free(&out);
	context_close(&c);
	return status;
}

int
run_sync(const struct options *o, struct sync_how how, struct err *e)
{
	struct setup_how from = options_setup(o);
	struct progress progress;
	struct setup setup;
	int status = -1;

	if (setup_load(&setup, &from, e) == -1)
		return -1;
	progress_open(&progress, o);
	how.allow_deletes = o->allow_deletes;
	how.wait_s = (unsigned)o->wait_s;
	how.progress = progress_show;
	how.arg = &progress;
	if (setup_need_store(&setup, e) == 0 &&
	    setup_load_rules(&setup, e) == 0)
		status = run_with(o, &setup, &how, e);
	setup_free(&setup);
	return status;
}

static int
run_sides(const struct options *o, unsigned sides, bool dry_run, struct err *e)
{
	const struct sync_how how = { .sides = sides, .dry_run = dry_run };

	return run_sync(o, how, e);
}

int
cmd_pull(const struct options *o, struct err *e)
{
	return run_sides(o, SIDE_HOME, o->dry_run, e);
}

int
cmd_push(const struct options *o, struct err *e)
{
	return run_sides(o, SIDE_STORE, o->dry_run, e);
}

int
cmd_sync(const struct options *o, struct err *e)
{
	return run_sides(o, SIDE_HOME | SIDE_STORE, o->dry_run, e);
}

int
cmd_plan(const struct options *o, struct err *e)
{
	return run_sides(o, SIDE_HOME | SIDE_STORE, true, e);
}
