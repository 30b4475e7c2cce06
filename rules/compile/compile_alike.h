/* Terms that are looked for by likeness, made ready: for compile.c and match_alike.c. */
#pragma once

#include "rules/compile/ruleset.h"
#include "rules/text/alike.h"

/* What such terms of a rule set need; immutable. */
struct compiled_alike {
	struct alike *terms; /* of all of them; an id is a term */
	struct alike *wakes; /* of those that rules wait for; NULL: none */
	size_t wake_count; /* terms among them */
	struct term_stems *stems; /* by term; NULL if no term asks for stems */
	struct arena arena;
};

/* A term's stem in the languages that its rule names. */
struct term_stems {
	struct term_stem {
		int language;
		struct str stem;
	} * items;
	size_t count;
};

/* wakes: by term, whether a rule waits for it. NULL if no term is one of those. */
struct compiled_alike *compiled_alike_create(const struct rules *rules, const bool *wakes);
void compiled_alike_destroy(struct compiled_alike *c); /* takes NULL */

/* What it costs to wait for such a term, like a word's: words that it finds come more often. */
size_t alike_term_cost(const struct term *t);
