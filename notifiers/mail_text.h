/* What a mail says about an alert: subject, plain text and HTML, in UTF-8 with LF. Pure. */
#pragma once

#include "notifiers/words.h"

enum {
	MAIL_SUBJECT_CHARACTERS = 120,
	MAIL_TEXT_CHARACTERS = 20000, /* of the post's text and of its title */
	MAIL_HITS = 50 /* terms that are listed */
};

/* "sav-panne (critique) : Ma box est en panne": one line without control characters. */
void mail_subject(enum language language, const struct alert *alert, struct buf *out);

/* The value of a header with the space before it and its LF: as it is where that is plain and short
 * enough for the line, else in RFC 2047 words of at most 75 bytes, each on a line. Our own, since
 * GMime folds a text that looks like such words (=?...?=) so that a line begins without a space:
 * whoever writes a post could make headers. text is one clean line of UTF-8. */
void mail_header_value(size_t name_bytes, struct str text, struct buf *out);

void mail_plain(enum language language, const struct alert *alert, struct buf *out);
/* Hits are in <mark>; all that comes from the post is escaped, and its address is a link only if
 * it is http or https. Nothing in it makes a mail program fetch anything. */
void mail_html(enum language language, const struct alert *alert, struct buf *out);
