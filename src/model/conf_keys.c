#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "model/conf.h"

/* The table of keys, and what texts among them may be. */

#define DAY ((uint64_t)24 * 60 * 60)

static int check_store(const char *value, struct err *e);
static int check_groups(const char *value, struct err *e);
static int check_encrypt(const char *value, struct err *e);
static int check_protocol(const char *value, struct err *e);
static int check_groups_asked(const char *value, struct err *e);
static int check_suffix(const char *value, struct err *e);
static int check_host(const char *value, struct err *e);
static int check_servers(const char *value, struct err *e);
static int check_login(const char *value, struct err *e);
static int check_tls(const char *value, struct err *e);
static int check_file(const char *value, struct err *e);
static int check_attribute(const char *value, struct err *e);
static int check_without(const char *value, struct err *e);
static int check_slow(const char *value, struct err *e);
static int check_logout(const char *value, struct err *e);
static int check_time(const char *value, struct err *e);

/* clang-format off */
const struct conf_key conf_keys[] = {
	{ "roam", "store", CONF_TEXT, offsetof(struct conf, store),
	  0, 0, check_store, "",
	  "Set roaming profile path for all users logging onto this computer",
	  "where profiles are kept: URL with %u for the user's name" },
	{ "roam", "check_owner", CONF_BOOL, offsetof(struct conf, check_owner),
	  0, 0, NULL, "yes",
	  "Do not check for user ownership of Roaming Profile Folders",
	  "refuse a store that belongs to another user" },
	{ "roam", "local_only", CONF_BOOL, offsetof(struct conf, local_only),
	  0, 0, NULL, "no",
	  "Only allow local user profiles",
	  "profiles stay on this machine" },
	{ "roam", "read_only", CONF_BOOL, offsetof(struct conf, read_only),
	  0, 0, NULL, "no",
	  "Prevent Roaming Profile changes from propagating to the server",
	  "profiles come to this machine, changes stay on it" },
	{ "roam", "mandatory", CONF_BOOL, offsetof(struct conf, mandatory),
	  0, 0, NULL, "no", "",
	  "each session begins with what the store holds, changes are dropped" },
	{ "roam", "max_size", CONF_SIZE, offsetof(struct conf, max_size),
	  0, UINT64_MAX, NULL, "0",
	  "Limit profile size",
	  "a profile that is larger is not saved; 0: any size is" },
	{ "roam", "without_profile", CONF_TEXT,
	  offsetof(struct conf, without_profile),
	  0, 0, check_without, "start",
	  "Do not log users on with temporary profiles",
	  "when no profile can be had, not even an old one: start, temporary or refuse" },
	{ "roam", "user_rules", CONF_BOOL, offsetof(struct conf, user_rules),
	  0, 0, NULL, "yes", "",
	  "read the rules that users write for themselves" },
	{ "roam", "groups", CONF_TEXT, offsetof(struct conf, groups),
	  0, 0, check_groups, "", "",
	  "groups of machines that this one is in; rules may be for a group" },
	{ "roam", "compression", CONF_COUNT, offsetof(struct conf, compression),
	  1, 19, NULL, "3", "",
	  "zstd level of new packs" },
	{ "network", "connect_timeout", CONF_DURATION,
	  offsetof(struct conf, connect_timeout_s),
	  1, 300, NULL, "5s", "",
	  "how long to look for a server before it counts as away" },
	{ "network", "answer_timeout", CONF_DURATION,
	  offsetof(struct conf, answer_timeout_s),
	  2, 3600, NULL, "30s", "",
	  "how long a server may say nothing before it counts as away" },
	{ "network", "smb_encrypt", CONF_TEXT, offsetof(struct conf, smb_encrypt),
	  0, 0, check_encrypt, "required", "",
	  "encrypt what goes to an SMB server: required, desired or off" },
	{ "network", "smb_min_protocol", CONF_TEXT,
	  offsetof(struct conf, smb_min_protocol),
	  0, 0, check_protocol, "SMB3", "",
	  "oldest version of SMB that a server may speak" },
	{ "network", "wait_network", CONF_DURATION,
	  offsetof(struct conf, wait_network_s),
	  0, 300, NULL, "30s",
	  "Set maximum wait time for the network if a user has a roaming user profile or remote home directory",
	  "how long a sign-in waits for the machine's network" },
	{ "network", "slow_link", CONF_TEXT, offsetof(struct conf, slow_link),
	  0, 0, check_slow, "local",
	  "Wait for remote user profile",
	  "over a slow link: local, work with the local copy, or wait" },
	{ "network", "slow_link_rate", CONF_COUNT,
	  offsetof(struct conf, slow_rate_kbit),
	  0, 4294967200, NULL, "500",
	  "Control slow network connection timeout for user profiles",
	  "kbit/s below which a link is slow; 0: none is" },
	{ "network", "slow_link_delay", CONF_COUNT,
	  offsetof(struct conf, slow_delay_ms),
	  0, 20000, NULL, "120",
	  "Control slow network connection timeout for user profiles",
	  "ms of an answer above which a link is slow; 0: none is" },
	{ "sessions", "only_users", CONF_TEXT, offsetof(struct conf, only_users),
	  0, 0, NULL, "", "",
	  "users that profiles are for; none: all, unless there are groups" },
	{ "sessions", "only_groups", CONF_TEXT,
	  offsetof(struct conf, only_groups),
	  0, 0, NULL, "", "",
	  "groups whose users profiles are for" },
	{ "sessions", "not_users", CONF_TEXT, offsetof(struct conf, not_users),
	  0, 0, NULL, "", "",
	  "users that profiles are not for" },
	{ "sessions", "not_groups", CONF_TEXT, offsetof(struct conf, not_groups),
	  0, 0, NULL, "", "",
	  "groups whose users profiles are not for" },
	{ "sessions", "not_services", CONF_TEXT,
	  offsetof(struct conf, not_services),
	  0, 0, NULL,
	  "systemd-user cron crond atd anacron sudo gdm-launch-environment lightdm-greeter sddm-greeter",
	  "",
	  "services of PAM whose sessions are no sign-ins" },
	{ "sessions", "min_uid", CONF_COUNT, offsetof(struct conf, min_uid),
	  1, 4294967294, NULL, "1000", "",
	  "users below are the system's and have no profile" },
	{ "sessions", "login_budget", CONF_DURATION,
	  offsetof(struct conf, login_budget_s),
	  0, 3600, NULL, "1m", "",
	  "how long a sign-in may take, all in all; 0: any time" },
	{ "sessions", "logout_budget", CONF_DURATION,
	  offsetof(struct conf, logout_budget_s),
	  0, 86400, NULL, "5m", "",
	  "how long a sign-out may take, all in all; 0: any time" },
	{ "sessions", "logout", CONF_TEXT, offsetof(struct conf, logout),
	  0, 0, check_logout, "foreground", "",
	  "whether a sign-out waits for the profile: foreground or background" },
	{ "sessions", "delete_cached_copies", CONF_BOOL,
	  offsetof(struct conf, delete_cached_copies),
	  0, 0, NULL, "no",
	  "Delete cached copies of roaming profiles",
	  "remove a profile from the machine when the store has all of it" },
	{ "sessions", "delete_unused", CONF_COUNT,
	  offsetof(struct conf, delete_unused_days),
	  0, 99999, NULL, "0",
	  "Delete user profiles older than a specified number of days on system restart",
	  "days after which an unused copy is removed; 0: never" },
	{ "sessions", "flush_timeout", CONF_DURATION,
	  offsetof(struct conf, flush_timeout_s),
	  1, 3600, NULL, "1m", "",
	  "how long the machine's end waits for what is pending" },
	{ "sessions", "checkpoint", CONF_DURATION,
	  offsetof(struct conf, checkpoint_s),
	  0, 30 * DAY, NULL, "0d",
	  "Background upload of a roaming user profile's registry file",
	  "how often changes are saved while a session lasts; 0: never" },
	{ "sessions", "checkpoint_time", CONF_TEXT,
	  offsetof(struct conf, checkpoint_time),
	  0, 0, check_time, "",
	  "Background upload of a roaming user profile's registry file",
	  "the time of day at which they are saved, as 22:30" },
	{ "sessions", "checkpoint_delay", CONF_DURATION,
	  offsetof(struct conf, checkpoint_delay_s),
	  0, DAY, NULL, "1h", "",
	  "later by as much, at most, so that not all come at once" },
	{ "sessions", "checkpoint_on_lock", CONF_BOOL,
	  offsetof(struct conf, checkpoint_on_lock),
	  0, 0, NULL, "no", "",
	  "changes are saved when the screen is locked" },
	{ "history", "keep", CONF_DURATION, offsetof(struct conf, keep_s),
	  0, 36500 * DAY, NULL, "30d", "",
	  "how long superseded generations are kept" },
	{ "history", "keep_min", CONF_COUNT, offsetof(struct conf, keep_min),
	  1, 1000000, NULL, "10", "",
	  "generations that are kept however old they are" },
	{ "history", "records", CONF_COUNT, offsetof(struct conf, records),
	  64, 100000, NULL, "512", "",
	  "generations whose record stays when the rest is gone" },
	{ "guard", "percent", CONF_COUNT, offsetof(struct conf, guard_percent),
	  0, 100, NULL, "50", "",
	  "deletions are held back beyond this share of the entries" },
	{ "guard", "count", CONF_COUNT, offsetof(struct conf, guard_count),
	  0, 16777216, NULL, "100", "",
	  "deletions are held back beyond this number" },
	{ "guard", "change_percent", CONF_COUNT,
	  offsetof(struct conf, change_percent),
	  0, 100, NULL, "50", "",
	  "rewritten files are held back beyond this share of the files" },
	{ "guard", "change_count", CONF_COUNT,
	  offsetof(struct conf, change_count),
	  0, 16777216, NULL, "100", "",
	  "rewritten files are held back beyond this number" },
	{ "directory", "primary_computers", CONF_BOOL,
	  offsetof(struct conf, primary_computers),
	  0, 0, NULL, "no", "Download roaming profiles on primary computers only",
	  "profiles roam only on the computers that the directory lists for a user" },
	{ "directory", "require_schema", CONF_BOOL,
	  offsetof(struct conf, require_schema),
	  0, 0, NULL, "no", "",
	  "with a schema that knows no primary computers, profiles are local" },
	{ "directory", "cache_max_age", CONF_DURATION,
	  offsetof(struct conf, cache_max_age_s),
	  0, 3650 * DAY, NULL, "14d", "",
	  "how old an answer may be that decides when no directory answers" },
	{ "directory", "primary_exempt", CONF_TEXT,
	  offsetof(struct conf, primary_exempt),
	  0, 0, NULL, "", "",
	  "users whose profile roams on every computer" },
	{ "directory", "group_values", CONF_TEXT,
	  offsetof(struct conf, group_values),
	  0, 0, check_groups_asked, "no", "",
	  "count the computers of a user's groups: no, direct or nested" },
	{ "directory", "back_link", CONF_BOOL,
	  offsetof(struct conf, back_link),
	  0, 0, NULL, "no", "",
	  "count the computer's own list of users, too" },
	{ "directory", "foreign_users", CONF_BOOL,
	  offsetof(struct conf, foreign_users),
	  0, 0, NULL, "no", "Allow cross-forest user policy and roaming user profiles",
	  "profiles of users of another forest roam" },
	{ "directory", "profile_path", CONF_BOOL,
	  offsetof(struct conf, profile_path),
	  0, 0, NULL, "no", "",
	  "the user's profile path in the directory leads to the store" },
	{ "directory", "profile_suffix", CONF_TEXT,
	  offsetof(struct conf, profile_suffix),
	  0, 64, check_suffix, ".linux", "",
	  "what is appended to that path, as Windows appends .V6" },
	{ "directory", "terminal_services", CONF_TEXT,
	  offsetof(struct conf, terminal_services),
	  0, 0, NULL, "", "",
	  "PAM services that use the path for terminal services" },
	{ "directory", "servers", CONF_TEXT,
	  offsetof(struct conf, servers),
	  0, 1023, check_servers, "", "",
	  "servers to ask, in order; else DNS names them" },
	{ "directory", "domain", CONF_TEXT,
	  offsetof(struct conf, domain),
	  0, 255, check_host, "", "",
	  "the domain whose servers DNS is asked for" },
	{ "directory", "site", CONF_TEXT,
	  offsetof(struct conf, site),
	  0, 63, check_host, "", "",
	  "the site whose servers come first; else a server tells" },
	{ "directory", "base", CONF_TEXT,
	  offsetof(struct conf, base),
	  0, 511, NULL, "", "",
	  "where the search begins; else as the server says" },
	{ "directory", "login", CONF_TEXT,
	  offsetof(struct conf, directory_login),
	  0, 0, check_login, "kerberos", "",
	  "how to log in: kerberos, simple or anonymous" },
	{ "directory", "tls", CONF_TEXT,
	  offsetof(struct conf, directory_tls),
	  0, 0, check_tls, "no", "",
	  "how to encrypt: no (Kerberos does), starttls or ldaps" },
	{ "directory", "ca_file", CONF_TEXT,
	  offsetof(struct conf, ca_file),
	  0, 255, check_file, "", "",
	  "authorities whose certificates are trusted; else the system's" },
	{ "directory", "keytab", CONF_TEXT,
	  offsetof(struct conf, keytab),
	  0, 255, NULL, "", "",
	  "the computer's keytab; else the system's" },
	{ "directory", "credentials_file", CONF_TEXT,
	  offsetof(struct conf, credentials_file),
	  0, 255, check_file, "", "",
	  "name and password of a simple login; mode 0600" },
	{ "directory", "computer", CONF_TEXT,
	  offsetof(struct conf, computer),
	  0, 255, NULL, "", "",
	  "this computer's account or DN; else from keytab or host name" },
	{ "directory", "user_attribute", CONF_TEXT,
	  offsetof(struct conf, user_attribute),
	  0, 63, check_attribute, "sAMAccountName", "",
	  "the attribute that holds a user's name" },
	{ "directory", "timeout", CONF_DURATION,
	  offsetof(struct conf, directory_timeout_s),
	  1, 120, NULL, "10s", "",
	  "how long all servers together may take to answer" },
};
/* clang-format on */
const size_t conf_key_count = sizeof(conf_keys) / sizeof(conf_keys[0]);

