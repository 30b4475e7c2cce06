/* The rules of a configuration as they were written: read from YAML, checked, not yet compiled.
 * rules_load reads `lists`, `rules` and `tests` of a map; a rules file has just these keys, a
 * configuration more. */
#pragma once

#include "base/map.h"
#include "model/alert.h"
#include "rules/language/expr.h"
#include "rules/language/term.h"

enum {
	RULES_MAX_TERMS = 4 * 1024 * 1024,
	RULES_MAX_RULES = 100 * 1000,
	TERM_MAX_BYTES = 1024,
	TERM_MAX_WORDS = 32,
};

struct term_list {
	struct str name;
	struct where at;
	uint32_t first_term, term_count; /* in rules.terms: a list's terms stand together */
	bool used;
};

struct rule {
	struct str name, about;
	struct where at;
	enum severity severity;
	struct str_list notify;
	int language; /* rules/text/stem.h, for its stems in posts without a known one; -1: none */
	struct expr *root; /* never NULL */
	uint32_t first_term, term_count; /* its own inline terms */
};

struct rule_test {
	struct where at;
	struct post post;
	struct str_list matches; /* names of rules, in any order */
	const struct where *matches_at;
	const struct rule *only; /* the one rule that it is about; NULL: all rules */
	const struct str_list *terms; /* all that the expected rules find; NULL: whichever */
};

struct rules {
	struct arena arena;
	struct term *terms;
	size_t term_count, term_size;
	struct term_list *lists;
	size_t list_count;
	struct rule *rules;
	size_t rule_count;
	struct rule_test *tests;
	size_t test_count;
	struct map rule_by_name, list_by_name;
};

/* A rule's tree is and(or(any, regex), all..., not(or(none)), where...) without what is absent or
 * has one child only: `regex` holds alternatives to the terms of `any`. Terms that can only prevent
 * a match, their own or those of a list, are marked negative.
 *
 * A list file has one term a line, in UTF-8, with or without a byte order mark and CRs. A "#" at
 * the beginning of a line or after white space, with white space or the line's end behind it,
 * begins a comment; at the beginning of a line any "#" does that is not followed by a word
 * character, which makes it a hashtag. Its path is relative to the file that names it.
 *
 * known_targets: names that `notify` may use; NULL: any (a rules file on its own). Keys of rules.md
 * that are not there yet are errors. All errors go to diag; what comes back is whole only if diag
 * has none. Never NULL; it needs nothing of root any more. */
struct rules *rules_load(
	const struct conf_node *root, const struct str_list *known_targets, struct diag *diag);
/* A rule set of plain terms, one a line as in a list file, for `vigie match -r words.txt` and
 * benchmarks: one rule named `name`. */
struct rules *rules_of_list(const char *path, struct str name, struct diag *diag);
void rules_destroy(struct rules *r); /* takes NULL */
