#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))
#define NS_PER_S     1000000000

struct unit {
	char letter;
	uint64_t times;
};

/* Words of the user in a message: short, and harmless to a terminal. */
#define WORD_MAX 48

static const char *
word(const char *s, char out[WORD_MAX])
{
	return text_show(s, strlen(s), out, WORD_MAX);
}

/* The digits that s begins with; *end is behind them. false: too large. */
static bool
digits(const char *s, const char **end, uint64_t *out)
{
	uint64_t v = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return false;
	*end = s;
	*out = v;
	return true;
}

int
text_number(const char *s, uint64_t min, uint64_t max, uint64_t *out,
    struct err *e)
{
	const char *end = s;
	char shown[WORD_MAX];
	uint64_t v = 0;
	bool fits;

	if (strspn(s, "0123456789") != strlen(s) || *s == '\0')
		return err_set(e, ERR_USAGE, "'%s': not a number",
		    word(s, shown));
	fits = digits(s, &end, &v);
	if (!fits || v < min || v > max)
		return err_set(e, ERR_USAGE, "'%s': not within %llu to %llu",
		    word(s, shown), (unsigned long long)min,
		    (unsigned long long)max);
	*out = v;
	return 0;
}

/* Digits and at most one letter of a table of units. */
static int
quantity(const char *s, const struct unit *units, size_t count, uint64_t *out,
    struct err *e)
{
	const char *end = s;
	char shown[WORD_MAX];
	uint64_t v = 0, times = 1;
	size_t i;

	if (!digits(s, &end, &v))
		return err_set(e, ERR_USAGE, "'%s': too large", word(s, shown));
	if (end == s)
		return err_set(e, ERR_USAGE, "'%s': no number", word(s, shown));
	if (*end != '\0') {
		for (i = 0; i < count && units[i].letter != *end; i++)
			;
		if (i == count || end[1] != '\0')
			return err_set(e, ERR_USAGE, "'%s': unknown unit",
			    word(s, shown));
		times = units[i].times;
	}
	if (__builtin_mul_overflow(v, times, &v))
		return err_set(e, ERR_USAGE, "'%s': too large", word(s, shown));
	*out = v;
	return 0;
}

int
text_duration(const char *s, uint64_t *out_s, struct err *e)
{
	static const struct unit units[] = {
		{ 's', 1 },
		{ 'm', 60 },
		{ 'h', UINT64_C(60) * 60 },
		{ 'd', UINT64_C(24) * 60 * 60 },
		{ 'w', UINT64_C(7) * 24 * 60 * 60 },
	};

	return quantity(s, units, LENGTH_OF(units), out_s, e);
}

int
text_size(const char *s, uint64_t *out, struct err *e)
{
	static const struct unit units[] = {
		{ 'K', UINT64_C(1) << 10 },
		{ 'M', UINT64_C(1) << 20 },
		{ 'G', UINT64_C(1) << 30 },
		{ 'T', UINT64_C(1) << 40 },
	};

	return quantity(s, units, LENGTH_OF(units), out, e);
}

int
text_bool(const char *s, bool *out, struct err *e)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "yes", true },
		{ "no", false },
		{ "true", true },
		{ "false", false },
		{ "on", true },
		{ "off", false },
		{ "1", true },
		{ "0", false },
	};
	char shown[WORD_MAX];

	for (size_t i = 0; i < LENGTH_OF(words); i++)
		if (strcmp(s, words[i].word) == 0) {
			*out = words[i].value;
			return 0;
		}
	return err_set(e, ERR_USAGE, "'%s': neither yes nor no",
	    word(s, shown));
}

/* v / unit, rounded to the nearest; no sum that could wrap round. */
static uint64_t
rounded(uint64_t v, uint64_t unit)
{
	return v / unit + (v % unit >= (unit + 1) / 2);
}

const char *
text_size_human(uint64_t bytes, char out[TEXT_SIZE_MAX])
{
	static const char prefix[] = "KMGTPE";
	uint64_t unit = 1000, tenths;
	size_t i = 0;

	if (bytes < unit) {
		snprintf(out, TEXT_SIZE_MAX, "%u B", (unsigned)bytes);
		return out;
	}
	while (rounded(bytes, unit) >= 1000) {
		unit *= 1000;
		i++;
	}
	tenths = rounded(bytes, unit / 10);
	if (tenths < 100)
		snprintf(out, TEXT_SIZE_MAX, "%u.%u %cB", (unsigned)tenths / 10,
		    (unsigned)tenths % 10, prefix[i]);
	else
		snprintf(out, TEXT_SIZE_MAX, "%u %cB",
		    (unsigned)rounded(bytes, unit), prefix[i]);
	return out;
}

