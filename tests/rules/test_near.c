/* NEAR, ONEAR and phrases with a gap: what they mean, against the oracle, and what they cost. */
#include "tests/check.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/escape.h"
#include "rules/advice/explain.h"
#include "rules/match/match_near.h"
#include "tests/effort.h"
#include "tests/rules/random_query.h"
#include "tests/rules/twins.h"

struct fixture {
	struct ruleset *set;
	struct match_scratch *scratch;
	struct post post;
	struct buf hits;
	size_t matching;
};

/* One rule with that query. */
static void set_up(struct fixture *f, const char *query)
{
	struct arena arena;
	struct diag *diag = diag_create();
	struct buf yaml, messages;
	*f = (struct fixture){ .post = post_empty() };
	arena_init(&arena, 0);
	buf_init(&yaml, 0);
	buf_init(&messages, 0);
	buf_init(&f->hits, 0);
	buf_addf(&yaml,
		"lists: { noms: [EDF, Engie, '/t[o]tal/i'] }\nrules:\n- { name: r, query: '%s' }\n",
		query);
	struct conf_node *root = conf_read_text("t.yaml", buf_str(&yaml), &arena, diag);
	struct rules *rules = rules_load(root, NULL, diag);
	diag_print(diag, &messages);
	if (diag_failed(diag))
		fail_msg("%s", messages.p);
	f->set = ruleset_create(rules);
	f->scratch = match_scratch_create(f->set);
	arena_finish(&arena);
	diag_destroy(diag);
	buf_finish(&yaml);
	buf_finish(&messages);
}

static void finish(struct fixture *f)
{
	match_scratch_destroy(f->scratch);
	ruleset_destroy(f->set);
	buf_finish(&f->hits);
}

static bool note(void *ctx, const struct match *match)
{
	struct fixture *f = ctx;
	for (size_t i = 0; i < match->hit_count; i++)
		buf_addf(&f->hits, "%s%u-%u", i ? " " : "", match->hits[i].from, match->hits[i].to);
	return true;
}

static bool matches(struct fixture *f, struct str text)
{
	f->post.text = text;
	buf_clear(&f->hits);
	return ruleset_match(f->set, f->scratch, &f->post, note, f) > 0;
}

struct sample {
	const char *query, *text;
	bool expected;
};

static void check_samples(const struct sample *samples, size_t count)
{
	size_t wrong = 0;
	for (size_t i = 0; i < count; i++) {
		struct fixture f;
		set_up(&f, samples[i].query);
		if (matches(&f, str_of(samples[i].text)) != samples[i].expected) {
			print_error("%s in '%s'\n", samples[i].query, samples[i].text);
			wrong++;
		}
		finish(&f);
	}
	assert_int_equal(wrong, 0);
}

#define CHECK_SAMPLES(samples) check_samples((samples), sizeof(samples) / sizeof *(samples))

static void near_counts_the_words_between(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "a NEAR/2 b", "a x x b", true },
		{ "a NEAR/2 b", "a x x x b", false },
		{ "a NEAR/2 b", "b, x - x: A!", true },
		{ "a NEAR/0 b", "b a", true },
		{ "a NEAR/0 b", "a x b", false },
		{ "a ONEAR/2 b", "a x x b", true },
		{ "a ONEAR/2 b", "b a", false },
		{ "a ONEAR/2 b", "b a x b", true },
		{ "a NEAR/2 a", "a", false },
		{ "a NEAR/2 a", "a a", true },
		{ "\"a b\" NEAR/5 b", "a b", false },
		{ "\"a b\" NEAR/5 b", "a b b", true },
		{ "\"a b\" NEAR/1 \"c d\"", "a b x c d", true },
		{ "\"a b\" NEAR/0 \"c d\"", "a b x c d", false },
		{ "a NEAR/1 b", "a l''eau b", false },
		{ "a NEAR/2 b", "a l''eau b", true },
	};
	CHECK_SAMPLES(samples);
}

static void fields_are_apart(void **state)
{
	(void)state;
	struct fixture f;
	set_up(&f, "a NEAR/9 b");
	f.post.title = STR("a");
	assert_false(matches(&f, STR("b")));
	f.post.title = STR("b a");
	assert_true(matches(&f, STR("x")));
	finish(&f);
}

