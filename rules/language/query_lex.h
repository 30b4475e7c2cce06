/* The words, operators and signs of a one-line query, each with its place. What is no token of a
 * query (a lone "-", "&&", a quote that is never closed) is an error, with what to write instead,
 * and becomes QUERY_BAD, which stands for a term. */
#pragma once

#include "conf/yaml.h"

enum query_token_kind {
	QUERY_END,
	QUERY_OPEN,
	QUERY_CLOSE,
	QUERY_AND,
	QUERY_OR,
	QUERY_NOT, /* NOT, or the "-" before a term or parenthesis */
	QUERY_NEAR, /* NEAR/5, ONEAR/5 */
	QUERY_TERM, /* a term as in a list, or list:NAME */
	QUERY_FIELD, /* lang:fr; without a value if a parenthesis follows */
	QUERY_BAD,
};

enum { QUERY_MAX_BYTES = 16 * 1024, QUERY_MAX_DISTANCE = 100 };

struct query_token {
	enum query_token_kind kind;
	struct str text; /* of a field its value; a view of the node's text */
	struct str name; /* of a field */
	size_t from; /* where it begins in the node's text */
	struct where at;
	uint32_t distance; /* of QUERY_NEAR */
	bool ordered;
};

/* The tokens of node's text, the last one QUERY_END; `tokens` has room for text.n + 1.
 * Returns how many. Stops at what is wrong no more than it must. */
size_t query_lex(const struct conf_node *node, struct query_token *tokens, struct diag *diag);
