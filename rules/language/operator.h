/* Field operators: lang:fr, followers:>=1000, title:"a b" and so on, which mean the same as keys of
 * `where:` and in a query. */
#pragma once

#include "rules/language/load.h"

bool operator_known(struct str name);
struct str operator_nearest(struct str name); /* for a hint; STR_NONE if none is near */
const char *operator_field_name(enum expr_field field); /* "lang" and so on */

/* The expression of the field operator `name`, one that operator_known knows, with one or more
 * values of which any will do: what stands in `where: {lang: [fr, en]}` or in a query as
 * `lang:(fr OR en)`. Values are as written, also in their double quotes; places says where each
 * begins, `at` where the operator does. Conditions become EXPR_FIELD; site, url, tag, title and
 * text become terms of the rule with that number, added at the end of rules.terms: whether they are
 * negative is left to the caller. All that it keeps is copied. NULL after errors in l->diag, each
 * at its value's place. */
struct expr *operator_expr(struct loader *l, struct str name, const struct str *values,
	const struct where *places, size_t count, size_t rule, struct where at);

/* The conditions of a rule, one for each key of `where:`, at most OPERATOR_MAX_CONDITIONS. Returns
 * how many; those that have errors are left out. */
enum { OPERATOR_MAX_CONDITIONS = 32 };
size_t operator_where(
	struct loader *l, const struct conf_node *where, size_t rule, struct expr **conditions);
