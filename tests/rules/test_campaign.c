/* Real posts against real keyword lists: matcher, scan and oracle say the same of each term in each
 * post. The ordinary run takes a sample; with VIGIE_CAMPAIGN=1 it is every post of every
 * file (tests/campaign.sh), with another value those lists only whose name holds it.
 *
 * So that tens of thousands of terms can be asked about, the oracle is only asked about those of
 * which a key occurs: found by bisection in a sorted array of all keys. On every 1,000th post it is
 * asked about all, which shows that the keys leave nothing out. */
#include "base/mem.h"
#include "conf/yaml.h"
#include "model/map.h"
#include "rules/scan/scan.h"
#include "tests/data.h"
#include "tests/rules/reference.h"

enum { ALL_TERMS_EVERY = 1000, ALL_TERMS_MAX = 4000 };

struct key {
	struct str text;
	uint32_t term;
};

struct campaign {
	struct rules *rules;
	struct ruleset *set;
	struct match_scratch *matcher;
	struct regex_scratch *regex;
	struct scan *scan;
	struct scan_scratch *scan_scratch;
	struct arena arena;
	struct key *keys;
	size_t key_count, key_size;
	uint32_t key_term; /* whose keys come now */
	uint32_t *keyless; /* terms without keys */
	size_t keyless_count;
	bool *asked, *found, *truth; /* by term */
	size_t posts, pairs, matches, candidates, wrong;
};

static void keep_key(void *ctx, struct str text)
{
	struct campaign *c = ctx;
	if (c->key_count == c->key_size) {
		c->key_size = c->key_size ? c->key_size * 2 : 1024;
		c->keys = mem_resize(c->keys, c->key_size, sizeof *c->keys);
	}
	c->keys[c->key_count++] = (struct key){ arena_str(&c->arena, text), c->key_term };
}

static int by_text(const void *left, const void *right)
{
	return str_cmp(((const struct key *)left)->text, ((const struct key *)right)->text);
}

/* One rule a term, in the order of the file. Regexes are left out: what they mean is PCRE2's. */
static struct rules *rules_of_file(const char *file)
{
	struct buf list, yaml;
	struct str line;
	struct arena arena;
	struct diag *diag = diag_create();
	size_t number = 0;
	read_data(file, &list);
	buf_init(&yaml, 0);
	arena_init(&arena, 0);
	buf_add(&yaml, STR("rules:\n"));
	for (struct str rest = buf_str(&list); str_next(&rest, '\n', &line);) {
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '/' || str_find_char(line, '"') != SIZE_MAX ||
			str_find_char(line, '*') != SIZE_MAX)
			continue;
		buf_addf(&yaml, "- name: t%zu\n  any: ['", number++);
		bool quotes = !memchr("#@$=", line.p[0], 4);
		if (quotes)
			buf_add_char(&yaml, '"');
		for (size_t i = 0; i < line.n; i++) {
			buf_add_char(&yaml, line.p[i]);
			if (line.p[i] == '\'')
				buf_add_char(&yaml, '\'');
		}
		buf_add(&yaml, quotes ? STR("\"']\n") : STR("']\n"));
	}
	struct conf_node *root = conf_read_text("list.yaml", buf_str(&yaml), &arena, diag);
	struct rules *rules = rules_load(root, NULL, diag);
	assert_false(diag_failed(diag));
	arena_finish(&arena);
	diag_destroy(diag);
	buf_finish(&yaml);
	buf_finish(&list);
	return rules;
}

static void campaign_init(struct campaign *c, const char *list)
{
	*c = (struct campaign){ .rules = rules_of_file(list) };
	c->set = ruleset_create(c->rules);
	c->matcher = match_scratch_create(c->set);
	c->regex = regex_scratch_create();
	arena_init(&c->arena, 0);
	c->keyless = mem_zero(c->rules->term_count + 1, sizeof *c->keyless);
	c->asked = mem_zero(c->rules->term_count + 1, sizeof *c->asked);
	c->found = mem_zero(c->rules->term_count + 1, sizeof *c->found);
	c->truth = mem_zero(c->rules->term_count + 1, sizeof *c->truth);
	for (uint32_t i = 0; i < c->rules->term_count; i++) {
		size_t before = c->key_count;
		c->key_term = i;
		reference_term_keys(&c->rules->terms[i], keep_key, c);
		if (c->key_count == before)
			c->keyless[c->keyless_count++] = i;
	}
	if (c->key_count)
		qsort(c->keys, c->key_count, sizeof *c->keys, by_text);
}

static void campaign_finish(struct campaign *c)
{
	regex_scratch_destroy(c->regex);
	match_scratch_destroy(c->matcher);
	ruleset_destroy(c->set);
	arena_finish(&c->arena);
	mem_free(c->keys);
	mem_free(c->keyless);
	mem_free(c->asked);
	mem_free(c->found);
	mem_free(c->truth);
}

