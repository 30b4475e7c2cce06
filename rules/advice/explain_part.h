/* What explain_print.c and explain_why.c, which write for people, share. */
#pragma once

#include "rules/advice/explain.h"

struct printing {
	const struct rules *rules;
	const struct post *post;
	struct buf *out;
};

/* "yes ", "no  " or "?   ", before a clause. */
void explain_add_answer(const struct printing *p, const struct explained *x);
/* "matches" and so on, behind a rule's name. */
struct str explain_verdict(const struct explained *root);
void explain_add_label(const struct printing *p, const struct expr *e);
/* The places, the doubt and the near miss, a line each. */
void explain_add_places(const struct printing *p, const struct explained *x, unsigned depth);
void explain_add_near(
	const struct printing *p, const struct near_miss *near, bool name_term, unsigned depth);
void explain_add_indent(struct buf *out, unsigned depth);

/* explain_near.c: looks for what is almost the term, or almost a term of the list, of a clause that
 * says no. False if there is nothing. */
struct match_scratch;
bool explain_find_near(const struct match_scratch *m, const struct expr *e, struct near_miss *near);
