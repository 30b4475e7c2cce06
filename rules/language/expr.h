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
	EXPR_NEAR, /* places of its two children in one field, with at most `distance` words
		      between; `ordered`: in this order. A child is a term, a list, a NEAR, or an OR
		      of these */
	EXPR_FIELD, /* a condition on a field */
};

enum expr_field {
	EXPR_LANG, /* fr is also fr-CA */
	EXPR_SOURCE, /* a "*" at the end: any name that begins so */
	EXPR_FROM, /* handle or id of the author, folded */
	EXPR_TO, /* handle or id of someone mentioned or answered, folded */
	EXPR_TYPE,
	EXPR_IS,
	EXPR_HAS,
	EXPR_FOLLOWERS,
	EXPR_COUNTRY, /* folded */
	EXPR_SINCE, /* created at or after */
};

enum expr_is { IS_REPLY, IS_REPOST, IS_QUOTE, IS_SENSITIVE, IS_VERIFIED };
enum expr_has { HAS_LINK, HAS_MEDIA, HAS_MENTION, HAS_TAG };

/* What a value means where that is a number: bounds of followers, both included; of EXPR_SINCE the
 * wall-clock time from which, or the age that a post may have when it comes; the code of a type, of
 * an expr_is or an expr_has, twice. */
struct expr_bound {
	int64_t from, to;
	bool age;
};

struct expr {
	enum expr_kind kind;
	struct where at;
	struct expr **children;
	size_t child_count;
	uint32_t term, list; /* EXPR_TERM, EXPR_LIST */
	uint32_t distance; /* EXPR_NEAR */
	bool ordered;
	/* EXPR_FIELD: any of the values. It is false where the post lacks the field. */
	enum expr_field field;
	struct str_list values; /* as written, without "@" and quotes */
	struct str_list folded; /* the same folded, for the fields that are compared so */
	const struct expr_bound *bounds; /* by value, for the fields that have some */
};
