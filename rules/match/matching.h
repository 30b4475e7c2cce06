/* One post being matched: what match.c, match_*.c and explain.c share. */
#pragma once

#include "rules/compile/compiled.h"

/* One place where a term was found. */
struct found {
	uint32_t term;
	uint32_t from, to; /* bytes of the field's text */
	uint32_t next; /* match_scratch::found: the next of the same term; 0: none */
	uint8_t field, way;
	uint16_t item; /* of the links or tags */
};

enum regex_state {
	REGEX_UNASKED,
	REGEX_POSSIBLE /* what it needs is there */,
	REGEX_NO,
	REGEX_IN_DOUBT /* the search was given up, or not begun */,
	REGEX_FOUND
};

/* One list of words that follow each other: a text's, or the parts of one hashtag. */
struct word_run {
	const struct text_word *words;
	size_t count;
};

enum { WORDS_THERE = 16 /* 1024 bits for the 20 or so words of a post */ };

/* Terms of a word that no rule waits for: looked at only if some rule may match. */
struct deferred {
	const struct posting *posting;
	struct word_run run;
	uint32_t at; /* the word, in the run */
	enum post_field field;
};

struct match_scratch {
	const struct ruleset *set;
	struct text texts[FIELD_COUNT];
	struct folded value; /* of a link or hashtag that stands outside of the text */
	struct found *found; /* [0] is not used */
	size_t found_count, found_size;
	uint32_t *first_of_term; /* into found; 0: none */
	uint32_t *first_of_list; /* a found term of the list; 0: none */
	uint64_t words_there[WORDS_THERE]; /* bits of the hashes of the post's words, if rules ask
					      for a second one */
	struct deferred *deferred;
	size_t deferred_count, deferred_size;
	bool all; /* all terms are wanted, whatever rules wait for */
	bool any; /* it is enough to know whether any rule matches */
	bool sure; /* one does: nothing more need be found */
	bool *rule_marked;
	uint32_t *marked; /* rules to be evaluated */
	size_t marked_count;
	uint8_t *regex_state; /* by term, enum regex_state; NULL if no term is a regex */
	uint32_t *regexes; /* terms whose state is not REGEX_UNASKED */
	size_t regex_count;
	uint8_t *regex_fields; /* by term: bits of the fields where what it needs is there */
	bool doubt; /* what a regex in doubt counts as: true below an odd number of NOTs */
	uint64_t regex_spent; /* of regex_scratch, before this post */
	struct regex_scratch *regex_scratch;
	struct regex_guard *guard; /* NULL if no term is a regex */
	struct regex_guard *own_guard; /* counts only */
	struct needs_scratch *needs_scratch;
	struct outlines_scratch *outlines_scratch;
	struct alike_scratch *alike; /* NULL if no term is looked for by likeness */
	struct near_scratch *near;
	struct hit *hits;
	size_t hit_count, hit_size;
	struct match_errors errors;
	const struct post *post;
};

/* Finds all terms of the rules in a post, and marks the rules that may match. Matching itself finds
 * only the terms of those rules. */
void match_find(struct match_scratch *m, const struct post *post);
/* Notes which words a field's text has. */
void match_note_words(struct match_scratch *m, enum post_field field);
/* Words, phrases and entities of a field's text; then those of the rules that may match. */
void match_find_words(struct match_scratch *m, enum post_field field);
void match_find_deferred(struct match_scratch *m);
/* The parts of match_find for what stands in links and in the list of hashtags. */
void match_find_links(struct match_scratch *m);
void match_find_tags(struct match_scratch *m);
/* A term was found; nothing is done if it is not looked for in that field. */
void match_add_found(struct match_scratch *m, struct found found);
/* A term stands at bytes from..to-1 of a field's text. Only while match_find runs, or for a term
 * that is asked later, as regexes are. */
void match_add_span(struct match_scratch *m, uint32_t term, enum post_field field, uint32_t from,
	uint32_t to, enum hit_way way);
/* Is it so for certain? After match_find. What a regex in doubt cannot change is certain. */
bool match_is(struct match_scratch *m, const struct expr *e);
/* Might it be so, whatever the regexes in doubt would say? */
bool match_might_be(struct match_scratch *m, const struct expr *e);
/* Forgets what match_find found. */
void match_forget(struct match_scratch *m);

/* Its rules may match, if they wait for it. */
void match_mark_term(struct match_scratch *m, uint32_t id);

/* rules/match/match_regex.c; finish takes a scratch without init too. */
void match_regex_init(struct match_scratch *m);
void match_regex_finish(struct match_scratch *m);
/* Which regexes may match in a field's text. */
void match_find_regexes(struct match_scratch *m, enum post_field field);
bool match_regex_is(struct match_scratch *m, uint32_t id);
/* Was a search for a regex below e given up? */
bool match_regex_in_doubt(const struct match_scratch *m, const struct expr *e);
void match_forget_regexes(struct match_scratch *m);
