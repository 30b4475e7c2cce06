/* The tree that a rule compiles to, whatever its spelling. Nodes live in the rule set's arena. */
#pragma once

#include "base/diag.h"
#include "base/str.h"

enum expr_kind {
	EXPR_TERM, /* term: index into rules.terms */
	EXPR_LIST, /* list: any term of that list */
	EXPR_AND, /* all children; no child: true */
	EXPR_OR, /* any child; no child: false */
	EXPR_NOT, /* its one child is not so */
	EXPR_NEAR, /* its two children within `distance` words of each other; `ordered`: in this
		      order */
	EXPR_FIELD, /* a condition on a field */
};

enum expr_field { EXPR_LANG, EXPR_SOURCE, EXPR_FROM, EXPR_TYPE };

struct expr {
	enum expr_kind kind;
	struct where at;
	struct expr **children;
	size_t child_count;
	uint32_t term, list; /* EXPR_TERM, EXPR_LIST */
	uint32_t distance; /* EXPR_NEAR */
	bool ordered;
	enum expr_field field; /* EXPR_FIELD: any of the values; compared folded, lang also by its
				  first part */
	struct str_list values;
};
