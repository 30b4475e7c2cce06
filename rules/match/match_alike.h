/* The matcher's part for terms that are looked for by likeness: sola*, *voltaïque, solaire~1,
 * stem:panneau. Each word outside links and handles, each part of a hashtag, and a hashtag's whole
 * body is asked about, if it is of a script with spaces. A word with an apostrophe (j'adore) is not
 * compared by edits, and its stem is that of what stands behind the pronoun. */
#pragma once

#include "model/post.h"

struct match_scratch;
struct compiled_alike;
struct alike_scratch; /* one a thread */

/* NULL for NULL. */
struct alike_scratch *alike_scratch_create(const struct compiled_alike *c);
void alike_scratch_destroy(struct alike_scratch *s); /* takes NULL */
/* Tells the scratch what it finds in a field, whose text is set, of the post. */
void match_alike(struct match_scratch *m, const struct post *post, enum post_field field);