/* Names of letters, digits, '.', '_' and '-', with commas or blanks between. */
static int
check_groups(const char *value, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t n;

	for (; *(value += strspn(value, ", ")) != '\0'; value += n) {
		n = strspn(value, letters);
		if (n == 0 || strchr(", ", value[n]) == NULL)
			return err_set(e, ERR_USAGE,
			    "'%s': a group's name is of letters, digits, "
			    "'.', '_' and '-'",
			    value);
	}
	return 0;
}

static int
check_store(const char *value, struct err *e)
{
	char url[4096];

	if (*value == '\0')
		return 0;
	if (strncmp(value, "file:///", 8) != 0 &&
	    strncmp(value, "smb://", 6) != 0)
		return err_set(e, ERR_USAGE,
		    "a URL begins with file:/// or smb://");
	return conf_store_url(url, sizeof(url), value, "user", "/home", e);
}

/* Is value one of the words, of which the last is NULL? */
static int
check_word(const char *value, const char *const *words, const char *all,
    struct err *e)
{
	for (; *words != NULL; words++)
		if (strcmp(value, *words) == 0)
			return 0;
	return err_set(e, ERR_USAGE, "'%s': not one of %s", value, all);
}

static int
check_encrypt(const char *value, struct err *e)
{
	static const char *const words[] = { "required", "desired", "off",
		NULL };

	return check_word(value, words, "required, desired, off", e);
}

