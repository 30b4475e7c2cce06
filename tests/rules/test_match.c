/* The fast way against the slow one: scan, fold and match against the reference matcher, on random
 * rules and posts made of what is hard. VIGIE_ROUNDS sets how many. */
#include <stdlib.h>

#include "base/escape.h"
#include "base/utf8.h"
#include "conf/yaml.h"
#include "rules/scan.h"
#include "tests/check.h"
#include "tests/rules/reference.h"

static const char *const fragments[] = { "solaire", "Solaire", "SOLAIRE", "energie", "Énergie",
	"e\xCC\x81nergie", "EDF", "edf", "ai", "IA", "l", "d", "j", "c", "s", "hui", "aujourd",
	"est", "eau", "œuvre", "iPhone", "太", "陽", "光", "東京", "한국",
	"\xE1\x84\x92\xE1\x85\xA1", "ガス", "ｶﾞｽ", "กา", "𝗦𝗢", "ＥＤＦ", "42", "é", "مُحَمَّد",
	"straße", "STRASSE", "Panneau", "panneau", "XY", "xY", "a", "b" };
static const char *const separators[] = { "", "", "", " ", " ", " ", " ", "'", "’", "-", ".", "_",
	"#", "@", "$", " #", " @", " $", "\n", ", ", "http://", " https://", " www.",
	"\xE2\x80\x8B", "🔥", "\xCC\x81", "/", "\"", "&", "…", "＃" };

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static const char *pick(uint64_t *seed, const char *const *list, size_t count)
{
	return list[next_random(seed) % count];
}

#define PICK(seed, list) pick((seed), (list), sizeof(list) / sizeof *(list))

static void add_random(struct buf *out, uint64_t *seed, size_t fragment_count)
{
	for (size_t i = 0; i < fragment_count; i++) {
		buf_add(out, str_of(PICK(seed, separators)));
		buf_add(out, str_of(PICK(seed, fragments)));
	}
}

/* One term as it would be written: mostly words that occur. */
static void add_random_term(struct buf *out, uint64_t *seed)
{
	static const char *const signs[] = { "", "", "", "", "", "", "=", "#", "@", "$" };
	static const char *const tickers[] = { "EDF", "ai", "Énergie", "42" };
	const char *sign = PICK(seed, signs);
	static const char *const joints[] = { " ", " ", "", "'", "’", "-" };
	size_t words = *sign && *sign != '=' ? 1 : 1 + next_random(seed) % 3;
	buf_add(out, str_of(sign));
	if (*sign != '#' && *sign != '@' && *sign != '$')
		buf_add_char(out, '"');
	for (size_t i = 0; i < words; i++) {
		if (i)
			buf_add(out, str_of(PICK(seed, joints)));
		buf_add(out, str_of(*sign == '$' ? PICK(seed, tickers) : PICK(seed, fragments)));
	}
	if (*sign != '#' && *sign != '@' && *sign != '$')
		buf_add_char(out, '"');
}

static void add_term_list(struct buf *yaml, uint64_t *seed, const char *key, size_t max)
{
	size_t count = next_random(seed) % (max + 1);
	if (count == 0)
		return;
	buf_addf(yaml, "    %s:\n", key);
	for (size_t i = 0; i < count; i++) {
		struct buf term;
		buf_init(&term, 0);
		add_random_term(&term, seed);
		buf_add(yaml, STR("      - '"));
		for (size_t j = 0; j < term.n; j++) {
			buf_add_char(yaml, term.p[j]);
			if (term.p[j] == '\'')
				buf_add_char(yaml, '\'');
		}
		buf_add(yaml, STR("'\n"));
		buf_finish(&term);
	}
}

static void add_random_rules(struct buf *yaml, uint64_t *seed)
{
	buf_add(yaml, STR("lists:\n  liste: ['太陽', EDF, \"l'eau\"]\nrules:\n"));
	for (size_t i = 0; i < 6; i++) {
		buf_addf(yaml, "  - name: r%zu\n    any: [\"%s\"%s]\n", i, PICK(seed, fragments),
			next_random(seed) % 4 == 0 ? ", 'list:liste'" : "");
		add_term_list(yaml, seed, "all", 2);
		add_term_list(yaml, seed, "none", 2);
		if (next_random(seed) % 5 == 0)
			buf_add(yaml, STR("    regex: ['sol\\w+', '太.光']\n"));
	}
}

struct seen {
	bool rules[16];
	const struct rules *all;
};

static bool note_match(void *ctx, const struct match *match)
{
	struct seen *seen = ctx;
	const struct rule *rule = map_get(&seen->all->rule_by_name, match->rule);
	seen->rules[rule - seen->all->rules] = true;
	for (size_t i = 0; i < match->hit_count; i++) {
		struct str text = post_field(match->post, match->hits[i].field);
		assert_true(match->hits[i].from < match->hits[i].to);
		assert_true(match->hits[i].to <= text.n);
		assert_true(utf8_valid(str_slice(text, match->hits[i].from, match->hits[i].to)));
	}
	assert_true(match->hit_count > 0);
	return true;
}

static bool count_candidate(void *ctx, struct str record)
{
	(void)record;
	++*(size_t *)ctx;
	return true;
}