/* Seconds since 1970, towards the past: -1 ns is in 1969. */
static time_t
seconds(int64_t ns)
{
	return (time_t)(ns / NS_PER_S - (ns % NS_PER_S < 0));
}

const char *
text_time_utc(int64_t ns, char out[TEXT_TIME_MAX])
{
	time_t s = seconds(ns);
	struct tm tm;

	/* 64 bits of nanoseconds end in 2262: this cannot fail. */
	gmtime_r(&s, &tm);
	strftime(out, TEXT_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

const char *
text_time_local(int64_t ns, char out[TEXT_TIME_MAX])
{
	time_t s = seconds(ns);
	struct tm tm;

	tzset(); /* localtime_r() need not */
	localtime_r(&s, &tm);
	strftime(out, TEXT_TIME_MAX, "%Y-%m-%d %H:%M", &tm);
	return out;
}

/* Bytes of the character that s begins with; 0 where that is none. */
static size_t
utf8_len(const unsigned char *s, size_t left)
{
	/* By first byte: how many bytes, and what the second may be, which
	 * rules out long forms, surrogates and what is beyond 10FFFF. */
	static const struct {
		unsigned char from, to, len, low, high;
	} rows[] = {
		{ 0x00, 0x7f, 1, 0, 0 },
		{ 0xc2, 0xdf, 2, 0x80, 0xbf },
		{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
		{ 0xe1, 0xec, 3, 0x80, 0xbf },
		{ 0xed, 0xed, 3, 0x80, 0x9f },
		{ 0xee, 0xef, 3, 0x80, 0xbf },
		{ 0xf0, 0xf0, 4, 0x90, 0xbf },
		{ 0xf1, 0xf3, 4, 0x80, 0xbf },
		{ 0xf4, 0xf4, 4, 0x80, 0x8f },
	};
	size_t i = 0;

	while (i < LENGTH_OF(rows) && (*s < rows[i].from || *s > rows[i].to))
		i++;
	if (i == LENGTH_OF(rows) || rows[i].len > left)
		return 0;
	if (rows[i].len > 1 && (s[1] < rows[i].low || s[1] > rows[i].high))
		return 0;
	for (size_t k = 2; k < rows[i].len; k++)
		if ((s[k] & 0xc0) != 0x80)
			return 0;
	return rows[i].len;
}

bool
text_is_utf8(const char *bytes, size_t len)
{
	const unsigned char *s = (const unsigned char *)bytes;
	size_t n;

	for (; len > 0; s += n, len -= n)
		if ((n = utf8_len(s, len)) == 0)
			return false;
	return true;
}

/* Characters that turn the direction of writing, so that one name can look like
 * another, or that begin another line. */
static bool
is_turn(const unsigned char *s, size_t n)
{
	if (n == 2)
		return s[0] == 0xd8 && s[1] == 0x9c; /* U+061C */
	if (n != 3 || s[0] != 0xe2)
		return false;
	return (s[1] == 0x80 && (s[2] | 1) == 0x8f) ||        /* 200E, 200F */
	    (s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) || /* 2028 to 202E */
	    (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);   /* 2066 to 2069 */
}

/* May these n bytes go to a terminal? C1 controls, too, are commands there. */
static bool
is_harmless(const unsigned char *s, size_t n)
{
	if (n == 1)
		return *s >= ' ' && *s != 0x7f;
	return n > 1 && !(s[0] == 0xc2 && s[1] < 0xa0) && !is_turn(s, n);
}

const char *
text_show(const char *bytes, size_t len, char *out, size_t cap)
{
	const unsigned char *s = (const unsigned char *)bytes;
	size_t used = 0, cut = 0, n, width;
	char hex[8];

	if (cap == 0)
		return out;
	for (; len > 0; s += n, len -= n, used += width) {
		n = utf8_len(s, len);
		if (is_harmless(s, n) && *s != '\\') {
			width = n;
		} else {
			n = 1;
			width = 4;
			snprintf(hex, sizeof(hex), "\\x%02x", *s);
		}
		if (used + width > cap - 1)
			break;
		memcpy(out + used, n == width ? (const char *)s : hex, width);
		/* Where the dots go if the rest does not fit. */
		if (used + width + 3 <= cap - 1)
			cut = used + width;
	}
	if (len > 0)
		used = cut +
		    (size_t)snprintf(out + cut, cap - cut, "%.*s",
			(int)(cap - 1 < 3 ? cap - 1 : 3), "...");
	out[used] = '\0';
	return out;
}

void
text_tame(char *text)
{
	unsigned char *s = (unsigned char *)text;
	size_t len = strlen(text), n;

	for (; len > 0; s += n, len -= n) {
		n = utf8_len(s, len);
		if (is_harmless(s, n))
			continue;
		*s = '?';
		n = 1;
	}
}
