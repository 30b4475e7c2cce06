/* The fast way against the slow one: scan, fold and match against the reference matcher, on random
 * rules and posts made of what is hard. effort.h says how many. */
#include <stdlib.h>

#include "base/utf8.h"
#include "model/map.h"
#include "tests/check.h"
#include "tests/data.h"
#include "tests/effort.h"
#include "tests/rules/twins.h"

static const char *const fragments[] = { "solaire", "Solaire", "SOLAIRE", "energie", "Énergie",
	"e\xCC\x81nergie", "EDF", "edf", "ai", "IA", "l", "d", "j", "c", "s", "hui", "aujourd",
	"est", "eau", "œuvre", "iPhone", "太", "陽", "光", "東京", "한국",
	"\xE1\x84\x92\xE1\x85\xA1", "ガス", "ｶﾞｽ", "กา", "𝗦𝗢", "ＥＤＦ", "42", "é", "مُحَمَّد",
	"straße", "STRASSE", "Panneau", "panneau", "XY", "xY", "a", "b", "solair", "solaires",
	"sloaire", "solarie", "aire", "so", "l\xC3\xA0ire", "panneaux", "panne", "panneautage",
	"énergies", "energetique", "dying", "die", "dies", "evident", "évidemment", "солнце",
	"солнца", "Солнечный", "aujourdhui", "photovoltaïque", "photvoltaiqe", "fotovoltaique" };
static const char *const separators[] = { "", "", "", " ", " ", " ", " ", "'", "’", "-", ".", "_",
	"#", "@", "$", " #", " @", " $", "\n", ", ", "http://", " https://", " www.",
	"\xE2\x80\x8B", "🔥", "\xCC\x81", "/", "\"", "&", "…", "＃", "·", "～", "%" };
/* Links and what touches them. */
static const char *const linked[] = { "http://", " http://", "https://t.co/", " www.", ".fr",
	".com", ".co", "://", "/", "/", "(", ")", "?", "=", "&", "#", "@", "@x", "rt@", "-", "_",
	".", ":8", "|", "xn--", " ", "", "$", ".xn--acadmie-eya.", "//xn--caf-dma.fr",
	"xn--p1ai/" };

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
	bool links = next_random(seed) % 3 == 0;
	for (size_t i = 0; i < fragment_count; i++) {
		buf_add(out, str_of(links ? PICK(seed, linked) : PICK(seed, separators)));
		buf_add(out, str_of(PICK(seed, fragments)));
	}
}

/* A term by likeness: of a word that occurs, whole or not. */
static void add_random_likeness(struct buf *out, uint64_t *seed)
{
	static const char *const beginnings[] = { "sol", "sola", "=Sol", "pan", "panneau", "ene",
		"edf", "stras", "солн", "Éner", "photovolt", "aujourd" };
	static const char *const ends[] = { "aire", "ire", "eau", "rgie", "ies", "voltaïque", "нца",
		"asse", "=IRE", "sse" };
	static const char *const words[] = { "solaire", "energie", "panneau", "straße", "солнце",
		"aujourdhui", "photovoltaique", "evident", "dying", "energetique" };
	switch (next_random(seed) % 5) {
	case 0:
		buf_addf(out, "%s*", PICK(seed, beginnings));
		break;
	case 1: {
		const char *end = PICK(seed, ends);
		buf_addf(out, "%s*%s", *end == '=' ? "=" : "", end + (*end == '='));
		break;
	}
	case 2:
		buf_addf(out, "%s~1", PICK(seed, words));
		break;
	case 3:
		buf_add(out,
			next_random(seed) % 2 ? STR("photovoltaique~2") : STR("energetique~2"));
		break;
	default:
		buf_addf(out, "stem:%s", PICK(seed, words));
	}
}

