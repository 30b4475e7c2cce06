/* Post text made fit to be shown: without control characters and without those that turn the
 * direction of writing or break lines; what is not UTF-8 becomes U+FFFD. Pure; the output is always
 * UTF-8. Escaping for a place (HTML, JSON) comes after it. */
#pragma once

#include "base/buf.h"
#include "model/alert.h"

struct clean {
	struct buf *out;
	bool one_line; /* runs of white space become one space; else line breaks become LF */
	size_t left; /* characters that may still come */
	bool space; /* one is due before the next character */
	bool any; /* something was written */
	bool after_cr;
	bool cut; /* something did not fit: an ellipsis took its place */
};

/* max_characters: 0 for no limit; where it cuts, an ellipsis comes on top. */
void clean_init(struct clean *c, struct buf *out, bool one_line, size_t max_characters);
void clean_add(struct clean *c, struct str text);
/* Writes the space that is due, for a mark that is to stand after it. */
void clean_space(struct clean *c);

/* All of it on one line; without space at the ends. */
void clean_line(struct str text, size_t max_characters, struct buf *out);

/* Letters, digits, "-" and "_" stay, all else becomes "-", and so does nothing at all; at
 * most max_bytes. For ids. */
void clean_name(struct str text, size_t max_bytes, struct buf *out);

/* "Jean Dupont (@jdupont)", "@jdupont", "Jean Dupont" or nothing. */
void clean_author(const struct post_author *author, struct buf *out);

/* Walks a field of the post in pieces, outside and inside of hits by turns; hits that overlap or
 * touch are one, what lies outside of the text is left out. */
struct marks {
	const struct match *match;
	enum post_field field;
	struct str text;
	size_t hit, at;
};
void marks_init(struct marks *m, const struct match *match, enum post_field field);
bool marks_next(struct marks *m, struct str *piece, bool *hit); /* false at the end */
