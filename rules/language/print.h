/* A rule's tree as a person would write it, in one canonical form whatever form it was read from.
 * What is printed reads back to the same tree. Nothing is escaped for a terminal. */
#pragma once

#include "rules/language/rules.h"

/* As a one-line query. An AND beside an OR stands in parentheses, though it binds more tightly. */
void print_query(const struct rules *rules, const struct expr *e, struct buf *out);
/* As an entry of `rules:` in YAML, with its name: `any`, `all`, `none` and `where` if the tree can
 * be said in these, else `query`; with its about, language, severity and notify. */
void print_yaml(const struct rules *rules, size_t rule, struct buf *out);
/* A term as a list has it or, with in_query, as a query does. */
void print_term(const struct term *term, bool in_query, struct buf *out);
