#include "notifiers/words.h"

#include <assert.h>
#include <stdbool.h>
#include <time.h>

#include "base/clock.h"

#define NO_BREAK_SPACE "\xC2\xA0"

const char *const language_names[] = { "fr", "en", NULL };

static const char *const words[WORD_COUNT][LANGUAGE_COUNT] = {
	[WORD_COLON] = { NO_BREAK_SPACE ": ", ": " },
	[WORD_RULE] = { "Règle", "Rule" },
	[WORD_ABOUT] = { "À propos de", "About" },
	[WORD_AUTHOR] = { "Auteur", "Author" },
	[WORD_SOURCE] = { "Source", "Source" },
	[WORD_PUBLISHED] = { "Publié", "Published" },
	[WORD_LINK] = { "Lien", "Link" },
	[WORD_FOUND] = { "Trouvé", "Found" },
	[WORD_LIST] = { "liste", "list" },
	[WORD_OPEN] = { "Voir la publication", "Open the post" },
	[WORD_FOOTER] = { "Envoyé par vigie, alerte", "Sent by vigie, alert" },
	[WORD_LOW] = { "faible", "low" },
	[WORD_NORMAL] = { "normale", "normal" },
	[WORD_CRITICAL] = { "critique", "critical" },
};

static const char *const months[12][LANGUAGE_COUNT] = {
	{ "janv.", "Jan" },
	{ "févr.", "Feb" },
	{ "mars", "Mar" },
	{ "avr.", "Apr" },
	{ "mai", "May" },
	{ "juin", "Jun" },
	{ "juil.", "Jul" },
	{ "août", "Aug" },
	{ "sept.", "Sep" },
	{ "oct.", "Oct" },
	{ "nov.", "Nov" },
	{ "déc.", "Dec" },
};

struct str word_of(enum language language, enum word word)
{
	assert(language < LANGUAGE_COUNT && word < WORD_COUNT);
	return str_of(words[word][language]);
}

struct str word_of_severity(enum language language, enum severity severity)
{
	switch (severity) {
	case SEVERITY_LOW:
		return word_of(language, WORD_LOW);
	case SEVERITY_NORMAL:
		return word_of(language, WORD_NORMAL);
	case SEVERITY_CRITICAL:
		return word_of(language, WORD_CRITICAL);
	}
	assert(false); /* not a severity */
	return STR_NONE;
}

void word_time(enum language language, int64_t wall_us, struct buf *out)
{
	static const char *const joints[LANGUAGE_COUNT] = { " à ", ", " };
	assert(language < LANGUAGE_COUNT);
	time_t seconds = (time_t)(wall_us / US_PER_S - (wall_us % US_PER_S < 0));
	struct tm local;
	if (!localtime_r(&seconds, &local))
		return;
	buf_addf(out, "%d %s %d%s%02d:%02d", local.tm_mday, months[local.tm_mon][language],
		1900 + local.tm_year, joints[language], local.tm_hour, local.tm_min);
}
