/* What each rule costs in a sample of the stream: how many posts have to be parsed for it, which
 * words cause that, and how many match. Asks the scan itself, one rule at a time. */
#pragma once

#include "rules/compile/ruleset.h"

enum { COST_MAX_WORDS = 5 /* of a rule that are named */ };

struct cost_word {
	struct str word; /* folded */
	uint64_t post_count; /* in which it occurs */
};

struct rule_cost {
	size_t rule;
	bool always; /* waits for no word: every record is parsed */
	size_t word_count, literal_count; /* that it waits for */
	uint64_t parsed_count; /* records that the scan lets through for it alone */
	uint64_t match_count;
	struct cost_word words[COST_MAX_WORDS]; /* that caused the most, the worst first */
	size_t named_count;
};

struct cost_report {
	const struct rules *rules;
	struct rule_cost *items; /* the dearest first */
	size_t count;
	uint64_t record_count, byte_count;
	bool cut; /* the sample went on */
};

/* records: whole lines; map as for the scan. The report lives in the arena. */
void cost_measure(const struct ruleset *set, const struct post_map *map, struct str records,
	struct arena *arena, struct cost_report *report);

/* A table for people, with a hint where one word causes nearly all. name: of the sample. */
void cost_text(const struct cost_report *report, const char *name, struct buf *out);
/* "sample":{"file","records","bytes","cut"},"costs":[{"rule","always","words","literals","parsed",
 * "parsed_per_thousand","matches","top":[{"word","posts"}],"hint"}]: members of an object. */
void cost_json(const struct cost_report *report, const char *name, struct buf *out);
