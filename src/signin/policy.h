#ifndef ROAM_SIGNIN_POLICY_H
#define ROAM_SIGNIN_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/conf.h"
#include "signin/decision.h"
#include "signin/facts.h"
#include "signin/profile_url.h"
#include "signin/question.h"

/*
 * policy - the whole of a decision: settings to a question, the directory's
 * answer, the one that was kept, the decision, and where the profile is. The
 * only part that asks and keeps; what it does with that is decision.h and
 * profile_url.h.
 */
struct policy_how {
	const struct conf *conf;
	const char *user;    /* as the system's lists have it */
	unsigned uid, gid;   /* of that user */
	const char *host;    /* this machine's name */
	const char *service; /* of PAM; "" */
	const char *helper;  /* the program; NULL: the one that is installed */
	char *const *envp;   /* of the helper */
	const char *cache;   /* the directory of answers */
	bool ask;            /* else by the answer that was kept */
	bool keep;           /* a sure answer, for the next time */
	bool own_tickets;    /* the caller's, not the computer's */
	int64_t now_s;
};

struct policy {
	struct decision decision;
	struct facts facts; /* that decided, or what is known of the paths */
	bool asked;         /* facts are of now */
	char failure[ERR_TEXT_MAX]; /* why there is no answer of now; "" */
	/* Of the store, where the directory names it; "": the settings do. */
	char url[PROFILE_URL_MAX];
	char url_error[ERR_TEXT_MAX];  /* why there is none; "" */
	char keep_error[ERR_TEXT_MAX]; /* why the answer is not kept; "" */
};

/* Never fails: what goes wrong is in the decision's reason. */
void policy_decide(struct policy *out, const struct policy_how *how);

/* What conf says about how the directory is asked, and about whom. */
void policy_question(struct question *out, const struct policy_how *how);

#endif
