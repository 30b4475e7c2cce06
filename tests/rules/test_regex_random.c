/* Random regexes and texts made to match them: neither the scan nor the literals hold back what
 * PCRE2 finds. effort.h says how many. */
#include <stdlib.h>

#include "base/utf8.h"
#include "tests/check.h"
#include "tests/effort.h"
#include "tests/rules/twins.h"

/* A piece of a pattern, with texts that it matches. */
static const struct {
	const char *pattern;
	const char *texts[3];
} pieces[] = {
	{ "solaire", { "solaire", "SOLAIRE", "Solaire" } },
	{ "Énergie", { "Énergie", "ÉNERGIE", "énergie" } },
	{ "e", { "e", "E", "e" } },
	{ " ", { " ", " ", " " } },
	{ "\\s", { " ", "\n", "\xC2\xA0" } },
	{ "\\s+", { "  ", "\t\n", " " } },
	{ "[aà]", { "a", "à", "A" } },
	{ "[0-9]", { "7", "0", "9" } },
	{ "[b-dx]", { "b", "d", "x" } },
	{ "[^a]", { "z", "é", "." } },
	{ "\\d+", { "42", "7", "1234567890" } },
	{ "\\w", { "w", "é", "東" } },
	{ "(?:foo|barbe|q)", { "foo", "barbe", "q" } },
	{ "(ab|cd(e|f))", { "ab", "cde", "cdf" } },
	{ "(?:un|deux)?", { "", "un", "deux" } },
	{ "(?:un\\d+deux|trois[+-]\\dquatre)", { "un12deux", "trois-3quatre", "UN1Deux" } },
	{ "(?:sel\\s*<\\d|po[!?]\\s+ivre)+", { "sel <1", "po?  ivre", "po! ivreSel<2" } },
	{ "s?", { "", "s", "S" } },
	{ "b*", { "bb", "", "bBb" } },
	{ "(?:la|de)*", { "lalade", "", "DEde" } },
	{ "x{2,3}", { "xx", "xxx", "XX" } },
	{ "(?:na)+", { "na", "nana", "NAna" } },
	{ "\\.", { ".", ".", "." } },
	{ "=", { "=", "=", "=" } },
	{ "://", { "://", "://", "://" } },
	{ "&", { "&", "&", "&" } },
	{ "<b>", { "<b>", "<b>", "<B>" } },
	{ "'", { "'", "'", "'" } },
	{ "\"", { "\"", "\"", "\"" } },
	{ "\\\\", { "\\", "\\", "\\" } },
	{ "#tag", { "#tag", "#TAG", "#Tag" } },
	{ "@", { "@", "@", "@" } },
	{ "œ", { "œ", "Œ", "œ" } },
	{ "ß", { "ß", "ß", "ß" } },
	{ "k", { "k", "K", "\xE2\x84\xAA" } },
	{ "東京", { "東京", "東京", "東京" } },
	{ "ガ", { "ガ", "ガ", "ガ" } },
	{ "한", { "한", "한", "한" } },
	{ "\xCC\x81", { "\xCC\x81", "\xCC\x81", "\xCC\x81" } },
	{ "\\b", { "", "", "" } },
	{ "(?=.)", { "", "", "" } },
	{ "(?!zq)", { "", "", "" } },
	{ ".*?", { "", "abc", "é d" } },
	{ "[[:alpha:]]", { "a", "é", "Z" } },
	{ "\\x{e9}", { "é", "É", "é" } },
	{ "\\Qa.b\\E", { "a.b", "A.b", "a.B" } },
	{ "\xE2\x80\x8B", { "\xE2\x80\x8B", "\xE2\x80\x8B", "\xE2\x80\x8B" } },
};
/* Of those without literals, what the outlines of a regex are made of. */
static const struct {
	const char *pattern;
	const char *texts[3];
} bare_pieces[] = {
	{ "\\d", { "7", "１", "0" } },
	{ "\\d{2,3}", { "42", "123", "1２3" } },
	{ "[0-9]+", { "7", "1234", "00" } },
	{ "\\D", { "x", "é", "<" } },
	{ "[^\\d<]", { "-", "東", "A" } },
	{ "[^a-z\\s]", { "!", "5", "É" } },
	{ "[[:punct:]]", { "!", "#", "%" } },
	{ "[[:^alpha:]]", { "1", " ", "." } },
	{ "[+-]", { "+", "-", "-" } },
	{ "[é1]", { "é", "1", "É" } },
	{ "\\W", { "-", "\n", "🌞" } },
	{ "\\s", { " ", "\xC2\xA0", "\t" } },
	{ ".", { "x", "é", "🌞" } },
	{ ".{1,3}", { "x", "né", "1 2" } },
	{ "(?s:.)", { "\n", "x", "é" } },
	{ ".*", { "", "a b", "1é" } },
	{ "%?", { "", "%", "%" } },
	{ "(?:\\d|[!?])", { "1", "!", "?" } },
	{ "(?:[+-]\\d|\\W{2})", { "+1", "--", "-9" } },
	{ "(?:\\d[%\\s]|)", { "", "1%", "2\n" } },
	{ "(?:<|\\d|\\s)+", { "<1 <", " 2", "<" } },
	{ "([^x]|\\d\\d)?", { "", "!", "42" } },
	{ "(?i:k)", { "k", "K", "\xE2\x84\xAA" } },
	{ "(?i)ſ", { "ſ", "s", "S" } },
	{ "(?-i:\\x{212A})", { "\xE2\x84\xAA", "\xE2\x84\xAA", "\xE2\x84\xAA" } },
	{ "\\x25", { "%", "%", "%" } },
	{ "€", { "€", "€", "€" } },
	{ "<", { "<", "<", "<" } },
	{ "^", { "", "", "" } },
	{ "$", { "", "", "" } },
	{ "(?:^|\\s)", { "", " ", "\n" } },
	{ "(?:$|\\W)", { "", "!", " " } },
	{ "(?m:^)", { "", "", "\n" } },
	{ "\\B", { "", "", "" } },
	{ "(?<!\\d)", { "", "", "" } },
	{ "(?=\\d)", { "", "", "" } },
};
static const char *const around[] = { "", "", " ", "x", "é", "\xCC\x81", "#", "http://a.b/", "東",
	"\xE2\x80\x8B", "\n", "&amp;", "@", "1" };

