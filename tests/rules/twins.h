/* The fast way and the slow one side by side: both kernels of the scan, the matcher, and the
 * reference matcher over the same rules. */
#pragma once

#include "base/buf.h"
#include "model/map.h"
#include "rules/language/rules.h"

struct twins;

/* NULL if the rules have errors. Takes rules over. */
struct twins *twins_of_rules(struct rules *rules);
struct twins *twins_of_yaml(struct str yaml);
/* The same with records of another map than "post"; it must outlive them. */
struct twins *twins_of_map(struct str yaml, const struct post_map *map);
void twins_destroy(struct twins *t); /* takes NULL */
size_t twins_rule_count(const struct twins *t);

/* text: valid UTF-8, which is the text of the post in record. Does the matcher find just the rules
 * that the reference finds, with spans of whole characters, and do both kernels let the record
 * through if there is one? If not, *why says it. *matching: how many rules match. */
bool twins_agree(
	struct twins *t, struct str text, struct str record, size_t *matching, struct buf *why);
/* The same for a post in that language; STR_NONE: none is known. */
bool twins_agree_in(struct twins *t, struct str lang, struct str text, struct str record,
	size_t *matching, struct buf *why);

/* The same for a post as the twins' map reads it from record. */
bool twins_agree_on(struct twins *t, const struct post *post, struct str record, size_t *matching,
	struct buf *why);

/* Do both kernels let the same records of these bytes through, whatever they are? */
bool twins_scan_alike(struct twins *t, struct str block, struct buf *why);
