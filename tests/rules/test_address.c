/* site: and url: in texts and outside of them; the matcher, the oracle and the scan must all say
 * what is expected. */
#include "tests/check.h"

#include "base/utf8.h"
#include "rules/compile/ruleset.h"
#include "tests/effort.h"
#include "tests/rules/reference_punycode.h"
#include "tests/rules/samples.h"

struct sample {
	const char *term;
	struct post post;
	size_t expected;
};

#define TEXT(words)                                                              \
	{                                                                        \
		.text = { "" words, sizeof(words) - 1 }, .author.followers = -1, \
	}

static bool is_so(const struct sample *sample)
{
	struct buf yaml, record;
	buf_init(&yaml, 0);
	buf_init(&record, 0);
	buf_addf(&yaml, "rules:\n- name: r\n  any: ['%s']\n", sample->term);
	post_json(&sample->post, &record);
	bool good = sample_is_so(buf_str(&yaml), &sample->post, buf_str(&record), sample->expected);
	buf_finish(&yaml);
	buf_finish(&record);
	return good;
}

static void a_site_is_found_in_links_to_it_and_below_it(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "site:example.com", TEXT("voir https://example.com/a"), 1 },
		{ "site:example.com", TEXT("voir http://fr.example.com"), 1 },
		{ "site:example.com", TEXT("voir www.example.com."), 1 },
		{ "site:example.com", TEXT("HTTPS://EXAMPLE.COM"), 1 },
		{ "site:EXAMPLE.com", TEXT("https://example.com"), 1 },
		{ "site:example.com", TEXT("https://example.com:8080/"), 1 },
		{ "site:example.com", TEXT("https://user:pw@example.com/"), 1 },
		{ "site:example.com", TEXT("https://example.com./a"), 1 },
		{ "site:example.com", TEXT("(https://example.com)"), 1 },
		{ "site:example.com", TEXT("ftp://example.com/x"), 1 },
		{ "site:example.com", TEXT("https://notexample.com"), 0 },
		{ "site:example.com", TEXT("https://my-example.com"), 0 },
		{ "site:example.com", TEXT("https://example.com.evil.net"), 0 },
		{ "site:example.com", TEXT("https://example.community"), 0 },
		{ "site:example.com", TEXT("https://evil.net/example.com"), 0 },
		{ "site:example.com", TEXT("https://evil.net/?u=https://example.com"), 0 },
		{ "site:example.com", TEXT("https://evil.net/@example.com"), 0 },
		{ "site:example.com", TEXT("https://evil.net#@example.com"), 0 },
		{ "site:example.com", TEXT("https://example.com@evil.net"), 0 },
		{ "site:fr.example.com", TEXT("https://example.com"), 0 },
		{ "site:*.example.com", TEXT("https://example.com"), 1 },
		{ "site:.fr", TEXT("https://edf.fr/"), 1 },
		{ "site:fr", TEXT("https://fr.example.com/"), 0 },
		{ "site:example.com.", TEXT("https://example.com/"), 1 },
		{ "site:t.co", TEXT("https://t.co/Abc"), 1 },
		{ "site:www.com", TEXT("https://www.com/Abc"), 1 },
		{ "site:\"example.com\"", TEXT("https://example.com/a"), 1 },
	};
	CHECK_SAMPLES(samples, is_so);
}

static void a_site_is_found_bare(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "site:example.com", TEXT("lu sur example.com, hier"), 1 },
		{ "site:example.com", TEXT("lu sur fr.example.com/a"), 1 },
		{ "site:example.com", TEXT("example.com: cher"), 1 },
		{ "site:example.com", TEXT("-example.com"), 1 },
		{ "site:example.com", TEXT("//example.com/a"), 1 },
		{ "site:example.com", TEXT("mail@example.com"), 0 },
		{ "site:example.com", TEXT("@jean.example.com"), 0 },
		{ "site:example.com", TEXT("@jean@example.com"), 0 },
		{ "site:example.com", TEXT("example.com@edf.fr"), 0 },
		{ "site:example.com", TEXT("edf.fr/example.com"), 0 },
		{ "site:example.com", TEXT("dossier/example.com"), 0 },
		{ "site:example.com", TEXT("example .com"), 0 },
		{ "site:5km", TEXT("3.5km"), 0 },
		{ "site:xn--p1ai", TEXT("xn--e1afmkfd.xn--p1ai"), 1 },
		{ "site:example.com", TEXT("notexample.com"), 0 },
		{ "site:example.com", TEXT("example.com.evil.net"), 0 },
	};
	CHECK_SAMPLES(samples, is_so);
}