/* JSON of a text with random escapes where JSON leaves the choice. */
static void add_json_text(struct buf *out, uint64_t *seed, struct str text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n;) {
		uint32_t c;
		size_t n = utf8_read(text, i, &c);
		assert_true(n > 0);
		if (c < 0x20 || c == '"' || c == '\\' || next_random(seed) % 8 == 0) {
			if (c > 0xFFFF)
				buf_addf(out, "\\u%04x\\u%04X", 0xD800 + ((c - 0x10000) >> 10),
					0xDC00 + (c & 0x3FF));
			else
				buf_addf(out, "\\u%04x", c);
		} else {
			buf_add(out, str_slice(text, i, i + n));
		}
		i += n;
	}
	buf_add_char(out, '"');
}

/* One set of rules with what it takes to try posts on it. */
struct bench {
	struct rules *rules;
	struct ruleset *set;
	struct match_scratch *scratch;
	struct regex_scratch *regex;
	struct scan *fast, *plain;
	struct scan_scratch *fast_scratch, *plain_scratch;
};

static bool bench_init(struct bench *b, struct str yaml)
{
	struct arena arena;
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	struct conf_node *root = conf_read_text("random.yaml", yaml, &arena, diag);
	assert_non_null(root);
	b->rules = rules_load(root, NULL, diag);
	bool whole = !diag_failed(diag);
	arena_finish(&arena);
	diag_destroy(diag);
	if (!whole) {
		rules_destroy(b->rules);
		return false;
	}
	b->set = ruleset_create(b->rules);
	b->scratch = match_scratch_create(b->set);
	b->regex = regex_scratch_create();
	const struct post_map *map = post_map_builtin(STR("post"));
	b->fast = scan_create(b->set, map, SCAN_FASTEST);
	b->plain = scan_create(b->set, map, SCAN_PLAIN_C);
	b->fast_scratch = scan_scratch_create(b->fast);
	b->plain_scratch = scan_scratch_create(b->plain);
	return true;
}

static void bench_finish(struct bench *b)
{
	scan_scratch_destroy(b->fast_scratch);
	scan_scratch_destroy(b->plain_scratch);
	scan_destroy(b->fast);
	scan_destroy(b->plain);
	regex_scratch_destroy(b->regex);
	match_scratch_destroy(b->scratch);
	ruleset_destroy(b->set);
}

static size_t candidates(const struct scan *scan, struct scan_scratch *scratch, struct str block)
{
	size_t count = 0;
	struct scan_counts counts = { 0 };
	/* A block of its very size on the heap, so that a read behind it shows. */
	char *copy = test_malloc(block.n);
	memcpy(copy, block.p, block.n);
	scan_block(scan, scratch, (struct str){ copy, block.n }, count_candidate, &count, &counts);
	test_free(copy);
	assert_int_equal(count, counts.candidate_count);
	assert_int_equal(counts.record_count, 1);
	return count;
}

static void try_post(struct bench *b, uint64_t *seed, struct str yaml, struct str text)
{
	struct post post = post_empty();
	struct seen seen = { .all = b->rules };
	struct buf json;
	post.text = text;
	size_t count = ruleset_match(b->set, b->scratch, &post, note_match, &seen);
	for (size_t i = 0; i < b->rules->rule_count; i++) {
		int truth = reference_rule(b->rules, i, &post, b->regex);
		if (truth != seen.rules[i])
			fail_msg("rule r%zu: reference says %d, matcher %d\n%.*s\n---\n%.*s\n", i,
				truth, seen.rules[i], STR_ARGS(yaml), STR_ARGS(text));
	}
	buf_init(&json, 0);
	buf_add(&json, STR("{\"id\":\"1\",\"text\": "));
	add_json_text(&json, seed, text);
	buf_add_char(&json, '}');
	size_t fast = candidates(b->fast, b->fast_scratch, buf_str(&json));
	size_t plain = candidates(b->plain, b->plain_scratch, buf_str(&json));
	if (fast != plain || (count > 0 && fast == 0))
		fail_msg("%zu rules match, scan lets through: %s %zu, plain "
			 "%zu\n%.*s\n---\n%.*s\n%.*s\n",
			count, scan_kernel_name(b->fast), fast, plain, STR_ARGS(yaml),
			STR_ARGS(text), STR_ARGS(buf_str(&json)));
	buf_finish(&json);
}

static void the_fast_way_agrees_with_the_reference_on_random_rules_and_posts(void **state)
{
	(void)state;
	int64_t rounds = 300, whole = 0;
	(void)str_to_int64(str_of(getenv("VIGIE_ROUNDS")), &rounds); /* or the default */
	uint64_t seed = 7;
	struct buf yaml, text;
	buf_init(&yaml, 0);
	buf_init(&text, 0);
	for (int64_t round = 0; round < rounds; round++) {
		struct bench b;
		buf_clear(&yaml);
		add_random_rules(&yaml, &seed);
		if (!bench_init(&b, buf_str(&yaml)))
			continue;
		for (size_t i = 0; i < 100; i++) {
			buf_clear(&text);
			add_random(&text, &seed, 1 + next_random(&seed) % 12);
			try_post(&b, &seed, buf_str(&yaml), buf_str(&text));
		}
		whole++;
		bench_finish(&b);
	}
	assert_true(whole * 3 > rounds);
	buf_finish(&yaml);
	buf_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fast_way_agrees_with_the_reference_on_random_rules_and_posts),
	};
	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
