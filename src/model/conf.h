#ifndef ROAM_MODEL_CONF_H
#define ROAM_MODEL_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * conf - the settings of roam.conf(5), from bytes: one table of keys.
 *
 * Strings are the conf's own; a struct of zeros is not valid, conf_new() makes
 * one with every default. A key that is set again overrides.
 */
struct conf {
	char *store;       /* URL, "" if none; %u: user, %h: home's name */
	uint64_t keep_s;   /* seconds that history is kept */
	uint64_t keep_min; /* generations that are kept in any case */
	uint64_t records;  /* generations whose record stays even then */
	uint64_t guard_percent;
	uint64_t guard_count;
	uint64_t change_percent;
	uint64_t change_count;
	uint64_t compression;   /* zstd level 1..19 */
	char *smb_encrypt;      /* "required", "desired" or "off" */
	char *smb_min_protocol; /* "SMB2_02" ... "SMB3_11" */
	uint64_t connect_timeout_s;
	uint64_t answer_timeout_s; /* of one call */
	char *groups;     /* of machines that this one is in, "" if none */
	bool user_rules;  /* read ~/.config/roam/rules */
	bool check_owner; /* refuse a store of another user */
	bool mandatory;
	uint64_t max_size;     /* bytes of a profile; 0: no limit */
	char *without_profile; /* "start", "temporary", "refuse" */
	uint64_t wait_network_s;
	char *slow_link;         /* "local" or "wait" */
	uint64_t slow_rate_kbit; /* 0: none is too low */
	uint64_t slow_delay_ms;  /* 0: none is too long */
	uint64_t login_budget_s; /* of a whole sign-in; 0: no limit */
	uint64_t logout_budget_s;
	char *logout;                /* "foreground" or "background" */
	uint64_t checkpoint_s;       /* between two in a session; 0: none */
	char *checkpoint_time;       /* "22:30", "" if none */
	uint64_t checkpoint_delay_s; /* at most, by chance */
	bool checkpoint_on_lock;
	bool local_only, read_only; /* at sign-in and sign-out */
	/* Lists of words; "" where there are none. */
	char *only_users, *only_groups, *not_users, *not_groups, *not_services;
	uint64_t min_uid;
	bool delete_cached_copies;
	uint64_t delete_unused_days; /* 0: never */
	uint64_t flush_timeout_s;

	/* Of the directory; what they mean is in the table. */
	bool primary_computers, require_schema, foreign_users, back_link;
	bool profile_path;
	uint64_t cache_max_age_s;
	uint64_t directory_timeout_s;
	char *primary_exempt, *group_values;
	char *profile_suffix, *terminal_services;
	char *servers, *domain, *site, *base;
	char *directory_login, *directory_tls;
	char *ca_file, *keytab, *credentials_file;
	char *computer, *user_attribute;
};

enum conf_type { CONF_TEXT, CONF_DURATION, CONF_COUNT, CONF_SIZE, CONF_BOOL };

/* A row of the table: all that roam.conf(5) and 'roam config' say of a key. */
struct conf_key {
	const char *section;
	const char *name;
	enum conf_type type;
	size_t offset; /* in struct conf */
	/* Of numbers, durations (seconds), sizes (bytes); of a text max bytes,
	 * 0: any. */
	uint64_t min, max;
	int (*check)(const char *value, struct err *e); /* of texts */
	const char *fallback; /* the default, as one would write it */
	const char *windows;  /* the Group Policy setting it mirrors, or "" */
	const char *what;     /* one line */
};
extern const struct conf_key conf_keys[];
extern const size_t conf_key_count;

/* Where a key got its value; file is borrowed from conf_read()'s caller. */
struct conf_origin {
	const char *file; /* NULL: the default */
	unsigned line;
};

struct conf_set {
	struct conf conf;
	struct conf_origin *origin; /* owned; one for each key */
};

int conf_new(struct conf_set *out, struct err *e) MUST_CHECK;
/* One file's bytes; ERR_USAGE "FILE:LINE: what" on the first bad line, and
 * then c is as it was. */
int conf_read(struct conf_set *c, const char *file, const char *text,
    size_t len, struct err *e) MUST_CHECK;
/* The value of key i as one would write it; text of cap bytes. */
const char *conf_show(const struct conf_set *c, size_t i, char *out,
    size_t cap);
void conf_free(struct conf_set *c);

/*
 * The URL that text stands for: %u becomes user, %h the last component of
 * home, %% a '%'. ERR_USAGE where another letter follows a '%', or where the
 * name that it stands for is empty, "." or "..", or has a '/' in it: one
 * user's store is never another's, nor above it. ERR_LIMIT beyond cap bytes.
 */
int conf_store_url(char *out, size_t cap, const char *text, const char *user,
    const char *home, struct err *e) MUST_CHECK;

/* Is url the store of a profile without which nobody signs in? Its path ends in
 * ".man", as Windows marks such a profile. */
bool conf_store_is_needed(const char *url);

#endif
