/*
 * roam-lock - writes the line "locked" whenever a session of the caller is
 * locked, for as long as somebody reads. A program of its own, so that the one
 * which waits for it links no bus.
 *
 * logind tells of it in two ways: Lock asks a session to lock itself, and
 * LockedHint is what a locker says that it has done. Many lockers know but one
 * of them; who reads has to bear both.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/confine.h"

#define LOGIND  "org.freedesktop.login1"
#define SESSION "org.freedesktop.login1.Session"
#define MATCH                                                                  \
	"type='signal',sender='" LOGIND "',"                                   \
	"path_namespace='/org/freedesktop/login1/session',"

/* Is the session that m tells of the caller's? */
static bool
is_ours(sd_bus_message *m)
{
	sd_bus_message *answer = NULL;
	bool ours = false;
	uint32_t uid;

	if (sd_bus_get_property(sd_bus_message_get_bus(m), LOGIND,
		sd_bus_message_get_path(m), SESSION, "User", NULL, &answer,
		"(uo)") >= 0)
		ours = sd_bus_message_read(answer, "(uo)", &uid, NULL) >= 0 &&
		    uid == getuid();
	sd_bus_message_unref(answer);
	return ours;
}

/* -1 where nobody reads any more. */
static int
tell(sd_bus_message *m)
{
	static const char line[] = "locked\n";

	if (!is_ours(m))
		return 0;
	return write(STDOUT_FILENO, line, sizeof(line) - 1) == -1 ? -1 : 0;
}

static int
on_lock(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	(void)arg;
	(void)error;
	return tell(m);
}

/* Is LockedHint among what has changed, and true? */
static bool
says_locked(sd_bus_message *m)
{
	const char *name;
	int locked = 0;

	if (sd_bus_message_skip(m, "s") < 0 ||
	    sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
		return false;
	while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		if (sd_bus_message_read(m, "s", &name) < 0)
			return false;
		if (strcmp(name, "LockedHint") == 0)
			return sd_bus_message_read(m, "v", "b", &locked) >= 0 &&
			    locked != 0;
		if (sd_bus_message_skip(m, "v") < 0 ||
		    sd_bus_message_exit_container(m) < 0)
			return false;
	}
	return false;
}

static int
on_change(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	(void)arg;
	(void)error;
	return says_locked(m) ? tell(m) : 0;
}

/* Until the bus ends, or who reads. */
static void
listen(sd_bus *bus)
{
	struct pollfd p[] = { { .fd = sd_bus_get_fd(bus) },
		{ .fd = STDOUT_FILENO } };
	int rc, events;

	for (;;) {
		while ((rc = sd_bus_process(bus, NULL)) > 0)
			;
		if (rc < 0 || (events = sd_bus_get_events(bus)) < 0)
			return;
		p[0].events = (short)events;
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			return;
		if (p[1].revents != 0)
			return;
	}
}

int
main(void)
{
	sd_bus *bus = NULL;
	struct err e;
	int rc;

	if (confine_process(&e) == -1)
		return 1;
	if ((rc = sd_bus_open_system(&bus)) >= 0 &&
	    (rc = sd_bus_add_match(bus, NULL,
		 MATCH "interface='" SESSION "',member='Lock'", on_lock,
		 NULL)) >= 0 &&
	    (rc = sd_bus_add_match(bus, NULL,
		 MATCH "interface='org.freedesktop.DBus.Properties',"
		       "member='PropertiesChanged',arg0='" SESSION "'",
		 on_change, NULL)) >= 0)
		listen(bus);
	sd_bus_unref(bus);
	return rc < 0;
}