/* One term as it would be written: mostly words that occur. */
static void add_random_term(struct buf *out, uint64_t *seed)
{
	static const char *const signs[] = { "", "", "", "", "", "", "=", "#", "@", "$" };
	static const char *const sites[] = { "académie.fr", "xn--acadmie-eya.edf", "café.fr",
		"cafe.fr", "рф", "solaire.fr", "edf", "co", "太陽.com" };
	static const char *const tickers[] = { "EDF", "ai", "Énergie", "42" };
	if (next_random(seed) % 3 == 0) {
		add_random_likeness(out, seed);
		return;
	}
	if (next_random(seed) % 12 == 0) {
		buf_addf(out, "site:%s", PICK(seed, sites));
		return;
	}
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

/* With and without words that any match holds. */
static const char *const regexes[] = { "sol\\w+", "太.光", "\\d{2}", "[^a-z\\s]\\d", "^\\W",
	"[!#🔥]$", "(?i)é\\b", "\\d ?[%€]", "(?:\\d|[A-Z]){3}", "\\p{Lu}\\S*\\s\\d", "[-–]{2}",
	"(?:^|\\s)@", "[[:punct:]]{2}", "..\\s..$", "\\A.{5}\\W", "(?:42|[\"“]).", "(?m)^[#@]" };

static void add_random_rule(struct buf *yaml, uint64_t *seed, size_t number)
{
	static const char *const languages[] = { "", "", "    language: fr\n", "    language: en\n",
		"    language: nl\n", "    language: ru\n" };
	buf_addf(yaml, "  - name: r%zu\n%s    any:\n    - \"%s\"\n", number, PICK(seed, languages),
		PICK(seed, fragments));
	if (next_random(seed) % 4 == 0)
		buf_add(yaml, STR("    - list:liste\n"));
	add_term_list(yaml, seed, "all", 2);
	add_term_list(yaml, seed, "none", 2);
	if (next_random(seed) % 5 == 0)
		buf_addf(yaml, "    regex: ['%s', '%s']\n", PICK(seed, regexes),
			PICK(seed, regexes));
}

/* Nothing else to wait for, so that it shows if the scan does not. */
static void add_likeness_rule(struct buf *yaml, uint64_t *seed)
{
	buf_addf(yaml, "  - name: alike\n    any: ['");
	add_random_likeness(yaml, seed);
	buf_add(yaml, STR("', '"));
	add_random_likeness(yaml, seed);
	buf_add(yaml, STR("']\n"));
}

/* Rules that hang on regexes alone, several at once. */
static void add_regex_rules(struct buf *yaml, uint64_t *seed)
{
	static const char *const flags[] = { "", "i", "m", "s", "im" };
	for (size_t i = 1 + next_random(seed) % 3; i > 0; i--) {
		buf_addf(yaml, "  - name: x%zu\n    %s: ['/%s/%s', '/%s/']\n", i,
			next_random(seed) % 2 ? "any" : "all", PICK(seed, regexes),
			PICK(seed, flags), PICK(seed, regexes));
		if (next_random(seed) % 3 == 0)
			buf_addf(yaml, "    none: '/%s/'\n", PICK(seed, regexes));
	}
}

static void add_random_rules(struct buf *yaml, uint64_t *seed)
{
	buf_add(yaml,
		STR("lists:\n  liste: ['太陽', EDF, \"l'eau\", 'stem:énergie', "
		    "'photovoltaique~2']\nrules:\n"));
	if (next_random(seed) % 4 == 0) {
		add_likeness_rule(yaml, seed);
		return;
	}
	if (next_random(seed) % 6 == 0) {
		add_regex_rules(yaml, seed);
		return;
	}
	/* Often one alone: what several wait for hides what one of them does not. */
	size_t count = next_random(seed) % 2 ? 1 : 6;
	for (size_t i = 0; i < count; i++)
		add_random_rule(yaml, seed, i);
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

static void try_post(struct twins *t, uint64_t *seed, struct str yaml, struct str text)
{
	struct buf json, why;
	size_t matching;
	buf_init(&json, 0);
	buf_init(&why, 0);
	buf_add(&json, STR("{\"id\":\"1\",\"text\": "));
	add_json_text(&json, seed, text);
	buf_add_char(&json, '}');
	static const char *const languages[] = { NULL, NULL, "fr", "fr-CA", "en", "nl", "ja" };
	struct str lang = str_of(PICK(seed, languages));
	if (!twins_agree_in(t, lang, text, buf_str(&json), &matching, &why))
		fail_msg("%.*s%.*s\n---\n%.*s\n%.*s\n", STR_ARGS(buf_str(&why)), STR_ARGS(yaml),
			STR_ARGS(text), STR_ARGS(buf_str(&json)));
	buf_finish(&json);
	buf_finish(&why);
}

static void the_fast_way_agrees_with_the_reference_on_random_rules_and_posts(void **state)
{
	(void)state;
	int64_t rounds = effort_rounds(300), whole = 0;
	uint64_t seed = 7;
	struct buf yaml, text;
	buf_init(&yaml, 0);
	buf_init(&text, 0);
	for (int64_t round = 0; round < rounds; round++) {
		buf_clear(&yaml);
		add_random_rules(&yaml, &seed);
		struct twins *t = twins_of_yaml(buf_str(&yaml));
		if (!t)
			continue;
		for (size_t i = 0; i < 100; i++) {
			buf_clear(&text);
			add_random(&text, &seed, 1 + next_random(&seed) % 12);
			try_post(t, &seed, buf_str(&yaml), buf_str(&text));
		}
		whole++;
		twins_destroy(t);
	}
	assert_true(whole * 3 > rounds);
	buf_finish(&yaml);
	buf_finish(&text);
}

/* Random bytes that look like records, so that the kernels meet their edges. */
static void both_kernels_let_the_same_of_random_bytes_through(void **state)
{
	static const char *const pieces[] = { "{", "}", "\"", "\"text\"", "\"text\":\"", ":", ",",
		"\n", "\\", "\\u00e9", "\\ud83d", "\\", "[", "]", " ", "solaire", "Solaire#",
		"\xC3", "\xE2\x80", "é", "太陽", "\xFF", "\"title\": [\"a\", ", "12", "\r\n",
		"https://", "EDF" };
	(void)state;
	uint64_t seed = 3;
	struct buf block, why;
	buf_init(&block, 0);
	buf_init(&why, 0);
	struct twins *t = twins_of_yaml(
		STR("rules:\n- {name: r, any: [solaire, 太陽, =EDF, énergie, '12']}\n"));
	assert_non_null(t);
	int64_t rounds = effort_rounds(30000);
	for (int64_t round = 0; round < rounds; round++) {
		buf_clear(&block);
		for (size_t n = next_random(&seed) % 60; n > 0; n--)
			buf_add(&block, str_of(PICK(&seed, pieces)));
		if (!twins_scan_alike(t, buf_str(&block), &why))
			fail_msg("%.*s%.*s\n", STR_ARGS(buf_str(&why)), STR_ARGS(buf_str(&block)));
	}
	twins_destroy(t);
	buf_finish(&block);
	buf_finish(&why);
}

/* Real posts against real names: every 97th tweet, every 400th commune. */
static void the_fast_way_agrees_with_the_reference_on_real_posts(void **state)
{
	(void)state;
	struct buf posts, names, yaml, why;
	read_data("ndjson/fr_tweets_2022.ndjson", &posts);
	read_data("keywords/fr_communes_35k.txt", &names);
	struct str post_lines = buf_str(&posts), name_lines = buf_str(&names);
	struct str line;
	size_t number = 0, matching, all = 0;
	size_t names_step = effort_step(400), posts_step = effort_step(97);
	buf_init(&yaml, 0);
	buf_init(&why, 0);
	buf_add(&yaml,
		STR("rules:\n- name: frequent\n  any: [merci, france, covid, c'est, macron]\n"));
	while (str_next(&name_lines, '\n', &line)) {
		if (number++ % names_step || line.n == 0 || str_find_char(line, '"') != SIZE_MAX)
			continue;
		buf_addf(&yaml, "- name: r%zu\n  any: [\"%.*s\"]\n", number, STR_ARGS(line));
	}
	struct twins *t = twins_of_yaml(buf_str(&yaml));
	assert_non_null(t);
	struct post_reader *reader = post_reader_create(post_map_builtin(STR("post")));
	for (number = 0; str_next(&post_lines, '\n', &line); number++) {
		struct post post;
		const char *reason;
		size_t at;
		if (number % posts_step || line.n == 0 ||
			post_read(reader, line, &post, &reason, &at) != POST_READ)
			continue;
		if (!twins_agree(t, post.text, line, &matching, &why))
			fail_msg("%.*s%.*s\n", STR_ARGS(buf_str(&why)), STR_ARGS(line));
		all += matching;
	}
	assert_true(all > 10);
	post_reader_destroy(reader);
	twins_destroy(t);
	buf_finish(&yaml);
	buf_finish(&why);
	buf_finish(&posts);
	buf_finish(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_kernels_let_the_same_of_random_bytes_through),
		cmocka_unit_test(the_fast_way_agrees_with_the_reference_on_real_posts),
		cmocka_unit_test(the_fast_way_agrees_with_the_reference_on_random_rules_and_posts),
	};
	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