static void links_handles_and_hashtags_are_one_word(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "a NEAR/1 b", "a https://x.fr/y/z?q=1 b", true },
		{ "a NEAR/0 b", "a https://x.fr/y/z?q=1 b", false },
		{ "a NEAR/1 b", "a https://x.fr/y https://x.fr/z b", false },
		{ "a NEAR/2 b", "a https://x.fr/y https://x.fr/z b", true },
		{ "a NEAR/1 b", "a @x.y.z b", true },
		{ "a NEAR/1 b", "a @x @y b", false },
		{ "a NEAR/1 b", "a #UnDeuxTrois b", true },
		{ "un NEAR/0 b", "#UnDeuxTrois b", true },
		{ "un NEAR/0 trois", "#UnDeuxTrois", true },
		{ "un ONEAR/0 trois", "#TroisUn", false },
		{ "\"un deux\" NEAR/1 b", "b x #undeux", true },
		{ "@x NEAR/1 b", "@x.y b @x y b", true },
		{ "@x NEAR/1 b", "@x y y b", false },
		{ "東 NEAR/1 京", "東海京", true },
		{ "東 NEAR/0 京", "東海京", false },
		{ "🌞 NEAR/1 b", "🌞 x b", true },
		{ "🌞 NEAR/0 b", "🌞 x b", false },
	};
	CHECK_SAMPLES(samples);
}

static void sides_may_be_groups_lists_regexes_and_pairs(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "(a OR b) NEAR/1 (c OR d)", "b x d", true },
		{ "(a OR b) NEAR/1 (c OR d)", "b x x d", false },
		{ "list:noms NEAR/1 panne", "panne chez Engie", true },
		{ "list:noms NEAR/1 panne", "panne chez EDF", true },
		{ "list:noms NEAR/1 panne", "EDF x x x Total panne", true },
		{ "list:noms NEAR/1 panne", "EDF x x panne", false },
		{ "/k[wW]c/ NEAR/1 b", "12 kWc b", true },
		{ "/x x/ NEAR/0 b", "x x b", true },
		{ "(/q+/ OR /b+/) NEAR/0 c", "qqq x bb c", true },
		{ "(a NEAR/0 b) NEAR/0 c", "a b c", true },
		{ "(a NEAR/0 b) NEAR/0 c", "c x b a", false },
		{ "(a NEAR/1 b) NEAR/0 c", "a b b c", true },
		{ "(a ONEAR/1 b) ONEAR/0 c", "c a b", false },
		{ "(a NEAR/0 b) NEAR/1 (c NEAR/0 d)", "d c x a b", true },
		{ "(a OR (b NEAR/0 c)) NEAR/0 d", "c b d", true },
		{ "a -(b NEAR/0 c)", "a b c", false },
		{ "a -(b NEAR/0 c)", "a b x c", true },
		{ "sola* NEAR/1 panneaux~1", "solaires panneau", true },
		{ "title:a NEAR/1 b", "a b", false },
		{ "text:a NEAR/1 b", "a b", true },
	};
	CHECK_SAMPLES(samples);
}

static void a_gap_is_what_stands_between_in_all(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "\"a b\"~2", "a b", true },
		{ "\"a b\"~2", "b x x a", true },
		{ "\"a b\"~2", "a x x x b", false },
		{ "\"a b c\"~2", "c x a x b", true },
		{ "\"a b c\"~2", "c x x a x b", false },
		{ "\"a a\"~2", "a", false },
		{ "\"a a\"~2", "a x a", true },
		{ "\"a a b\"~9", "a b", false },
		{ "\"a a b\"~9", "a b a", true },
		{ "=\"A b\"~2", "a x b", false },
		{ "=\"A b\"~2", "a b x A", true },
		{ "\"a b\"~1", "a https://x.fr/a/b b", true },
		{ "\"a b\"~1", "@a b", false },
		{ "\"un deux\"~1", "#undeux", true },
		{ "\"un deux\"~1", "#deuxun", false },
		{ "\"un deux\"~1", "#DeuxUn", true },
		{ "\"un deux\"~1", "un x #DeuxTrois", true },
		{ "\"un deux\"~1", "@undeux", true },
		{ "\"東京 大阪\"~2", "大阪から東京", true },
		{ "\"東京 大阪\"~2", "大阪からは東京", false },
		{ "\"東京 大阪\"~2", "大東阪京", false },
		{ "\"l''eau vive\"~1", "vive l’eau", true },
	};
	CHECK_SAMPLES(samples);
}

static void check_hits(const char *query, const char *text, const char *expected)
{
	struct fixture f;
	set_up(&f, query);
	(void)matches(&f, str_of(text));
	check_str(buf_str(&f.hits), str_of(expected));
	finish(&f);
}

static void hits_are_what_was_near(void **state)
{
	(void)state;
	check_hits("a NEAR/1 b", "a x x x a b", "8-9 10-11");
	check_hits("a NEAR/1 b", "a b x x x a b", "0-1 2-3 10-11 12-13");
	check_hits("(a NEAR/0 b) NEAR/0 c", "a x c b a", "4-5 6-7 8-9");
	check_hits("\"a b\"~1", "a x b x x b a b", "0-5 10-13");
	check_hits("\"a b\"~1", "a b a b", "0-3 4-7");
	check_hits("a (b OR (c NEAR/0 d))", "a b c x d", "0-1 2-3");
}

