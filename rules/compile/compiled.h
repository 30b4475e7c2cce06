/* What a rule set is made of: for compile.c, match.c, explain.c and the scan. */
#pragma once

#include "rules/compile/regex_guard.h"
#include "rules/compile/ruleset.h"
#include "rules/compile/wake.h"
#include "rules/compile/words.h"
#include "rules/regex/needs.h"
#include "rules/regex/outlines.h"
#include "rules/regex/regex.h"
#include "rules/text/text.h"

struct phrase_word {
	struct str word; /* folded */
	struct str letters; /* as the term has them */
	bool glued; /* spaceless, like the one before, and nothing stands between them */
};

/* The words of a term that has several, or that a hashtag spells otherwise. */
struct phrase {
	struct phrase_word *words;
	size_t count;
	struct str joined_letters; /* all words run together, without apostrophes, as the term has
				      them */
};

struct compiled_alike;
struct near_scratch;
struct alike_scratch;

struct ruleset {
	struct rules *rules;
	struct arena arena;
	struct wake wake; /* words of which any match needs one */
	struct words words; /* one word of each term */
	struct phrase **phrase_of; /* by term; NULL for a plain word; NULL if no term has one */
	struct needs *needs; /* of regexes that cannot match without some literal; NULL: none */
	uint32_t *regex_terms; /* the terms that are regexes, in order */
	size_t regex_term_count;
	bool *waits_for_literal; /* by term: a regex with literals; NULL if no term is a regex */
	struct outlines *outlines; /* of regexes without; NULL: none */
	uint32_t *outline_terms; /* by outline */
	bool *outlined; /* by term: it has one; NULL if no term is a regex */
	uint32_t *list_rules; /* the rules that name a list: list_rules[list_first[i]..list_first[i
				 + 1] - 1] */
	uint32_t *list_first;
	struct compiled_alike *alike; /* NULL if no term is looked for by likeness */
	uint32_t *symbol_terms; /* terms that are looked for in every post */
	size_t symbol_count;
	bool *waits; /* by term: a rule waits for it: of those of a rule that matches one is there
		      */
	uint32_t *rule_second; /* by rule: a plain word that must be there besides what it waits
				  for, plus one; 0: none */
	uint64_t *second_hash; /* by rule: of that word */
	bool has_seconds;
	bool *rule_any_term; /* by rule: any of its terms makes it match */
	bool *rule_always; /* by rule: no word or literal is necessary for it, so that every post
			      must be parsed */
	uint32_t *always; /* those of them that wait for no outline either */
	size_t always_count, outline_rule_count; /* the others of them */
	bool finds_links, finds_tags; /* a term is looked for in links, in the list of hashtags */
	bool waits_for_links, waits_for_tags; /* and a rule waits for it, so the scan looks there */
};

/* The regexes of a list: returns the first, and how many follow each other in *count. */
const uint32_t *ruleset_list_regexes(const struct ruleset *set, uint32_t list, size_t *count);
