/* The oracle: a slow matcher that says in plain words what a rule means, for comparison with the
 * fast one. It has no tables and shares no code with it but the folding of single code points.
 *
 * Characters. A field is read code point by code point; each is folded, and each character of what
 * comes out is one step; Hangul and voiced kana are composed. A character is a word character if it
 * is an ASCII letter, digit or "_", or is not ASCII. What vanishes belongs to the step before it.
 *
 * Links. They begin with "http://" or "https://", not after a word character unless that is
 * spaceless; or outside of those, and not after one of @ # $ . / - either, with "www." or with a
 * bare host. Their parts:
 * - Host: labels with a "." between, each of word characters and "-", at most 63, not beginning or
 *   ending in "-" or "_"; if one begins with "xn--", it is ASCII. The last is the domain: two
 *   letters or more (no ASCII digit, no "-", no "_"), or "xn--..."; in the one before it there is
 * no
 *   "_". It is as long as that allows, and not followed by "@" or "+"; but it ends before a
 *   spaceless character that follows a well-known domain (link_is_known_domain).
 * - A bare host: labels of ASCII letters, digits and "-", and a well-known domain, which is not
 *   followed by a word character (unless spaceless) or one of - @ +; nor are its labels by "@".
 * - then perhaps ":" and digits;
 * - then a path: "/" and whatever follows of word characters that are not spaceless, the symbols
 *   ! * ' ; : = + , . $ / % # [ ] - ~ @ | & and whole pairs of parentheses, not empty and not more
 *   than two deep, up to the last word character, pair or one of = # / + -
 * - then a query: "?" and the same, with ? ( ) among the symbols, up to the last word character or
 *   one of - & = # /
 * - but after http(s)://t.co/ and an ASCII letter or digit: those, at most 40, and a query.
 * Where http:// or https:// begins again after a host, and anywhere in a link that has neither, the
 * link before it is over.
 * In links with http://, https:// or www., and on to the end of the last word, no words and
 * entities are found; where the host is none or more than 40 characters follow t.co/, up to the
 * next space or ASCII control character or one of < > " { } | \ ^ `. In links of a bare host only
 * words are.
 *
 * Handles. "@", outside links, not after a word character unless that is spaceless nor after one
 * of ! # $ % & * @, or after "rt" that itself follows no such word character; then word
 * characters that are not spaceless, between two of which one of . - @ may stand ("@" once, as in
 * @name@example.org); then no "@". In it only handles are found, and phrases joined.
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
 * Hashtags. "#", outside links and handles, not after a word character or "&", then all word
 * characters and, behind the first, tag marks (text_is_tag_mark) that follow: the body. It has a
 * letter (text_is_letter). Besides its words as above, the body as a whole is one word, with or
 * without the marks at its end, and the parts of each run of word characters in it are words that
 * follow each other: a run is cut before and after "_" (which is no part), before an
 * upper-case letter after what is none, before an upper-case letter after an upper-case one
 * and before a lower-case one, and around each spaceless character. A term is also
 * found in the whole body if its words joined, without their apostrophes, are the body.
 *
 * A handle is found by a term of two words or more that, joined in the same way, are its body, or
 * its body up to its second "@".
 *
 * #tag: a hashtag whose whole body is equal, or the body without the marks at its end. @name: a
 * handle whose body is equal, or whose body up to its second "@" is. $TICK: "$", outside links and
 * handles, not after a word character unless that is spaceless, then the body: word characters that
 * are not spaceless, and where "." and one or two ASCII letters follow and then no such word
 * character, those too.
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
 * the whole body as the words joined). Symbols: the same bytes anywhere. Regex: regex_find; where
 * it gives up, the answer is neither yes nor no, and a rule matches if it does so either way.
 * Distances, of NEAR and of phrases with a gap: reference_near.h.
 * Each field is searched by itself.
 *
 * site: and url: look at addresses, which are found apart from links. Running through a text from
 * the left, one may begin at a word character that is not spaceless and does not follow such a one.
 * http://, https:// or www. begin one, up to the next white space, symbol, control character or one
 * of < > " { } | \ ^ `. Else a host of two labels or more may. Labels are word characters with
 * hyphens between; dots are written . [.] (.) [dot] or (dot). Such a bare host has no spaceless
 * characters; its last label has two bytes or more and no digit, or begins with xn--; neither "@"
 * nor a slash that follows no slash stands before, nor "@" behind. If / ? or # follows, be it
 * behind
 * ":" and digits, the address goes on as others do. Whatever host begins there, the search goes on
 * behind it, or behind the address.
 * Its host begins behind "//" (or with it, if it has none), behind the last "@" before the next / ?
 * or #. A value of url or links is one address, whose host begins behind "://" or a first "//";
 * else it has a host if it begins with two labels or more and then ends, or / ? # follow, be it
 * behind ":" and digits.
 * site: the host, or the host without some of its first labels, is equal. A label that begins with
 * xn-- is what that spells by RFC 3492, folded, if it has at most 63 characters and that is a
 * label; so is one of the term. A host of more than 253 bytes is equal to none. Where a spaceless
 * character follows one that is not, the host may also end before.
 * url: the folded text stands in an address that is no bare host alone, or in a value; no two word
 * characters, neither spaceless, are one in it and one beside it.
 * Tags: the folded values are equal, without spaces around. url counts unless it was put together.
 * title: and text: look at that field alone. */
#pragma once

#include "model/post.h"
#include "rules/language/rules.h"
#include "rules/regex/regex.h"

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
/* TERM_SITE and TERM_URL in a text. */
bool reference_address(const struct term *term, struct str text);
/* A term of links or hashtags in the post's url, links and tags. */
bool reference_outside(const struct term *term, const struct post *post);
/* A condition on a field with one value, as it was written. */
bool reference_condition(enum expr_field field, struct str value, const struct post *post);
/* Does a text have a link that url: would look at, a handle, a hashtag? */
bool reference_has_address(struct str text);
bool reference_has_entity(struct str text, enum term_kind kind);

/* For many terms on many posts: a term can only be found in a text if one of its keys is one of the
 * text's, or if it has none. Keys are folded words and bodies; see is called for each. */
void reference_text_keys(struct str text, void (*see)(void *ctx, struct str key), void *ctx);
void reference_term_keys(
	const struct term *term, void (*see)(void *ctx, struct str key), void *ctx);
/* Sets found[i] for each term that is asked about and found. */
void reference_terms(const struct term *terms, size_t count, const bool *asked, struct str text,
	struct regex_scratch *scratch, bool *found);