static void check_nearest(const char *query, const char *text, const char *expected)
{
	struct fixture f;
	struct arena arena;
	struct buf out;
	set_up(&f, query);
	arena_init(&arena, 0);
	buf_init(&out, 0);
	f.post.text = str_of(text);
	const struct explained *x = explain(f.set, 0, &f.post, &arena);
	explain_text(f.set, 0, &f.post, x, &out);
	if (str_find(buf_str(&out), str_of(expected)) == SIZE_MAX)
		fail_msg("%.*s\nlacks %s", STR_ARGS(buf_str(&out)), expected);
	buf_finish(&out);
	arena_finish(&arena);
	finish(&f);
}

static void explaining_shows_the_pair_or_the_nearest_miss(void **state)
{
	(void)state;
	check_nearest("a NEAR/2 b", "a x b",
		"yes within 2 words\n        text 0..1 \"a\", 4..5 \"b\": "
		"1 word between\n");
	check_nearest("a NEAR/2 b", "b x x x a x x x x b",
		"no  within 2 words\n        text 0..1 \"b\", 8..9 \"a\": 3 words between, at most "
		"2\n");
	check_nearest("a ONEAR/2 b", "b a",
		"text 0..1 \"b\", 2..3 \"a\": 0 words between, in the "
		"other order\n");
	check_nearest("a ONEAR/1 b", "b a x x b",
		"text 2..3 \"a\", 8..9 \"b\": 2 words between, at most 1\n");
	check_nearest("a NEAR/1 b", "a", "no  within 1 word\nyes   a\n");
}

/* Thousands of finds on both sides, nested. */
static void hostile_posts_cost_little(void **state)
{
	(void)state;
	static const char *const queries[] = { "a NEAR/1 b", "(a NEAR/1 a) NEAR/3 (a ONEAR/1 a)",
		"a NEAR/0 a NEAR/0 a NEAR/0 a NEAR/0 a NEAR/0 a NEAR/0 a NEAR/0 a NEAR/0 b",
		"\"a a a a a a a a b c d e f g h i j k l m\"~5" };
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; i < 8000; i++)
		buf_add(&text, STR("a "));
	buf_add(&text, STR("x x x x x m l k j i h g f e d c b"));
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		struct fixture f;
		set_up(&f, queries[i]);
		int64_t start = clock_monotonic_us();
		(void)matches(&f, buf_str(&text));
		int64_t us = clock_monotonic_us() - start;
		print_message("%d ms: %s\n", (int)(us / 1000), queries[i]);
		assert_true(us < 3 * 1000 * 1000);
		finish(&f);
	}
	buf_finish(&text);
}

static void a_pair_within_a_near_is_looked_for_among_the_first_places(void **state)
{
	(void)state;
	for (size_t pairs = NEAR_MAX_PLACES; pairs <= NEAR_MAX_PLACES + 1; pairs++) {
		struct fixture f;
		struct buf text;
		buf_init(&text, 0);
		for (size_t i = 0; i < pairs + 1; i++)
			buf_add(&text, STR("a "));
		buf_add_char(&text, 'b');
		set_up(&f, "(a ONEAR/0 a) ONEAR/0 b");
		assert_int_equal(matches(&f, buf_str(&text)), pairs == NEAR_MAX_PLACES);
		finish(&f);
		buf_finish(&text);
	}
}

/* --- against the oracle --- */

static const char *const fragments[] = { "a", "b", "B", "c", "é", "É", "soleil", "Soleil", "太",
	"陽", "l", "ai", "un", "Un", "deux", "Deux", "42", "solaires", "j'adore", "Adorer", "b.fr",
	"a.b.fr/deux" };
static const char *const separators[] = { " ", " ", " ", " ", " ", " ", "", "'", "-", ".", " #",
	" @", " $", "#", "_", ", ", " https://", " www.", "/", "🔥", "\xE2\x80\x8B", "\"", "<",
	"…" };

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

#define PICK(seed, list) ((list)[next_random(seed) % (sizeof(list) / sizeof *(list))])

static void add_phrase(struct buf *out, uint64_t *seed, bool gap)
{
	static const char *const joints[] = { " ", " ", " ", " ", "", "'", "-" };
	size_t count = 2 + next_random(seed) % 3;
	buf_add(out, next_random(seed) % 5 ? STR("\"") : STR("=\""));
	for (size_t i = 0; i < count; i++) {
		buf_add(out, i == 0 ? STR("") : i == 1 ? STR(" ") : str_of(PICK(seed, joints)));
		buf_add(out, str_of(PICK(seed, fragments)));
	}
	buf_add_char(out, '"');
	if (gap)
		buf_addf(out, "~%u", (unsigned)(1 + next_random(seed) % 4));
}