enum {
	PIECES = sizeof pieces / sizeof *pieces,
	BARE_PIECES = sizeof bare_pieces / sizeof *bare_pieces,
	AROUND = sizeof around / sizeof *around
};

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static void add_quoted(struct buf *yaml, struct str pattern)
{
	for (size_t i = 0; i < pattern.n; i++) {
		buf_add_char(yaml, pattern.p[i]);
		if (pattern.p[i] == '\'')
			buf_add_char(yaml, '\'');
	}
}

/* Every character by its escape or as it is, as the seed will have it. */
static void add_json_text(struct buf *out, uint64_t *seed, struct str text)
{
	for (size_t i = 0; i < text.n;) {
		uint32_t c;
		size_t n = utf8_read(text, i, &c);
		if (c == '"' || c == '\\' || c == '/')
			buf_addf(out, "\\%c", (char)c);
		else if (c < 0x20 || (c < 0x10000 && next_random(seed) % 6 == 0))
			buf_addf(out, "\\u%04x", c);
		else
			buf_add(out, str_slice(text, i, i + n));
		i += n;
	}
}

struct made {
	struct buf yaml, text, pattern;
};

static void add_piece(struct made *m, uint64_t *seed, bool bare, bool ignore)
{
	size_t text = next_random(seed) % 3;
	if (bare) {
		size_t i = next_random(seed) % BARE_PIECES;
		buf_add(&m->pattern, str_of(bare_pieces[i].pattern));
		buf_add(&m->text, str_of(bare_pieces[i].texts[text]));
	} else {
		size_t i = next_random(seed) % PIECES;
		buf_add(&m->pattern, str_of(pieces[i].pattern));
		buf_add(&m->text, str_of(pieces[i].texts[ignore ? text : 0]));
	}
}

/* One rule with a regex of some pieces, and the start of a text that it may match. */
static void make(struct made *m, uint64_t *seed)
{
	const char *prefix = around[next_random(seed) % AROUND];
	bool term = next_random(seed) % 2, ignore = term && next_random(seed) % 2;
	bool bare = next_random(seed) % 3 == 0;
	buf_clear(&m->pattern);
	buf_clear(&m->text);
	buf_clear(&m->yaml);
	buf_add(&m->text, str_of(prefix));
	for (size_t n = 1 + next_random(seed) % 6; n > 0; n--)
		add_piece(m, seed, bare, ignore);
	buf_add(&m->text, str_of(around[next_random(seed) % AROUND]));
	buf_addf(
		&m->yaml, "rules:\n- { name: r, %s: ['%s", term ? "any" : "regex", term ? "/" : "");
	add_quoted(&m->yaml, buf_str(&m->pattern));
	buf_addf(&m->yaml, "%s%s'] }\n", term ? "/" : "", ignore ? "i" : "");
}

static void random_regexes_find_their_texts(void **state)
{
	(void)state;
	int64_t rounds = effort_rounds(8000);
	uint64_t seed = 11;
	size_t tried = 0, matched = 0;
	struct made m;
	struct buf json, why;
	buf_init(&m.yaml, 0);
	buf_init(&m.text, 0);
	buf_init(&m.pattern, 0);
	buf_init(&json, 0);
	buf_init(&why, 0);
	for (int64_t round = 0; round < rounds; round++) {
		size_t matching;
		make(&m, &seed);
		struct twins *t = twins_of_yaml(buf_str(&m.yaml));
		if (!t)
			continue; /* it matches the empty string */
		buf_clear(&json);
		buf_add(&json, STR("{\"id\":\"1\",\"text\":\""));
		add_json_text(&json, &seed, buf_str(&m.text));
		buf_add(&json, STR("\"}"));
		if (!twins_agree(t, buf_str(&m.text), buf_str(&json), &matching, &why))
			fail_msg("%.*s%.*s%.*s\n%.*s\n", STR_ARGS(buf_str(&why)),
				STR_ARGS(buf_str(&m.yaml)), STR_ARGS(buf_str(&m.text)),
				STR_ARGS(buf_str(&json)));
		tried++;
		matched += matching;
		twins_destroy(t);
	}
	print_message("%zu regexes, %zu found their text\n", tried, matched);
	assert_true(tried * 3 > (size_t)rounds && matched * 4 > tried);
	buf_finish(&m.yaml);
	buf_finish(&m.text);
	buf_finish(&m.pattern);
	buf_finish(&json);
	buf_finish(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_regexes_find_their_texts),
	};
	return cmocka_run_group_tests_name("regex_random", tests, NULL, NULL);
}
