/* Match and alert: what the rules found in a post, and what is told to people. */
#pragma once

#include "model/post.h"

enum severity { SEVERITY_LOW, SEVERITY_NORMAL, SEVERITY_CRITICAL };

const char *severity_name(enum severity severity); /* "low", "normal", "critical" */
extern const char *const severity_names[]; /* in order, ends in NULL */

enum hit_way { WAY_EXACT, WAY_FOLDED, WAY_STEM, WAY_FUZZY, WAY_REGEX };

const char *hit_way_name(enum hit_way way);

/* One place where one term was found: bytes from..to-1 of the post's field, or of one of its links
 * or tags. */
struct hit {
	struct str term; /* as written in the rule or list */
	struct str list; /* the list it came from, or absent */
	enum post_field field;
	uint32_t from, to;
	enum hit_way way;
	uint32_t item; /* of FIELD_LINKS and FIELD_TAGS: which one */
};

struct match {
	struct str rule, about;
	enum severity severity;
	struct str_list notify; /* the rule's own targets */
	const struct post *post;
	const struct hit *hits; /* by field, then place */
	size_t hit_count;
};

enum { ALERT_MAX_HITS = 256 /* more are not written */ };

/* {"rule":...,"severity":...,"about":...,"post":{...},"hits":[{"term","list","field","from","to",
 * "way"},...]}: one line, no newline. A hit in "links" or "tags" also has its "item" there. */
void match_json(const struct match *match, struct buf *out);

/* 32 lower-case hex digits and a NUL: the first half of SHA-256 over rule, source and post
 * key, so that a replay finds its own alert. */
enum { ALERT_ID_BYTES = 33 };

struct alert {
	char id[ALERT_ID_BYTES];
	int64_t created_at_us; /* wall clock: when it was decided */
	struct match match;
};

void alert_id(const struct match *match, char out[ALERT_ID_BYTES]);

/* {"id":...,"created_at":...} and then the keys of match_json. What the store keeps, and
 * the data of a webhook. */
void alert_json(const struct alert *alert, struct buf *out);

/* Reads what alert_json wrote; everything it points to lives in the arena, the notify
 * targets are absent. 0, or -EBADMSG, also when the arena is full; *alert is then untouched. */
int alert_read(struct str json, struct arena *arena, struct alert *alert);