static void a_site_is_found_disarmed(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "site:example.com", TEXT("hxxp://example[.]com/a"), 1 },
		{ "site:example.com", TEXT("hxxps://fr[.]example[.]com"), 1 },
		{ "site:example.com", TEXT("example(.)com"), 1 },
		{ "site:example.com", TEXT("example[dot]com"), 1 },
		{ "site:example.com", TEXT("example(DOT)com"), 1 },
		{ "site:example.com", TEXT("https://example[.]com/"), 1 },
		{ "site:example[.]com", TEXT("https://example.com/"), 1 },
		{ "site:example.com", TEXT("example dot com"), 0 },
		{ "site:example.com", TEXT("example[.]community"), 0 },
		{ "site:example.com", TEXT("example[.]com[.]evil[.]net"), 0 },
	};
	CHECK_SAMPLES(samples, is_so);
}

static void hosts_are_compared_folded_in_all_scripts(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "site:exämple.de", TEXT("https://EXÄMPLE.de/"), 1 },
		{ "site:example.de", TEXT("https://exämple.de/"), 1 },
		{ "site:例え.jp", TEXT("http://例え.jp/a"), 1 },
		{ "site:jp", TEXT("http://例え.jp/a"), 1 },
		{ "site:え.jp", TEXT("http://例え.jp/a"), 0 },
		{ "site:example.com", TEXT("http://example.comへどうぞ"), 1 },
		{ "site:example.com", TEXT("詳しくはexample.comへどうぞ"), 1 },
		{ "site:example.com", TEXT("詳しくはfr.example.comへ"), 1 },
		{ "site:пример.рф", TEXT("https://ПРИМЕР.РФ"), 1 },
		{ "site:example.com", TEXT("ｅｘａｍｐｌｅ．ｃｏｍ"), 1 },
		{ "site:example.com", TEXT("exam\u200Bple.com"), 1 },
	};
	CHECK_SAMPLES(samples, is_so);
}

static void a_site_is_found_however_its_labels_are_spelled(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "site:académie.fr", TEXT("https://xn--acadmie-eya.fr/a"), 1 },
		{ "site:académie.fr", TEXT("https://www.XN--ACADMIE-EYA.FR/a"), 1 },
		{ "site:académie.fr", TEXT("lu sur xn--acadmie-eya.fr, hier"), 1 },
		{ "site:académie.fr", TEXT("www.xn--acadmie-eya[.]fr"), 1 },
		{ "site:academie.fr", TEXT("https://xn--acadmie-eya.fr/a"), 1 },
		{ "site:xn--acadmie-eya.fr", TEXT("https://xn--acadmie-eya.fr/a"), 1 },
		{ "site:xn--acadmie-eya.fr", TEXT("https://académie.fr/a"), 1 },
		{ "site:xn--acadmie-eya.fr", TEXT("https://academie.fr/a"), 1 },
		{ "site:XN--acadmie-eya.fr", TEXT("Académie.fr"), 1 },
		{ "site:*.xn--acadmie-eya.fr.", TEXT("https://www.académie.fr"), 1 },
		{ "site:fr", TEXT("https://xn--acadmie-eya.fr/a"), 1 },
		{ "site:рф", TEXT("http://xn--e1afmkfd.xn--p1ai"), 1 },
		{ "site:пример.рф", TEXT("http://xn--e1afmkfd.xn--p1ai"), 1 },
		{ "site:пример.рф", TEXT("http://пример.xn--p1ai"), 1 },
		{ "site:xn--e1afmkfd.xn--p1ai", TEXT("http://ПРИМЕР.рф"), 1 },
		{ "site:例え.jp", TEXT("詳しくはxn--r8jz45g.jpへ"), 1 },
		{ "site:straße.de", TEXT("http://xn--strae-oqa.de"), 1 },
		{ "site:xn--strae-oqa.de", TEXT("http://strasse.de"), 1 },
		{ "site:académie.fr", TEXT("https://x-xn--acadmie-eya.fr/a"), 0 },
		{ "site:académie.fr", TEXT("https://xn--acadmie-eya.com/a"), 0 },
		{ "site:académie.fr", TEXT("https://edf.fr/xn--acadmie-eya.fr"), 0 },
		{ "site:acadmie.fr", TEXT("https://xn--acadmie-eya.fr/a"), 0 },
		/* What is no label of any spelling is compared as it stands. */
		{ "site:xn--zzzz.fr", TEXT("https://xn--zzzz.fr/"), 1 },
		{ "site:xn--53h.us", TEXT("https://xn--53h.us/"), 1 },
		{ "site:fr", TEXT("https://xn--zzzz.fr/"), 1 },
		{ "site:xn--fr-eya", TEXT("https://xn--a.xn--fr-eya"), 1 },
	};
	CHECK_SAMPLES(samples, is_so);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static void add_encoded(struct buf *out, const char *label)
{
	uint32_t code_points[64];
	size_t count = 0;
	for (size_t i = 0, n = strlen(label); i < n; count++)
		i += utf8_read(str_of(label), i, &code_points[count]);
	buf_add(out, STR("xn--"));
	reference_punycode_encode(code_points, count, out);
}