static int
check_protocol(const char *value, struct err *e)
{
	static const char *const words[] = { "SMB2_02", "SMB2_10", "SMB3",
		"SMB3_00", "SMB3_02", "SMB3_11", NULL };

	return check_word(value, words,
	    "SMB2_02, SMB2_10, SMB3, SMB3_00, SMB3_02, SMB3_11", e);
}

static int
check_groups_asked(const char *value, struct err *e)
{
	static const char *const words[] = { "no", "direct", "nested", NULL };

	return check_word(value, words, "no, direct, nested", e);
}

static int
check_login(const char *value, struct err *e)
{
	static const char *const words[] = { "kerberos", "simple", "anonymous",
		NULL };

	return check_word(value, words, "kerberos, simple, anonymous", e);
}

static int
check_tls(const char *value, struct err *e)
{
	static const char *const words[] = { "no", "starttls", "ldaps", NULL };

	return check_word(value, words, "no, starttls, ldaps", e);
}

/* Nothing but letters, digits and extra; *value may be "". */
static int
check_letters(const char *value, const char *extra, const char *what,
    struct err *e)
{
	for (const char *c = value; *c != '\0'; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= '0' && *c <= '9') || strchr(extra, *c) != NULL))
			return err_set(e, ERR_USAGE, "'%s': not %s", value,
			    what);
	return 0;
}

