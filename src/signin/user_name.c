#include "signin/user_name.h"

#include <stdio.h>
#include <string.h>

int
user_name_split(struct user_name *out, const char *name, struct err *e)
{
	const char *slash = strchr(name, '\\'), *at = strrchr(name, '@');
	const char *account = slash != NULL ? slash + 1 : name;
	const char *domain = slash != NULL ? name : at != NULL ? at + 1 : "";
	size_t account_len, domain_len;

	account_len =
	    slash == NULL && at != NULL ? (size_t)(at - name) : strlen(account);
	domain_len = slash != NULL ? (size_t)(slash - name) : strlen(domain);
	if (account_len >= USER_NAME_MAX || domain_len >= USER_NAME_MAX)
		return err_set(e, ERR_USAGE, "the name of a user is too long");
	if (account_len == 0)
		return err_set(e, ERR_USAGE, "no user is named");
	memcpy(out->account, account, account_len);
	out->account[account_len] = '\0';
	memcpy(out->domain, domain, domain_len);
	out->domain[domain_len] = '\0';
	return 0;
}
