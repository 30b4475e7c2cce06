/* Is a condition on a field (EXPR_FIELD) so? A condition on what the post lacks is false, and its
 * negation true: the followers of an author of whom they are unknown are not >=1000. */
#pragma once

#include "rules/language/expr.h"
#include "rules/text/text.h"

struct post;

/* texts: the post's fields, for links, mentions and hashtags that stand there. */
bool condition_is(const struct expr *e, const struct post *post, const struct text *texts);