static void add_term(struct buf *out, uint64_t *seed)
{
	static const char *const others[] = { "#Soleil", "#un", "@a", "@b.c", "$ai", "list:noms",
		"/so\\w+/", "/[abc] ./", "🔥", "=É", "=Un", "\"太 陽\"~1", "sol*", "=Sol*", "*eil",
		"soleil~1", "solaire~1", "stem:adorer", "stem:solaire", "site:b.fr", "site:fr",
		"url:deux", "url:b.fr/deux", "text:sol*", "text:site:fr", "title:un" };
	switch (next_random(seed) % 9) {
	case 0:
		add_phrase(out, seed, true);
		break;
	case 1:
		add_phrase(out, seed, false);
		break;
	case 2:
	case 3:
		buf_add(out, str_of(PICK(seed, others)));
		break;
	default:
		buf_add(out, str_of(PICK(seed, fragments)));
	}
}

static void add_rules(struct buf *yaml, uint64_t *seed)
{
	const struct random_query random = { seed, add_term };
	buf_add(yaml,
		STR("lists: { noms: [soleil, 'un deux', '#Soleil', 'ador*', 'site:a.b.fr'] "
		    "}\nrules:\n"));
	for (size_t i = 0; i < 1 + next_random(seed) % 4; i++) {
		struct buf query;
		buf_init(&query, 0);
		if (next_random(seed) % 4)
			random_query_add(&query, &random, (unsigned)(next_random(seed) % 4));
		else
			add_phrase(&query, seed, true);
		buf_addf(yaml, "- name: r%zu\n  query: '", i);
		for (size_t k = 0; k < query.n; k++)
			buf_add(yaml,
				query.p[k] == '\'' ? STR("''")
						   : str_slice(buf_str(&query), k, k + 1));
		buf_add(yaml, STR("'\n"));
		buf_finish(&query);
	}
}

static size_t try_posts(struct twins *t, uint64_t *seed, struct str yaml)
{
	struct buf text, json, why;
	size_t matching, all = 0;
	buf_init(&text, 0);
	buf_init(&json, 0);
	buf_init(&why, 0);
	for (size_t i = 0; i < 60; i++) {
		buf_clear(&text);
		buf_clear(&json);
		for (size_t k = 1 + next_random(seed) % 14; k > 0; k--) {
			buf_add(&text, str_of(PICK(seed, separators)));
			buf_add(&text, str_of(PICK(seed, fragments)));
		}
		buf_add(&json, STR("{\"text\":"));
		escape_json(&json, buf_str(&text));
		buf_add_char(&json, '}');
		if (!twins_agree(t, buf_str(&text), buf_str(&json), &matching, &why))
			fail_msg("%.*s%.*s\n---\n%.*s\n", STR_ARGS(buf_str(&why)), STR_ARGS(yaml),
				STR_ARGS(buf_str(&text)));
		all += matching;
	}
	buf_finish(&text);
	buf_finish(&json);
	buf_finish(&why);
	return all;
}

static void queries_agree_with_the_oracle(void **state)
{
	(void)state;
	int64_t rounds = effort_rounds(300);
	uint64_t seed = 5;
	size_t all = 0, whole = 0;
	struct buf yaml;
	buf_init(&yaml, 0);
	for (int64_t round = 0; round < rounds; round++) {
		buf_clear(&yaml);
		add_rules(&yaml, &seed);
		struct twins *t = twins_of_yaml(buf_str(&yaml));
		if (!t)
			continue; /* a phrase with a gap that is one word */
		all += try_posts(t, &seed, buf_str(&yaml));
		whole++;
		twins_destroy(t);
	}
	assert_true(whole * 3 > (size_t)rounds);
	assert_true(all > whole);
	print_message("%zu sets of rules, %zu matches\n", whole, all);
	buf_finish(&yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_counts_the_words_between),
		cmocka_unit_test(fields_are_apart),
		cmocka_unit_test(links_handles_and_hashtags_are_one_word),
		cmocka_unit_test(sides_may_be_groups_lists_regexes_and_pairs),
		cmocka_unit_test(a_gap_is_what_stands_between_in_all),
		cmocka_unit_test(hits_are_what_was_near),
		cmocka_unit_test(explaining_shows_the_pair_or_the_nearest_miss),
		cmocka_unit_test(hostile_posts_cost_little),
		cmocka_unit_test(a_pair_within_a_near_is_looked_for_among_the_first_places),
		cmocka_unit_test(queries_agree_with_the_oracle),
	};
	return cmocka_run_group_tests_name("near", tests, NULL, NULL);
}