/* Words whose members may be the same host, or nearly. */
static const char *const label_words[][4] = { { "fr", "FR", "fŕ", "fr-" },
	{ "café", "CAFÉ", "cafe", "ｃafe" }, { "a-é", "a-e", "A-É", "a--é" },
	{ "é", "e", "É", "é.fr" }, { "例え", "例え", "例", "え" }, { "рф", "РФ", "рф", "рф/" },
	{ "straße", "STRASSE", "strasse", "straẞe" }, { "ガス", "ｶﾞｽ", "カ\u3099ス", "ガス" },
	{ "a例", "a例", "A例", "a" }, { "xn", "xn--", "xn--é", "XN--a" },
	{ "한국", "\u1112\u1161\u11AB국", "한", "한국" }, { "a☕", "☕", "a", "☕é" },
	{ "e\u0301", "é", "\u0301", "e" } };

enum { LABEL_WORDS = sizeof label_words / sizeof *label_words };

static bool is_ascii(const char *label)
{
	while (*label && (unsigned char)*label < 0x80)
		label++;
	return !*label;
}

/* One of two words in one of its spellings, or now and then garbage. */
static void add_random_label(struct buf *out, uint64_t *seed, const size_t words[2])
{
	static const char garbage[] = "abcxyz0189--";
	const char *label = label_words[words[next_random(seed) % 2]][next_random(seed) % 4];
	size_t kind = next_random(seed) % 16;
	if (kind == 0) {
		buf_add(out, STR("xn--"));
		for (size_t n = next_random(seed) % 8; n > 0; n--)
			buf_add_char(out, garbage[next_random(seed) % (sizeof garbage - 1)]);
	} else if (kind < 8 && !is_ascii(label)) {
		add_encoded(out, label);
	} else {
		buf_add(out, str_of(label));
	}
}

static void add_random_host(struct buf *out, uint64_t *seed, const size_t words[2], size_t labels)
{
	static const char *const dots[] = { ".", ".", ".", ".", ".", ".", ".", ".", ".", "[.]",
		"(dot)", "-", "" };
	for (size_t i = 0; i < labels; i++) {
		if (i)
			buf_add(out, str_of(dots[next_random(seed) % 13]));
		add_random_label(out, seed, words);
	}
}

