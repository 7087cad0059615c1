#include "sync/beside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/path.h"
#include "local/shelf.h"

#define MACHINE_LEN 64u
#define SECOND_NS   1000000000

/* Bytes of at most max that do not end within a character. */
static size_t
whole_len(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* What tells this version from others, the same on all machines. */
static size_t
tag_of(char *out, size_t cap, const struct conflict *lost, bool twin)
{
	const char *by = lost->machine != NULL ? lost->machine->name : "?";
	time_t at = (time_t)(lost->loser->mtime_ns / SECOND_NS);
	char machine[MACHINE_LEN + 1], date[32] = "?";
	struct tm tm;
	size_t n = whole_len(by, strlen(by), MACHINE_LEN);

	memcpy(machine, by, n);
	machine[n] = '\0';
	for (char *p = machine; *p != '\0'; p++)
		if (*p == '/' || (unsigned char)*p < ' ')
			*p = '_';
	if (gmtime_r(&at, &tm) != NULL)
		strftime(date, sizeof(date), "%Y-%m-%d %H.%M.%S", &tm);
	if (twin)
		snprintf(out, cap, " (conflict from %s %s, %016" PRIx64 ")",
		    machine, date, shelf_id(lost->loser));
	else
		snprintf(out, cap, " (conflict from %s %s)", machine, date);
	return strlen(out);
}

bool
beside_name(char *out, size_t cap, const struct conflict *lost, bool twin)
{
	const char *path = lost->loser->path, *name, *dot;
	size_t len = lost->loser->path_len, dir, stem, tag_len, ext;
	char tag[160];

	name = path_name(path, len);
	dir = (size_t)(name - path);
	dot = strrchr(name, '.');
	if (dot == NULL || dot == name)
		dot = path + len;
	ext = (size_t)(path + len - dot);
	tag_len = tag_of(tag, sizeof(tag), lost, twin);
	if (ext + tag_len >= NAME_LEN_MAX)
		return false;
	stem =
	    whole_len(name, (size_t)(dot - name), NAME_LEN_MAX - ext - tag_len);
	if (stem == 0 || dir + stem + tag_len + ext >= cap)
		return false;
	snprintf(out, cap, "%.*s%s%s", (int)(dir + stem), path, tag, dot);
	return true;
}

bool
beside_is_due(const struct rules *rules, const struct entry *loser)
{
	struct ruling ruling;

	if (rules == NULL || loser->type != ENTRY_FILE)
		return false;
	rules_explain(rules, loser->path, loser->path_len, false, &ruling);
	return ruling.roams && ruling.beside && ruling.unit == NULL;
}
