#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/text.h"
#include "base/when.h"

#define SECOND_NS ((int64_t)1000000000)
#define WORDS_MAX 3u
#define WORD_MAX  24u
#define AGO_MAX   100000u /* of any unit: 270 years of days */

/* A text cut at its blanks, and at a 'T' between date and time. */
struct words {
	char word[WORDS_MAX + 1][WORD_MAX];
	size_t count;
};

#define DAY_S INT64_C(86400)

static const struct {
	const char *name;
	int64_t seconds;
} units[] = {
	{ "second", 1 },
	{ "minute", 60 },
	{ "hour", 3600 },
	{ "day", DAY_S },
	{ "week", 7 * DAY_S },
	{ "month", 30 * DAY_S },
	{ "year", 365 * DAY_S },
};

static const char *const weekdays[] = { "sunday", "monday", "tuesday",
	"wednesday", "thursday", "friday", "saturday" };

static bool
split(struct words *w, const char *text)
{
	size_t n, i = 0;

	*w = (struct words){ .count = 0 };
	for (; *(text += strspn(text, " \t")) != '\0'; text += n) {
		n = strcspn(text, " \t");
		/* "2026-11-22T14:00": the date has ten bytes. */
		if (n > 11 && text[10] == 'T' && isdigit((unsigned char)*text))
			n = 10;
		if (n >= WORD_MAX || i > WORDS_MAX - 1)
			return false;
		memcpy(w->word[i++], text, n);
		if (text[n] == 'T')
			text++;
	}
	w->count = i;
	return i > 0;
}

/* Digits of text up to one of the bytes of stop, or its end. */
static bool
number(const char **text, const char *stop, unsigned max, int *out)
{
	unsigned v = 0;
	const char *p = *text;

	for (; isdigit((unsigned char)*p) && v <= max; p++)
		v = v * 10 + (unsigned)(*p - '0');
	if (p == *text || v > max || strchr(stop, *p) == NULL)
		return false;
	*out = (int)v;
	*text = *p != '\0' ? p + 1 : p;
	return true;
}

/* HH:MM[:SS][Z] */
static bool
parse_time(const char *text, struct tm *tm, bool *utc)
{
	size_t n = strlen(text);
	char copy[WORD_MAX];
	const char *p = copy;
	int second = 0;

	memcpy(copy, text, n + 1);
	*utc = n > 0 && copy[n - 1] == 'Z';
	if (*utc)
		copy[n - 1] = '\0';
	if (!number(&p, ":", 23, &tm->tm_hour) || *p == '\0' ||
	    !number(&p, ":", 59, &tm->tm_min))
		return false;
	if (*p != '\0' && !number(&p, "", 59, &second))
		return false;
	tm->tm_sec = second;
	return *p == '\0' && p[-1] != ':';
}

/* YYYY-MM-DD */
static bool
parse_date(const char *text, struct tm *tm)
{
	const char *p = text;
	int year, month, day;

	if (strlen(text) != 10 || !number(&p, "-", 9999, &year) ||
	    !number(&p, "-", 12, &month) || !number(&p, "", 31, &day) ||
	    month == 0 || day == 0)
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return true;
}

/* The word for a day, at w->word[*at]; *at moves behind it. */
static bool
parse_day(const struct words *w, size_t *at, struct tm *tm)
{
	const char *word = w->word[*at];
	int back;

	if (strcasecmp(word, "last") == 0 && *at + 1 < w->count)
		word = w->word[++*at];
	(*at)++;
	if (strcasecmp(word, "today") == 0)
		return true;
	if (strcasecmp(word, "yesterday") == 0) {
		tm->tm_mday--;
		return true;
	}
	if (parse_date(word, tm))
		return true;
	for (int i = 0; i < 7; i++)
		if (strcasecmp(word, weekdays[i]) == 0) {
			back = (tm->tm_wday - i + 7) % 7;
			tm->tm_mday -= back != 0 ? back : 7;
			return true;
		}
	return false;
}

/* "N unit ago" */
static bool
parse_ago(const struct words *w, int64_t now_s, int64_t *out_s)
{
	const char *p = w->word[0], *unit = w->word[1];
	size_t n = strlen(unit), len;
	int count;

	if (w->count != 3 || strcasecmp(w->word[2], "ago") != 0 ||
	    !number(&p, "", AGO_MAX, &count))
		return false;
	if (n > 1 && unit[n - 1] == 's')
		n--;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		len = strlen(units[i].name);
		if (len == n && strncasecmp(unit, units[i].name, n) == 0) {
			*out_s = now_s - count * units[i].seconds;
			return true;
		}
	}
	return false;
}

/* [day] [time] */
static bool
parse_moment(const struct words *w, int64_t now_s, int64_t *out_s)
{
	time_t now = (time_t)now_s;
	struct tm tm;
	bool utc = false;
	size_t at = 0;
	int day;

	tzset();
	if (localtime_r(&now, &tm) == NULL)
		return false;
	tm.tm_isdst = -1;
	if (strchr(w->word[0], ':') == NULL && !parse_day(w, &at, &tm))
		return false;
	day = tm.tm_mday;
	tm.tm_hour = 23;
	tm.tm_min = tm.tm_sec = 59;
	if (at < w->count && !parse_time(w->word[at++], &tm, &utc))
		return false;
	if (at < w->count)
		return false;
	*out_s = utc ? timegm(&tm) : mktime(&tm);
	/* A 31st of April has become another day. */
	return parse_date(w->word[0], &(struct tm){ 0 }) == false || utc ||
	    tm.tm_mday == day;
}

int
when_parse(const char *text, int64_t now_ns, int64_t *out_ns, struct err *e)
{
	int64_t now_s = now_ns / SECOND_NS, s = 0;
	struct words w;
	char shown[128];

	if (!split(&w, text) ||
	    (!(w.count == 1 && strcasecmp(w.word[0], "now") == 0) &&
		!parse_ago(&w, now_s, &s) && !parse_moment(&w, now_s, &s)))
		return err_set(e, ERR_USAGE,
		    "'%s': no time that is understood: write 2026-11-22 14:00, "
		    "yesterday 9:30, monday or 2 hours ago",
		    text_show(text, strlen(text), shown, sizeof(shown)));
	*out_ns = w.count == 1 && strcasecmp(w.word[0], "now") == 0
	    ? now_ns
	    : s * SECOND_NS;
	return 0;
}