static void random_hosts_are_found_alike_by_all(void **state)
{
	(void)state;
	static const char *const before[] = { "https://", "http://", "www.", "", " ", "東",
		"https://a@", "/", "@" };
	static const char *const behind[] = { "", " ", "/a", ":80/", ".", "へ", "@", "é" };
	uint64_t seed = 17;
	size_t matched = 0, tried = 0;
	struct buf yaml, text, json, why;
	buf_init(&yaml, 0);
	buf_init(&text, 0);
	buf_init(&json, 0);
	buf_init(&why, 0);
	for (int64_t round = effort_rounds(3000); round > 0; round--) {
		buf_clear(&yaml);
		buf_add(&yaml, STR("rules: [{ name: r, any: 'site:"));
		const size_t words[2] = { next_random(&seed) % LABEL_WORDS,
			next_random(&seed) % LABEL_WORDS };
		add_random_host(&yaml, &seed, words, 1 + next_random(&seed) % 2);
		buf_add(&yaml, STR("' }]\n"));
		struct twins *t = twins_of_yaml(buf_str(&yaml));
		for (size_t i = 0; t && i < 20; i++) {
			size_t matching;
			buf_clear(&text);
			buf_clear(&json);
			buf_add(&text, str_of(before[next_random(&seed) % 9]));
			add_random_host(&text, &seed, words, 1 + next_random(&seed) % 3);
			buf_add(&text, str_of(behind[next_random(&seed) % 8]));
			buf_addf(&json, "{\"text\":\"%.*s\"}", STR_ARGS(buf_str(&text)));
			if (!twins_agree(t, buf_str(&text), buf_str(&json), &matching, &why))
				fail_msg("%.*s%.*s%.*s", STR_ARGS(buf_str(&why)),
					STR_ARGS(buf_str(&yaml)), STR_ARGS(buf_str(&text)));
			matched += matching;
			tried++;
		}
		twins_destroy(t);
	}
	print_message("%zu hosts, %zu found\n", tried, matched);
	assert_true(matched * 20 > tried);
	buf_finish(&yaml);
	buf_finish(&text);
	buf_finish(&json);
	buf_finish(&why);
}

static void a_url_is_found_from_word_to_word(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "url:solaire", TEXT("https://edf.fr/energie-solaire/1"), 1 },
		{ "url:solaire", TEXT("https://edf.fr/?q=SOLAIRE"), 1 },
		{ "url:solaire", TEXT("https://solaire.fr"), 1 },
		{ "url:solaire", TEXT("https://edf.fr/extrasolaire"), 0 },
		{ "url:solaire", TEXT("https://edf.fr/solaire_2"), 0 },
		{ "url:solaire", TEXT("solaire"), 0 },
		{ "url:solaire", TEXT("edf.fr/solaire"), 1 },
		{ "url:solaire", TEXT("fin.Solaire"), 0 },
		{ "url:solaire", TEXT("https://edf.fr solaire"), 0 },
		{ "url:edf.fr/solaire", TEXT("https://www.edf.fr/solaire"), 1 },
		{ "url:edf.fr/solaire", TEXT("https://www.edf.fr/a/solaire"), 0 },
		{ "url:\"a/b\"", TEXT("https://x.fr/a/b/c"), 1 },
		{ "url:\"a/b\"", TEXT("https://x.fr/aa/b/c"), 0 },
		{ "url:https://edf.fr", TEXT("https://edf.fr/a"), 1 },
		{ "url:ai", TEXT("https://x.fr/j''ai"), 1 },
		{ "url:太陽", TEXT("https://x.fr/大太陽光"), 1 },
		{ "url:photovoltaïque", TEXT("https://x.fr/photovoltaique"), 1 },
	};
	CHECK_SAMPLES(samples, is_so);
}

static const struct str one_link[] = { { "https://t.co/x", 14 },
	{ "https://news.example.com/solaire", 32 } };
static const struct str encoded_link[] = { { "https://xn--acadmie-eya.fr/", 27 } };
static const struct str bare_link[] = { { "example.com", 11 } };
static const struct str odd_links[] = { { "mailto:a@example.com", 20 }, { "example", 7 }, { "", 0 },
	{ "/example.com", 12 } };
static const struct str tags[] = { { "Énergie Solaire", 16 }, { "EDF", 3 } };

