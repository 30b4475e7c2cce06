/* The oracle: a slow matcher that says in plain words what a rule means, for comparison with the
 * fast one. It has no tables and shares no code with it but the folding of single code points.
 *
 * Characters. A field is read code point by code point; each is folded, and each character of what
 * comes out is one step; Hangul and voiced kana are composed. A character is a word character if it
 * is an ASCII letter, digit or "_", or is not ASCII. What vanishes belongs to the step before it.
 *
 * Links. "http://", "https://" or "www." (folded), not after a word character unless that is
 * spaceless, up to the next white space or symbol (a folded space, or an ASCII control character)
 * or one of < > " { } | \ ^ `; of . , ; : ! ? ) ] } ' " those at its end are not part of it. In it
 * nothing is found but symbols and regexes.
 *
 * Handles. "@", outside links, not after a word character unless that is spaceless, then word
 * characters that are not spaceless, between two of which one of . - @ may stand ("@" once, as in
 * @name@example.org). In it only handles are found, and phrases joined.
 *
 * Words. Outside links and handles, a word is a longest run of word characters; each spaceless
 * character is a word of its own. An apostrophe between two word characters, neither spaceless,
 * joins them if what stands before it, back to the last character that is no word character or is
 * spaceless, is j, n, m, t, s, c or aujourd: "j'ai" is one word, "d'EDF" two.
 *
 * Phrases. A term's words are those of its own text. They are found where the same words, equal as
 * folded bytes, follow each other with nothing but non-word characters outside links and handles
 * between. Two spaceless characters that touch in the term must touch in the text; a word that
 * touches a spaceless character need not.
 *
 * Hashtags. "#", outside links and handles, not after a word character, then all word characters
 * that follow: the body. Besides its words as above, the body as a whole is one word, and its parts
 * are words that follow each other: it is cut before and after "_" (which is no part), before an
 * upper-case letter after what is none, before an upper-case letter after an upper-case one
 * and before a lower-case one, and around each spaceless character. A term is also
 * found in the whole body if its words joined, without their apostrophes, are the body.
 *
 * A handle is found by a term of two words or more that, joined in the same way, are its body, or
 * its body up to its second "@".
 *
 * #tag: a hashtag whose whole body is equal. @name: a handle whose body is equal, or whose body up
 * to its second "@" is. $TICK: "$", outside links and handles, not after a word character unless
 * that is spaceless, then the body, then no word character unless that is spaceless.
 *
 * Terms by likeness (sola*, *voltaique, solaire~1, stem:panneau) are compared with each word and
 * each part of a hashtag that is not spaceless, and with each hashtag's whole body that has nothing
 * spaceless in it. sola*: the word's first characters are those; *voltaique: its last ones; with =,
 * the same letters too. solaire~1: the word is the same, or it has no apostrophe, its first
 * character is the same, and at most so many edits lead from one to the other: a character put in,
 * left out or replaced, or two neighbours swapped, no character touched twice. stem:panneau: single
 * characters before apostrophes are left away (j'adore); then the word is the same, or it has the
 * same stem and begins with the term or with an opening of it. The language of both stems is the
 * first of the post's for which there is a stemmer, else any that the rule names, else French or
 * English. An opening is the term's stem in a language that the rule names (or French or English)
 * without its last character (two of a French stem that ends in iqu or ent, of a Dutch one that
 * ends in heid), though at least two characters of the stem; a stem of one character is taken to be
 * the term. At its end i and y are the same.
 *
 * =: each word found has the same letters as the term's word, case and accents included (joined:
 * the whole body as the words joined). Symbols: the same bytes anywhere. Regex: regex_find.
 * Each field is searched by itself. */
#pragma once

#include "model/post.h"
#include "rules/regex.h"
#include "rules/rules.h"

/* A character of folded text, and the bytes of the text that it is from. */
struct reference_letter {
	uint32_t c;
	size_t from, to;
};

/* Calls see(ctx, letters, count) for each word that terms by likeness are compared with. */
void reference_words(struct str text,
	void (*see)(void *ctx, const struct reference_letter *letters, size_t count), void *ctx);
/* For a term by likeness. */
bool reference_alike(const struct term *term, struct str text, struct str_list langs);

/* 1, 0, or -errno of a regex that reached a limit, where that decides. A term by likeness is looked
 * for in a post without a language. */
int reference_term(const struct term *term, struct str text, struct regex_scratch *scratch);
int reference_rule(const struct rules *rules, size_t rule, const struct post *post,
	struct regex_scratch *scratch);
