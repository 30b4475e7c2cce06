#include "base/clock.h"
#include "rules/language/fields.h"
#include "rules/language/load.h"

static enum tristate truth(const struct conf_node *map, const char *key, bool yes)
{
	const struct conf_node *node = conf_get(map, key);
	if (!node || node->kind == CONF_NULL)
		return TRISTATE_UNKNOWN;
	return yes ? TRISTATE_YES : TRISTATE_NO;
}

static void load_time(struct loader *l, const struct conf_node *map, const char *key,
	struct str text, int64_t *wall_us)
{
	if (!text.p || time_parse(text, wall_us))
		return;
	diag_error(l->diag, conf_get(map, key)->at, "not a time: '%.*s'", STR_ARGS(text));
	diag_hint(l->diag, "it is written 2026-11-01T08:30:00Z");
}

/* A handle, or a map of what is known of the author. */
static void load_author(struct loader *l, const struct conf_node *node, struct post_author *author)
{
	struct arena *arena = &l->rules->arena;
	struct author_keys keys;
	if (node->kind == CONF_SCALAR) {
		bool at_sign = str_starts(node->text, STR("@"));
		author->handle = arena_str(arena, str_slice(node->text, at_sign, node->text.n));
		return;
	}
	if (!conf_decode(rules_author_fields, NULL, node, &keys, arena, l->diag))
		return;
	author->id = keys.id;
	author->handle = keys.handle;
	author->name = keys.name;
	author->followers = keys.followers;
	author->verified = truth(node, "verified", keys.verified);
}

static void load_post(struct loader *l, const struct conf_node *node, struct post *post)
{
	struct post_keys keys;
	*post = post_empty();
	if (node->kind == CONF_SCALAR) {
		post->text = arena_str(&l->rules->arena, node->text);
		return;
	}
	/* What is wrong with one key says nothing against the others. */
	(void)conf_decode(rules_post_fields, NULL, node, &keys, &l->rules->arena, l->diag);
	post->id = keys.id;
	post->source = keys.source;
	post->url = keys.url;
	post->text = keys.text;
	post->title = keys.title;
	post->in_reply_to = keys.in_reply_to;
	post->repost_of = keys.repost_of;
	post->country = keys.country;
	post->langs = keys.lang;
	post->tags = keys.tags;
	post->mentions = keys.mentions;
	post->links = keys.links;
	post->type = (enum post_type)keys.type;
	post->sensitive = truth(node, "sensitive", keys.sensitive);
	post->media = truth(node, "media", keys.media);
	load_time(l, node, "created_at", keys.created_at, &post->created_at_us);
	load_time(l, node, "received_at", keys.received_at, &post->received_at_us);
	if (keys.author)
		load_author(l, keys.author, &post->author);
}

static void check_matches(struct loader *l, struct rule_test *test, const struct conf_node *node)
{
	const struct map *known = &l->rules->rule_by_name;
	struct where *places = arena_array(&l->rules->arena, struct where, test->matches.count);
	for (size_t i = 0; i < test->matches.count; i++) {
		struct str name = test->matches.items[i];
		bool many = node->kind == CONF_LIST && node->count == test->matches.count;
		places[i] = load_place(l, many ? node->items[i].at : node->at);
		if (map_get(known, name))
			continue;
		diag_error(l->diag, places[i], "unknown rule: '%.*s'", STR_ARGS(name));
		if (str_eq(name, STR("true")) || str_eq(name, STR("false")))
			diag_hint(l->diag, "true and false are for a test beside a rule");
		else
			load_hint_name(l, name, known);
	}
	test->matches_at = places;
}

static bool is_plain(const struct conf_node *node, struct str text)
{
	return node->kind == CONF_SCALAR && !node->quoted && str_eq(node->text, text);
}

/* `matches: true` or `false` beside a rule: that rule, whatever the others do. */
static bool check_only(struct loader *l, struct rule_test *test, const struct conf_node *node,
	const struct rule *rule)
{
	bool yes = is_plain(node, STR("true"));
	if (!rule || (!yes && !is_plain(node, STR("false"))))
		return false;
	struct where *place = arena_new(&l->rules->arena, struct where);
	*place = load_place(l, node->at);
	test->only = rule;
	test->matches = (struct str_list){ &rule->name, yes };
	test->matches_at = place;
	return true;
}

static void check_terms(struct loader *l, struct rule_test *test, const struct conf_node *node,
	struct str_list terms)
{
	if (!node || node->kind == CONF_NULL)
		return;
	if (test->matches.count == 0) {
		diag_error(l->diag, node->at, "no rule is to match, so no term is found");
		return;
	}
	struct str_list *kept = arena_new(&l->rules->arena, struct str_list);
	*kept = terms;
	test->terms = kept;
}

/* rule: the one it stands beside, or NULL. */
static void load_test(struct loader *l, const struct conf_node *map, const struct rule *rule)
{
	struct rules *r = l->rules;
	struct test_keys keys;
	if (map->kind != CONF_MAP) {
		load_expected(l, map, "a test, which is a map");
		return;
	}
	(void)conf_decode(rules_test_fields, NULL, map, &keys, &r->arena, l->diag);
	const struct conf_node *matches = conf_get(map, "matches");
	struct rule_test *test = &r->tests[r->test_count++];
	*test = (struct rule_test){ .at = load_place(l, map->at), .matches = keys.matches };
	if (keys.post)
		load_post(l, keys.post, &test->post);
	if (!matches) {
		diag_error(l->diag, map->at, "missing key: 'matches'");
		diag_hint(l->diag, "[] says that no rule matches");
		return;
	}
	if (!check_only(l, test, matches, rule))
		check_matches(l, test, matches);
	check_terms(l, test, conf_get(map, "terms"), keys.terms);
}

static size_t count_tests(const struct conf_node *tests)
{
	return tests && tests->kind == CONF_LIST ? tests->count : 0;
}

static void load_list(struct loader *l, const struct conf_node *tests, const struct rule *rule)
{
	if (tests && tests->kind != CONF_LIST && tests->kind != CONF_NULL)
		load_expected(l, tests, "a list of tests");
	for (size_t i = 0; i < count_tests(tests); i++)
		load_test(l, &tests->items[i], rule);
}

static const struct rule *rule_of(const struct loader *l, const struct conf_node *node)
{
	const struct conf_node *name = conf_get(node, "name");
	return name && name->kind == CONF_SCALAR ? map_get(&l->rules->rule_by_name, name->text)
						 : NULL;
}

void load_tests(struct loader *l, const struct conf_node *tests, const struct conf_node *rules)
{
	size_t total = count_tests(tests);
	size_t rule_count = rules && rules->kind == CONF_LIST ? rules->count : 0;
	for (size_t i = 0; i < rule_count; i++)
		total += count_tests(conf_get(&rules->items[i], "tests"));
	l->rules->tests = arena_array(&l->rules->arena, struct rule_test, total);
	load_list(l, tests, NULL);
	for (size_t i = 0; i < rule_count; i++)
		load_list(l, conf_get(&rules->items[i], "tests"), rule_of(l, &rules->items[i]));
}