#define POST(member, ...)                                                             \
	{                                                                             \
		.text = { "x", 1 }, .author.followers = -1, .member = { __VA_ARGS__ } \
	}

static void links_and_tags_outside_of_the_text_count(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "site:example.com", POST(links, one_link, 2), 1 },
		{ "site:académie.fr", POST(links, encoded_link, 1), 1 },
		{ "site:académie.fr", POST(url, "xn--acadmie-eya.fr", 18), 1 },
		{ "url:solaire", POST(links, one_link, 2), 1 },
		{ "url:sol", POST(links, one_link, 2), 0 },
		{ "site:example.com", POST(links, bare_link, 1), 1 },
		{ "url:example", POST(links, bare_link, 1), 1 },
		{ "site:example.com", POST(links, odd_links, 4), 0 },
		{ "site:example.com", POST(url, "https://example.com/a", 21), 1 },
		{ "url:a", POST(url, "https://example.com/a", 21), 1 },
		{ "site:example.com", POST(url, "//example.com:80", 16), 1 },
		{ "site:example.com", POST(url, "example.com:80/a", 16), 1 },
		{ "text:site:example.com", POST(url, "https://example.com/a", 21), 0 },
		{ "#EDF", POST(tags, tags, 2), 1 },
		{ "tag:edf", POST(tags, tags, 2), 1 },
		{ "=#edf", POST(tags, tags, 2), 0 },
		{ "tag:=EDF", POST(tags, tags, 2), 1 },
		{ "tag:\"énergie solaire\"", POST(tags, tags, 2), 1 },
		{ "tag:#EDF", POST(tags, tags, 2), 1 },
		{ "tag:solaire", POST(tags, tags, 2), 0 },
		{ "text:#EDF", POST(tags, tags, 2), 0 },
		{ "EDF", POST(tags, tags, 2), 0 },
		{ "tag:edf", TEXT("vive #EDF"), 1 },
		{ "tag:edf", TEXT("vive EDF"), 0 },
	};
	CHECK_SAMPLES(samples, is_so);
}

static void a_link_that_was_put_together_is_none_of_the_posts(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "site:x.com",
			{ .text = { "a", 1 },
				.url = { "https://x.com/a", 15 },
				.url_made = true,
				.author.followers = -1 },
			0 },
	};
	CHECK_SAMPLES(samples, is_so);
}

static void hosts_have_a_ceiling(void **state)
{
	(void)state;
	char text[300], yaml[400];
	for (size_t n = 253; n <= 254; n++) {
		memset(text, 'a', n);
		memcpy(text + n - 3, ".fr", 4);
		struct post post = post_empty();
		struct buf json, why;
		size_t matching;
		buf_init(&json, 0);
		buf_init(&why, 0);
		post.text = (struct str){ text, n };
		post_json(&post, &json);
		struct twins *t = twins_of_yaml(STR("rules:\n- name: r\n  any: site:fr\n"));
		assert_true(twins_agree_on(t, &post, buf_str(&json), &matching, &why));
		assert_int_equal(matching, n == 253);
		twins_destroy(t);
		(void)snprintf(yaml, sizeof yaml, "rules:\n- name: r\n  any: site:%s\n", text);
		t = twins_of_yaml(str_of(yaml));
		assert_int_equal(t != NULL, n == 253);
		twins_destroy(t);
		buf_finish(&json);
		buf_finish(&why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_site_is_found_in_links_to_it_and_below_it),
		cmocka_unit_test(a_site_is_found_bare),
		cmocka_unit_test(a_site_is_found_disarmed),
		cmocka_unit_test(hosts_are_compared_folded_in_all_scripts),
		cmocka_unit_test(a_site_is_found_however_its_labels_are_spelled),
		cmocka_unit_test(random_hosts_are_found_alike_by_all),
		cmocka_unit_test(a_url_is_found_from_word_to_word),
		cmocka_unit_test(links_and_tags_outside_of_the_text_count),
		cmocka_unit_test(a_link_that_was_put_together_is_none_of_the_posts),
		cmocka_unit_test(hosts_have_a_ceiling),
	};
	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
