#include <sys/ioctl.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/report.h"
#include "engine/report_html.h"
#include "prog/commands.h"
#include "prog/primary.h"
#include "prog/progress.h"
#include "prog/run.h"
#include "sync/sitting.h"
#include "sync/sync.h"

#define WIDTH_DEFAULT 80
#define CLOCK_OFF_NS  ((int64_t)24 * 3600 * 1000000000) /* a day */

static unsigned
terminal_width(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		return w.ws_col;
	return WIDTH_DEFAULT;
}

/* Names of files are nobody else's business: for the caller's eyes alone. */
static int
write_html(const char *path, const struct report *r, struct err *e)
{
	FILE *out;
	int fd, rc;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return err_sys(e, "%s", path);
	if ((out = fdopen(fd, "w")) == NULL) {
		close(fd);
		return err_sys(e, "%s", path);
	}
	rc = report_html(out, r, e);
	if (fclose(out) == EOF && rc == 0)
		rc = err_sys(e, "%s", path);
	return rc;
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
		.all = o->verbose || o->all,
		.groups = o->command->run == cmd_plan,
		.width = terminal_width(),
	};

	if (o->html != NULL && write_html(o->html, &r, e) == -1)
		return -1;
	if (o->json)
		return report_json(stdout, &r, e);
	if (o->quiet)
		return 0;
	return report_text(stdout, &r, &style, e);
}

/* Times settle ties and show in lists: a clock that is off is worth a word,
 * whosever it is. */
static void
warn_clock(const struct context *c)
{
	const struct commit *head = &c->head;
	char time[TEXT_TIME_MAX], by[64];

	if (head->number == 0 || head->time_ns <= clock_now_ns() + CLOCK_OFF_NS)
		return;
	log_line(LOG_LEVEL_WARN,
	    "generation %llu of %s is from the future (%s): the clock there "
	    "or here is wrong",
	    (unsigned long long)head->number,
	    text_show(head->machine_name, strlen(head->machine_name), by,
		sizeof(by)),
	    text_time_local(head->time_ns, time));
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
	run_note(&c, how, &out, rc == -1 ? e : NULL);
	if (rc == 0 && print_report(o, &c, &out, how->dry_run, e) == 0) {
		status = 0;
		t = run_totals(&out);
		if (t.skipped + t.failed > 0)
			status = EXIT_SKIPPED;
		if (out.held > 0 || out.held_changes > 0)
			status = EXIT_HELD;
	}

	run_costs(&c);
	warn_clock(&c);
	sync_out_free(&out);
	context_close(&c);
	return status;
}

/* Until the sign-out nothing of the home is the profile's. */
static bool
is_temporary(const struct setup *setup)
{
	struct sitting sitting = { .fresh = false };
	struct root root;
	struct err ignored;
	int fd;

	if (root_open(&root, setup->home, &ignored) == -1)
		return false;
	if ((fd = root_state_dir(&root, false, &ignored)) != -1) {
		sitting_load(&sitting, fd);
		close(fd);
	}
	root_close(&root);
	return sitting.fresh;
}

/* What the administrator wants of this machine holds for runs by hand, too. */
static int
check_policy(const struct setup *setup, const struct sync_how *how,
    struct err *e)
{
	const struct conf *conf = &setup->conf.conf;

	if (how->dry_run || how->choose != NULL)
		return 0;
	if (is_temporary(setup))
		return err_set(e, ERR_POLICY,
		    "the profile of this session is temporary: without_profile "
		    "in roam.conf(5)");
	if (conf->local_only)
		return err_set(e, ERR_POLICY,
		    "this machine keeps profiles local: local_only is set in "
		    "roam.conf(5)");
	if ((how->sides & SIDE_STORE) != 0 &&
	    (conf->read_only || conf->mandatory))
		return err_set(e, ERR_POLICY,
		    "this machine uploads nothing: %s is set in roam.conf(5)",
		    conf->read_only ? "read_only" : "mandatory");
	return 0;
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
	how.allow_changes = o->allow_changes;
	how.wait_s = (unsigned)o->wait_s;
	how.progress = progress_show;
	how.arg = &progress;
	if (check_policy(&setup, &how, e) == 0 &&
	    primary_allows(&setup, e) == 0 &&
	    setup_need_store(&setup, e) == 0 &&
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
