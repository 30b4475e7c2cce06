/* What vigie says to people in mails and bubbles, by language: one table, so that a translation is
 * one column more. Pure. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "model/alert.h"

enum language { LANGUAGE_FR, LANGUAGE_EN, LANGUAGE_COUNT };

extern const char *const language_names[]; /* in order, ends in NULL: for a CONF_CHOICE */

enum word {
	WORD_COLON, /* with the space before it that the language wants */
	WORD_RULE,
	WORD_ABOUT,
	WORD_AUTHOR,
	WORD_SOURCE,
	WORD_PUBLISHED,
	WORD_LINK,
	WORD_FOUND,
	WORD_LIST,
	WORD_OPEN,
	WORD_FOOTER,
	WORD_LOW,
	WORD_NORMAL,
	WORD_CRITICAL,
	WORD_COUNT
};

struct str word_of(enum language language, enum word word);
struct str word_of_severity(enum language language, enum severity severity);

/* "22 nov. 2026 à 14:05", in the time zone of TZ. */
void word_time(enum language language, int64_t wall_us, struct buf *out);
