/* The part of the oracle that looks at distances.
 *
 * Counted words. A word outside links and handles is one; a handle without its "@" is one; a link
 * is one: words in links with nothing between them that is white space, a control character or one
 * of < > " { } | \ ^ ` are one.
 *
 * Between. Of two places in one field that do not overlap, the counted words that begin at the end
 * of the first or later and end at the beginning of the second or before.
 *
 * NEAR: somewhere in a field a place of the left side and one of the right have at most `distance`
 * words between; ONEAR: the left one first. A side's places are those of its terms. A side that is
 * a NEAR itself has these places, each from the beginning of a pair to its end: of each place of
 * its own left side with the nearest of its right side before and behind it, and of each of its
 * right side with the nearest of its left side, those pairs that it is true of. Nearest: of those
 * that begin first behind, or end last before, the shortest.
 *
 * A phrase with a gap: its parts are its words; spaceless characters that touch are one. A part is
 * found where it is a word, several touching ones, a part of a hashtag or its whole body. A stretch
 * begins with such a place and ends with the last of the next places, from there on, of all parts,
 * of each as many as the phrase has of it; two places are two if they begin or end differently. It
 * is found if it touches at most as many counted words as the phrase has words, and the gap more.
 * The next stretch begins behind it. The phrase joined in a hashtag or handle is found too. */
#pragma once

#include "tests/rules/reference.h"

struct reference_span {
	size_t from, to;
};

struct reference_spans {
	struct reference_span *items;
	size_t count, size;
};

void reference_add_span(struct reference_spans *spans, size_t from, size_t to);
/* All places of a term of words, or of an entity. */
void reference_spans(const struct term *term, struct str text, struct reference_spans *spans);
/* Of a term by likeness: the words that are like it. Returns whether there is one. */
bool reference_alike_spans(const struct term *term, struct str text, struct str_list langs,
	struct reference_spans *spans);
/* Of site: the host that is asked for, without what stands before it; of url: its characters. */
void reference_address_spans(
	const struct term *term, struct str text, struct reference_spans *spans);
/* The stretches of a phrase with a gap. Returns whether there is one; spans may be NULL. */
bool reference_gap(const struct term *term, struct str text, struct reference_spans *spans);
int reference_near(const struct rules *rules, const struct expr *e, const struct post *post,
	struct regex_scratch *scratch);
