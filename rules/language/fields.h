/* The keys of rules, lists and tests in YAML: what is read, helped and documented comes from these
 * tables. Keys whose help is RULES_NOT_YET are known but refused. */
#pragma once

#include "conf/decode.h"

extern const char RULES_NOT_YET[];

extern const struct conf_field rules_rule_fields[];
extern const struct conf_field rules_where_fields[];
extern const struct conf_field rules_list_fields[]; /* of a list that is a map */
extern const struct conf_field rules_test_fields[];
extern const struct conf_field rules_post_fields[]; /* of a test's post that is a map */
extern const struct conf_field rules_author_fields[]; /* of its author, if that is a map */

/* What the tables fill. */
struct rule_keys {
	struct str name, about, language;
	const struct conf_node *any, *all, *none, *regex, *query, *where, *tests, *later;
	int severity;
	struct str_list notify;
};

struct where_keys {
	struct str_list lang, source, from, to, type, is, has, followers, country, since;
	struct str_list site, url, tag, title, text;
	bool repost;
};

struct list_keys {
	struct str file;
};

struct test_keys {
	const struct conf_node *post;
	struct str_list matches, terms;
};

struct post_keys {
	struct str id, source, url, text, title, in_reply_to, repost_of, country, created_at,
		received_at;
	bool sensitive, media;
	const struct conf_node *author;
	struct str_list lang, tags, mentions, links;
	int type;
};

struct author_keys {
	struct str id, handle, name;
	int64_t followers;
	bool verified;
};
