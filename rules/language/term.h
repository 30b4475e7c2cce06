/* Terms: the leaves of a rule, as people write them, and what they mean. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "conf/yaml.h"

struct regex;

enum term_kind {
	TERM_WORDS, /* a word, or the words of a phrase in order */
	TERM_TAG, /* #tag: a hashtag with this body */
	TERM_HANDLE, /* @handle */
	TERM_CASHTAG, /* $TICK */
	TERM_REGEX, /* /.../flags, over the text as it was written */
	TERM_SYMBOLS, /* without any word character, such as an emoji: these characters, anywhere */
	TERM_PREFIX, /* sola*: a word that begins so; letters, folded: without the star */
	TERM_SUFFIX, /* *voltaique: a word that ends so */
	TERM_STEM, /* stem:panneau: a word of the same stem */
	TERM_SITE, /* site:example.com: a link to this host or to one below it */
	TERM_URL, /* url:solaire: these characters, from word to word, in a link */
};

struct term {
	enum term_kind kind;
	bool exact; /* written with "=": case and accents count */
	bool listed; /* owner is a list, not a rule */
	bool negative; /* stands where it can only prevent a match; set by the compiler */
	uint8_t only; /* title: text: the one field it is looked for in, as 1 << FIELD_...; 0: any
		       */
	uint8_t edits; /* fuzzy, of TERM_WORDS: solaire~1; 0: none */
	char flags[5]; /* of a regex: some of "imsx" */
	uint16_t gap; /* "a b"~4: words between, any order; 0: in order, nothing between */
	uint32_t owner; /* the rule or the list it belongs to */
	uint32_t languages; /* TERM_STEM: of posts without a known one; bits by rules/text/stem.h;
			       0: the default ones */
	struct str written; /* as in the rule or list */
	struct str letters; /* without the term's own signs (quotes, =, #, @, title:): what was to
			       be found */
	struct str folded; /* letters, folded: words and what stands between them */
	struct regex *regex;
	struct where at;
};

/* Reads one entry of `any`, `all`, `none`, a list or a list file: an entry with spaces is a phrase
 * with or without its double quotes, and nothing is special between double quotes. False after an
 * error in diag. The term's text lives in the arena; its regex, if any, is to be destroyed with
 * regex_destroy. node gives the place: the scalar that the entry is, or NULL with `at`, the place
 * of the entry's first byte. owner, listed and negative are left to the caller. */
bool term_parse(struct str written, const struct conf_node *node, struct where at,
	struct arena *arena, struct term *term, struct diag *diag);
/* The same for a value of the field operator site, url, tag, title or text, as if `name` and a
 * colon stood before it; `at` is the place of the value. */
bool term_parse_field(struct str name, struct str value, struct where at, struct arena *arena,
	struct term *term, struct diag *diag);
/* An entry of `regex`: the scalar is the pattern, without slashes and flags. */
bool term_parse_regex(struct str pattern, const struct conf_node *node, struct arena *arena,
	struct term *term, struct diag *diag);
