#include "rules/language/fields.h"

#include "model/alert.h"

const char RULES_NOT_YET[] = "not supported yet";

#define RULE(key, type, member, ...)                                       \
	{                                                                  \
		key, type, offsetof(struct rule_keys, member), __VA_ARGS__ \
	}
#define LATER(name, keys)                                                     \
	{                                                                     \
		name, CONF_TREE, offsetof(keys, later), .help = RULES_NOT_YET \
	}

static const char *const severities[] = { "low", "normal", "critical", NULL };
static const char *const post_types[] = { "post", "reply", "repost", "quote", "article", "edit",
	"delete", NULL };

const struct conf_field rules_rule_fields[] = {
	RULE("name", CONF_TEXT, name, .required = true,
		.help = "Unique; a-z, 0-9, - and _; the key in every output."),
	RULE("about", CONF_TEXT, about, .help = "One line, shown in alerts and on the page."),
	RULE("any", CONF_TREE, any, .help = "Terms of which at least one must be there."),
	RULE("all", CONF_TREE, all, .help = "Terms that must all be there."),
	RULE("none", CONF_TREE, none, .help = "Terms of which none may be there."),
	RULE("regex", CONF_TREE, regex, .help = "Patterns that count like the terms of any."),
	RULE("query", CONF_TREE, query,
		.help = "One line with AND, OR, NOT, NEAR/5 and parentheses."),
	RULE("where", CONF_TREE, where,
		.help = "Conditions on the post, such as lang, from, site, has or since."),
	RULE("language", CONF_TEXT, language,
		.help = "For stem: in posts without a known language, such as fr."),
	RULE("severity", CONF_CHOICE, severity, .fallback = "normal", .choices = severities,
		.help = "What routes and quiet hours go by."),
	RULE("notify", CONF_TEXTS, notify,
		.help = "Names of notifiers; without it the routes decide."),
	RULE("tests", CONF_TREE, tests,
		.help = "Tests as at the top level; here matches may be true or false."),
	LATER("threshold", struct rule_keys),
	LATER("spike", struct rule_keys),
	LATER("absent", struct rule_keys),
	LATER("first", struct rule_keys),
	LATER("dedupe", struct rule_keys),
	LATER("cooldown", struct rule_keys),
	LATER("cooldown_max", struct rule_keys),
	LATER("per", struct rule_keys),
	LATER("digest", struct rule_keys),
	LATER("escalate", struct rule_keys),
	{ .key = NULL },
};

#define WHERE(key, ...)                                                                 \
	{                                                                               \
#key, CONF_TEXTS, offsetof(struct where_keys, key), .help = __VA_ARGS__ \
	}

const struct conf_field rules_where_fields[] = {
	WHERE(lang, "Languages of the post, such as fr or pt-BR; fr also means fr-CA."),
	WHERE(source, "Names of sources; a * at the end stands for any ending."),
	WHERE(from, "Handles or ids of authors."),
	WHERE(to, "Handles or ids of those that are mentioned or answered."),
	WHERE(type, "Types of posts: post, reply, repost, quote, article, edit, delete."),
	WHERE(is, "What the post is: reply, repost, quote, sensitive, verified."),
	WHERE(has, "What the post has: link, media, mention, tag."),
	WHERE(followers, "How many follow the author: 1000, >=1000, <5k or 1000..5000."),
	WHERE(country, "Where it was written, as the source says it, such as FR."),
	WHERE(since, "Written at or after: 2026-11-01, a date with a time, or an age such as 2h."),
	WHERE(site, "Hosts that the post links to, also by one below: example.com."),
	WHERE(url, "Words or parts of the links: solaire or example.com/solaire."),
	WHERE(tag, "Hashtags."),
	WHERE(title, "Terms that are looked for in the title alone."),
	WHERE(text, "Terms that are looked for in the text alone."),
	{ "repost", CONF_BOOL, offsetof(struct where_keys, repost),
		.help = "true: reposts alone; false: no reposts." },
	{ .key = NULL },
};

const struct conf_field rules_list_fields[] = {
	{ "file", CONF_PATH, offsetof(struct list_keys, file), .required = true,
		.help = "A file with one term a line." },
	{ .key = NULL },
};

const struct conf_field rules_test_fields[] = {
	{ "post", CONF_TREE, offsetof(struct test_keys, post), .required = true,
		.help = "The text of a post, or a map of its fields." },
	{ "matches", CONF_TEXTS, offsetof(struct test_keys, matches),
		.help = "Names of the rules that match it, all of them; [] for none. In a test "
			"beside a rule also true or false, for this rule alone." },
	{ "terms", CONF_TEXTS, offsetof(struct test_keys, terms),
		.help = "Terms as they are written, all that these rules find." },
	{ .key = NULL },
};

#define POST(key, type, ...)                                             \
	{                                                                \
#key, type, offsetof(struct post_keys, key), __VA_ARGS__ \
	}

const struct conf_field rules_post_fields[] = {
	POST(text, CONF_TEXT, .help = "The text."),
	POST(title, CONF_TEXT, .help = "The title."),
	POST(author, CONF_TREE,
		.help = "The author's handle, or a map: id, handle, name, followers."),
	POST(lang, CONF_TEXTS, .help = "Its languages, the main one first."),
	POST(source, CONF_TEXT, .help = "The name of the source."),
	POST(type, CONF_CHOICE, .fallback = "post", .choices = post_types,
		.help = "post, reply, repost, quote, article, edit or delete."),
	POST(id, CONF_TEXT, .help = "The source's own id."),
	POST(url, CONF_TEXT, .help = "Its address."),
	POST(tags, CONF_TEXTS, .help = "Its hashtags, without #."),
	POST(mentions, CONF_TEXTS, .help = "The handles it mentions, without @."),
	POST(links, CONF_TEXTS, .help = "The addresses it links to."),
	POST(in_reply_to, CONF_TEXT, .help = "The id of the post it answers."),
	POST(repost_of, CONF_TEXT, .help = "The id of the post it repeats."),
	POST(country, CONF_TEXT, .help = "Where it was written."),
	POST(created_at, CONF_TEXT, .help = "When it was written, such as 2026-11-01T08:30:00Z."),
	POST(received_at, CONF_TEXT, .help = "When it came; without it, when it was written."),
	POST(sensitive, CONF_BOOL, .help = "Is it marked as not for everyone?"),
	POST(media, CONF_BOOL, .help = "Has it pictures, sound or video?"),
	{ .key = NULL },
};

#define AUTHOR(key, type, ...)                                             \
	{                                                                  \
#key, type, offsetof(struct author_keys, key), __VA_ARGS__ \
	}

const struct conf_field rules_author_fields[] = {
	AUTHOR(id, CONF_TEXT, .help = "The source's own id of the author."),
	AUTHOR(handle, CONF_TEXT, .help = "The handle, without @."),
	AUTHOR(name, CONF_TEXT, .help = "The name that is shown."),
	AUTHOR(followers, CONF_INT, .fallback = "-1", .min = -1, .max = INT64_MAX,
		.help = "How many follow the author; -1: unknown."),
	AUTHOR(verified, CONF_BOOL, .help = "Did the network verify who it is?"),
	{ .key = NULL },
};