static int
check_host(const char *value, struct err *e)
{
	if (value[0] == '-' || value[0] == '.')
		return err_set(e, ERR_USAGE, "'%s': not a name of DNS", value);
	return check_letters(value, "-._", "a name of DNS", e);
}

static int
check_attribute(const char *value, struct err *e)
{
	if (value[0] == '\0')
		return err_set(e, ERR_USAGE, "an attribute has to be named");
	return check_letters(value, "-.", "the name of an attribute", e);
}

/* Names of hosts, and URLs whose hosts are looked at when they are asked. */
static int
check_servers(const char *value, struct err *e)
{
	static const char *const schemes[] = { "ldap://", "ldaps://",
		"ldapi://" };
	static const char blanks[] = " \t,";
	char word[1024];
	size_t len, known;

	for (; *value != '\0'; value += len + strspn(value + len, blanks)) {
		len = strcspn(value, blanks);
		snprintf(word, sizeof(word), "%.*s", (int)len, value);
		for (known = 0; known < 3; known++)
			if (strncmp(word, schemes[known],
				strlen(schemes[known])) == 0)
				break;
		if (known == 3 && strchr(word, ':') != NULL)
			return err_set(e, ERR_USAGE,
			    "'%s': neither the name of a server nor ldap://, "
			    "ldaps:// or ldapi://",
			    word);
		if (known == 3 && check_host(word, e) == -1)
			return -1;
	}
	return 0;
}