/* Marks the terms of which a key is `text`. */
static void ask_about(void *ctx, struct str text)
{
	struct campaign *c = ctx;
	size_t from = 0, to = c->key_count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (str_cmp(c->keys[middle].text, text) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	for (; from < c->key_count && str_eq(c->keys[from].text, text); from++)
		c->asked[c->keys[from].term] = true;
}

static bool note_match(void *ctx, const struct match *match)
{
	struct campaign *c = ctx;
	const struct rule *rule = map_get(&c->rules->rule_by_name, match->rule);
	c->found[rule->root->child_count ? rule->root->children[0]->term : rule->root->term] = true;
	return true;
}

static bool note_candidate(void *ctx, struct str record)
{
	(void)record;
	*(bool *)ctx = true;
	return true;
}

static void try_post(struct campaign *c, const struct post *post, struct str record)
{
	struct scan_counts counts = { 0 };
	bool candidate = false, all = c->posts % ALL_TERMS_EVERY == 0;
	size_t terms = c->rules->term_count;
	memset(c->found, 0, terms);
	memset(c->asked, all && terms <= ALL_TERMS_MAX, terms);
	size_t matches = ruleset_match(c->set, c->matcher, post, note_match, c);
	scan_block(c->scan, c->scan_scratch, record, note_candidate, &candidate, &counts);
	for (enum post_field f = 0; f < FIELD_COUNT; f++) {
		if (post_field(post, f).p)
			reference_text_keys(post_field(post, f), ask_about, c);
	}
	for (size_t i = 0; i < c->keyless_count; i++)
		c->asked[c->keyless[i]] = true;
	memset(c->truth, 0, terms);
	for (enum post_field f = 0; f < FIELD_COUNT; f++) {
		if (post_field(post, f).p)
			reference_terms(c->rules->terms, terms, c->asked, post_field(post, f),
				c->regex, c->truth);
	}
	bool same = (matches == 0 || candidate) && memcmp(c->found, c->truth, terms) == 0;
	if (!same)
		print_error("%s: %.*s\n", matches && !candidate ? "held back" : "disagree",
			STR_ARGS(str_slice(record, 0, 400)));
	c->wrong += !same;
	c->posts++;
	c->pairs += terms;
	c->matches += matches;
	c->candidates += candidate;
}

static void try_file(struct campaign *c, const char *file, const struct post_map *map, size_t step)
{
	struct buf data;
	struct str line;
	struct post_reader *reader = post_reader_create(map);
	size_t number = 0;
	c->scan = scan_create(c->set, map, SCAN_FASTEST);
	c->scan_scratch = scan_scratch_create(c->scan);
	read_data(file, &data);
	for (struct str rest = buf_str(&data); str_next(&rest, '\n', &line); number++) {
		struct post post;
		const char *reason;
		size_t at;
		if (number % step == 0 && line.n &&
			post_read(reader, line, &post, &reason, &at) == POST_READ)
			try_post(c, &post, line);
	}
	scan_scratch_destroy(c->scan_scratch);
	scan_destroy(c->scan);
	post_reader_destroy(reader);
	buf_finish(&data);
}

static const char *const lists[] = { "keywords/cac40_handtyped.txt", "keywords/nasdaq_cashtags.txt",
	"keywords/fortune500_us.txt", "keywords/brands_simple_icons_3k.txt",
	"keywords/fr_communes_35k.txt" };

static const struct {
	const char *file, *map;
	size_t step; /* of the sample */
} files[] = {
	{ "ndjson/bluesky_nyc.ndjson", "post", 3 },
	{ "ndjson/crisislex.ndjson", "post", 97 },
	{ "ndjson/epl_stream_tweets.ndjson", "post", 97 },
	{ "ndjson/fr_debat2017.ndjson", "post", 7 },
	{ "ndjson/fr_free_telecom.ndjson", "post", 7 },
	{ "ndjson/fr_media_tweets.ndjson", "post", 7 },
	{ "ndjson/fr_tweets_2022.ndjson", "post", 293 },
	{ "ndjson/hackernews_titles.ndjson", "post", 97 },
	{ "ndjson/mastodon_outbox.ndjson", "post", 3 },
	{ "ndjson/reddit_titles.ndjson", "post", 293 },
	{ "ndjson/simdjson_twitter.ndjson", "post", 1 },
	{ "ndjson/stocknet_tweets.ndjson", "post", 97 },
	{ "ndjson/x_api_v2_sample.ndjson", "post", 7 },
	{ "ndjson/xlmt_8langs.ndjson", "post", 29 },
	{ "jetstream/events_v1.ndjson", "bluesky", 1 },
	{ "tweets-v1.1/tweets_v11.ndjson", "tweet-v1", 7 },
};

static void try_list(const char *list, bool whole)
{
	struct campaign c;
	campaign_init(&c, list);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		size_t posts = c.posts, matches = c.matches, wrong = c.wrong;
		try_file(&c, files[i].file, post_map_builtin(str_of(files[i].map)),
			whole ? 1 : files[i].step);
		if (whole)
			print_message("  %s: %zu posts, %zu matches, %zu disagree\n", files[i].file,
				c.posts - posts, c.matches - matches, c.wrong - wrong);
	}
	print_message("%s: %zu terms, %zu posts, %zu pairs, %zu matches, %zu candidates\n", list,
		c.rules->term_count, c.posts, c.pairs, c.matches, c.candidates);
	assert_int_equal(c.wrong, 0);
	assert_true(c.posts > 1000 && c.matches > 0);
	campaign_finish(&c);
}

static void oracle_matcher_and_scan_agree_on_real_posts_and_lists(void **state)
{
	(void)state;
	const char *whole = getenv("VIGIE_CAMPAIGN");
	bool one = whole && strcmp(whole, "1") != 0;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		if (!one || strstr(lists[i], whole))
			try_list(lists[i], whole && *whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oracle_matcher_and_scan_agree_on_real_posts_and_lists),
	};
	return cmocka_run_group_tests_name("campaign", tests, NULL, NULL);
}
