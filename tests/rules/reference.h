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
 * =: each word found has the same letters as the term's word, case and accents included (joined:
 * the whole body as the words joined). Symbols: the same bytes anywhere. Regex: regex_find; where it
 * gives up, the answer is neither yes nor no, and a rule matches if it does so either way.
 * Each field is searched by itself. */
#pragma once

#include "model/post.h"
#include "rules/regex.h"
#include "rules/rules.h"

/* 1, 0, or -errno of a regex that reached a limit, where that decides. */
int reference_term(const struct term *term, struct str text, struct regex_scratch *scratch);
int reference_rule(const struct rules *rules, size_t rule, const struct post *post,
	struct regex_scratch *scratch);