static int
check_file(const char *value, struct err *e)
{
	if (value[0] != '\0' && value[0] != '/')
		return err_set(e, ERR_USAGE, "'%s': not an absolute path",
		    value);
	return 0;
}

/* What a suffix comes to with its variables is looked at when it is used. */
static int
check_suffix(const char *value, struct err *e)
{
	const char *digits = value + 2;

	if (value[0] != '.' || value[1] == '\0')
		return err_set(e, ERR_USAGE,
		    "'%s': a suffix begins with '.' and goes on", value);
	if ((value[1] == 'V' || value[1] == 'v') && *digits != '\0' &&
	    digits[strspn(digits, "0123456789")] == '\0')
		return err_set(e, ERR_USAGE,
		    "'%s': profiles of Windows have that suffix", value);
	return check_letters(value, ".-_%", "a suffix", e);
}

static int
check_without(const char *value, struct err *e)
{
	static const char *const words[] = { "start", "temporary", "refuse",
		NULL };

	return check_word(value, words, "start, temporary, refuse", e);
}

static int
check_slow(const char *value, struct err *e)
{
	static const char *const words[] = { "local", "wait", NULL };

	return check_word(value, words, "local, wait", e);
}

static int
check_logout(const char *value, struct err *e)
{
	static const char *const words[] = { "foreground", "background", NULL };

	return check_word(value, words, "foreground, background", e);
}

/* Two digits, a colon, two digits: an hour and a minute. */
static int
check_time(const char *value, struct err *e)
{
	static const char digits[] = "0123456789";

	if (value[0] == '\0')
		return 0;
	if (strlen(value) != 5 || value[2] != ':' ||
	    strspn(value, digits) != 2 || strspn(value + 3, digits) != 2 ||
	    strcmp(value, "24") >= 0 || value[3] > '5')
		return err_set(e, ERR_USAGE,
		    "'%s': a time of day is like 07:05 or 22:30", value);
	return 0;
}
