#include "pam_args.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MAX_S 3600

enum kind { FLAG, SECONDS, FILE_NAME };

/* Every option: its word, what follows a '=', and where that goes. */
static const struct {
	const char *word;
	enum kind kind;
	size_t offset; /* in struct pam_args */
} options[] = {
	{ "timeout", SECONDS, offsetof(struct pam_args, timeout_s) },
	{ "config", FILE_NAME, offsetof(struct pam_args, config) },
	{ "quiet", FLAG, offsetof(struct pam_args, quiet) },
	{ "debug", FLAG, offsetof(struct pam_args, debug) },
	{ "required", FLAG, offsetof(struct pam_args, required) },
};
#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

static bool
seconds(unsigned *out, const char *text)
{
	unsigned long v;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	v = strtoul(text, &end, 10);
	if (*end != '\0' || v == 0 || v > TIMEOUT_MAX_S)
		return false;
	*out = (unsigned)v;
	return true;
}

/* value is NULL where the word has no '='. */
static bool
take(struct pam_args *out, size_t i, const char *value)
{
	void *at = (char *)out + options[i].offset;

	switch (options[i].kind) {
	case FLAG:
		*(bool *)at = value == NULL;
		return value == NULL;
	case SECONDS:
		return value != NULL && seconds(at, value);
	case FILE_NAME:
		if (value == NULL || value[0] != '/')
			return false;
		*(const char **)at = value;
		return true;
	}
	return false;
}

static bool
take_word(struct pam_args *out, const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strlen(options[i].word) == len &&
		    memcmp(options[i].word, word, len) == 0)
			return take(out, i,
			    word[len] == '=' ? word + len + 1 : NULL);
	return false;
}

void
pam_args_read(struct pam_args *out, int argc, const char **argv,
    const char **bad)
{
	*out = (struct pam_args){ 0 };
	*bad = NULL;
	for (int i = 0; i < argc; i++)
		if (!take_word(out, argv[i]) && *bad == NULL)
			*bad = argv[i];
}
