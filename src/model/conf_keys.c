#include <stddef.h>
#include <string.h>

#include "model/conf.h"

/* The table of keys, and what texts among them may be. */

#define DAY ((uint64_t)24 * 60 * 60)

static int check_store(const char *value, struct err *e);
static int check_groups(const char *value, struct err *e);
static int check_encrypt(const char *value, struct err *e);
static int check_protocol(const char *value, struct err *e);

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
