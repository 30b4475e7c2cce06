/* Conditions on fields and terms that look at one field: what is expected by hand, and the matcher,
 * the scan and the oracle beside each other on random rules and records of all maps. */
#include "tests/check.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "rules/compile/ruleset.h"
#include "tests/data.h"
#include "tests/effort.h"
#include "tests/rules/samples.h"

struct sample {
	const char *rule; /* the keys besides its name */
	const char *post; /* a record of the map "post" */
	size_t expected;
};

static bool is_so(const struct sample *sample)
{
	struct buf yaml;
	struct post post;
	const char *reason;
	size_t at;
	struct str record = str_of(sample->post);
	struct post_reader *reader = post_reader_create(post_map_builtin(STR("post")));
	buf_init(&yaml, 0);
	buf_addf(&yaml, "rules:\n- { name: r, %s }\n", sample->rule);
	assert_int_equal(post_read(reader, record, &post, &reason, &at), POST_READ);
	post.received_at_us = INT64_C(1800000000) * US_PER_S; /* 2027-01-15T08:00:00Z */
	bool good = sample_is_so(buf_str(&yaml), &post, record, sample->expected);
	post_reader_destroy(reader);
	buf_finish(&yaml);
	return good;
}

static void people_and_places_are_compared_folded(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "where: { from: EDF }", "{\"text\":\"x\",\"author\":\"edf\"}", 1 },
		{ "where: { from: '@edf' }", "{\"text\":\"x\",\"author\":\"EDF\"}", 1 },
		{ "where: { from: \"7\" }", "{\"text\":\"x\",\"author\":{\"id\":\"7\"}}", 1 },
		{ "where: { from: zoe }", "{\"text\":\"x\",\"author\":\"Zoé\"}", 1 },
		{ "where: { from: edf }", "{\"text\":\"x\",\"author\":{\"name\":\"edf\"}}", 0 },
		{ "where: { to: EDF }", "{\"text\":\"x\",\"mentions\":[\"a\",\"edf\"]}", 1 },
		{ "where: { to: 'did:plc:a' }",
			"{\"text\":\"x\",\"in_reply_to\":\"at://did:plc:a/app/1\"}", 1 },
		{ "where: { to: '12' }", "{\"text\":\"x\",\"in_reply_to\":\"12\"}", 0 },
		{ "where: { to: edf }", "{\"text\":\"@edf\"}", 0 },
		{ "where: { country: fr }", "{\"text\":\"x\",\"country\":\"FR\"}", 1 },
		{ "where: { country: Réunion }", "{\"text\":\"x\",\"country\":\"reunion\"}", 1 },
		{ "where: { country: fr }", "{\"text\":\"x\"}", 0 },
		{ "where: { lang: pt }", "{\"text\":\"x\",\"lang\":\"pt-BR\"}", 1 },
		{ "where: { lang: pt-BR }", "{\"text\":\"x\",\"lang\":\"pt\"}", 0 },
		{ "where: { lang: [fr, en] }", "{\"text\":\"x\",\"lang\":[\"de\",\"en\"]}", 1 },
	};
	CHECK_SAMPLES(samples, is_so);
}

static void kinds_of_posts_are_told_apart(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "where: { repost: true }", "{\"text\":\"x\",\"type\":\"repost\"}", 1 },
		{ "where: { repost: false }", "{\"text\":\"x\",\"type\":\"repost\"}", 0 },
		{ "where: { repost: false }", "{\"text\":\"x\"}", 1 },
		{ "where: { is: repost }", "{\"text\":\"x\",\"repost_of\":\"1\"}", 1 },
		{ "where: { is: reply }", "{\"text\":\"x\",\"in_reply_to\":\"1\"}", 1 },
		{ "where: { is: [reply, quote] }", "{\"text\":\"x\",\"type\":\"quote\"}", 1 },
		{ "where: { is: quote }", "{\"text\":\"x\"}", 0 },
		{ "where: { is: sensitive }", "{\"text\":\"x\",\"sensitive\":true}", 1 },
		{ "where: { is: sensitive }", "{\"text\":\"x\"}", 0 },
		{ "where: { is: verified }", "{\"text\":\"x\",\"author\":{\"verified\":true}}", 1 },
		{ "where: { is: verified }", "{\"text\":\"x\",\"author\":\"a\"}", 0 },
		{ "where: { type: Quote }", "{\"text\":\"x\",\"type\":\"quote\"}", 1 },
		{ "where: { type: article }", "{\"text\":\"x\",\"type\":\"quote\"}", 0 },
	};
	CHECK_SAMPLES(samples, is_so);
}

static void what_a_post_has_may_stand_in_its_text(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "where: { has: link }", "{\"text\":\"x\",\"links\":[\"https://a.b\"]}", 1 },
		{ "where: { has: link }", "{\"text\":\"https://a.b\"}", 1 },
		{ "where: { has: link }", "{\"title\":\"edf.fr/a\"}", 1 },
		{ "where: { has: link }", "{\"text\":\"fin.Voir\"}", 0 },
		{ "where: { has: media }", "{\"text\":\"x\",\"media\":true}", 1 },
		{ "where: { has: media }", "{\"text\":\"x\",\"media\":false}", 0 },
		{ "where: { has: media }", "{\"text\":\"x\"}", 0 },
		{ "where: { has: mention }", "{\"text\":\"x\",\"mentions\":[\"a\"]}", 1 },
		{ "where: { has: mention }", "{\"text\":\"merci @edf\"}", 1 },
		{ "where: { has: mention }", "{\"text\":\"a@edf.fr\"}", 0 },
		{ "where: { has: tag }", "{\"text\":\"x\",\"tags\":[\"a\"]}", 1 },
		{ "where: { has: tag }", "{\"title\":\"#edf\"}", 1 },
		{ "where: { has: tag }", "{\"text\":\"# edf\"}", 0 },
		{ "where: { has: [media, tag] }", "{\"text\":\"#edf\"}", 1 },
	};
	CHECK_SAMPLES(samples, is_so);
}

#define FOLLOWED(count) "{\"text\":\"x\",\"author\":{\"handle\":\"a\",\"followers\":" count "}}"

static void followers_are_compared_as_numbers(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "where: { followers: 1000 }", FOLLOWED("1000"), 1 },
		{ "where: { followers: 1000 }", FOLLOWED("1001"), 0 },
		{ "where: { followers: '=1000' }", FOLLOWED("1000"), 1 },
		{ "where: { followers: '>=1000' }", FOLLOWED("1000"), 1 },
		{ "where: { followers: '>=1000' }", FOLLOWED("999"), 0 },
		{ "where: { followers: '> 1000' }", FOLLOWED("1000"), 0 },
		{ "where: { followers: '>1000' }", FOLLOWED("1001"), 1 },
		{ "where: { followers: '<1k' }", FOLLOWED("999"), 1 },
		{ "where: { followers: '<1k' }", FOLLOWED("1000"), 0 },
		{ "where: { followers: '<=1k' }", FOLLOWED("1000"), 1 },
		{ "where: { followers: 1000..5000 }", FOLLOWED("1000"), 1 },
		{ "where: { followers: 1000..5000 }", FOLLOWED("5000"), 1 },
		{ "where: { followers: 1K..5K }", FOLLOWED("5001"), 0 },
		{ "where: { followers: '>=2M' }", FOLLOWED("2000000"), 1 },
		{ "where: { followers: ['<10', '>=1M'] }", FOLLOWED("9"), 1 },
		{ "where: { followers: ['<10', '>=1M'] }", FOLLOWED("10"), 0 },
		{ "where: { followers: '>=0' }", FOLLOWED("-1"), 0 },
		{ "where: { followers: '<1000' }", "{\"text\":\"x\"}", 0 },
	};
	CHECK_SAMPLES(samples, is_so);
}

#define CREATED(at) "{\"text\":\"x\",\"created_at\":\"" at "\"}"

static void since_takes_days_times_and_ages(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "where: { since: 2026-11-01 }", CREATED("2026-11-01T00:00:00Z"), 1 },
		{ "where: { since: 2026-11-01 }", CREATED("2026-10-31T23:59:59Z"), 0 },
		{ "where: { since: '2026-11-01T08:00:00+01:00' }", CREATED("2026-11-01T07:00:00Z"),
			1 },
		{ "where: { since: '2026-11-01T08:00:00+01:00' }", CREATED("2026-11-01T06:59:59Z"),
			0 },
		{ "where: { since: 2h }", CREATED("2027-01-15T06:00:00Z"), 1 },
		{ "where: { since: 2h }", CREATED("2027-01-15T05:59:59Z"), 0 },
		{ "where: { since: 1w }", CREATED("2027-01-08T08:00:00Z"), 1 },
		{ "where: { since: 10m }", CREATED("2027-01-15T07:49:59Z"), 0 },
		{ "where: { since: 2026-11-01 }", "{\"text\":\"x\"}", 0 },
		{ "where: { since: 2h }", "{\"text\":\"x\"}", 0 },
		{ "where: { since: '2026-11-01' }", CREATED("2026-11-01T00:00:00.5Z"), 1 },
	};
	CHECK_SAMPLES(samples, is_so);
}

static void terms_may_look_at_one_field_alone(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "any: 'title:solaire'", "{\"title\":\"Solaire\",\"text\":\"x\"}", 1 },
		{ "any: 'title:solaire'", "{\"title\":\"x\",\"text\":\"solaire\"}", 0 },
		{ "any: 'text:solaire'", "{\"title\":\"solaire\",\"text\":\"x\"}", 0 },
		{ "any: 'title:\"centrale solaire\"'", "{\"title\":\"Centrale solaire\"}", 1 },
		{ "any: 'title:=EDF'", "{\"title\":\"edf\"}", 0 },
		{ "any: '=title:EDF'", "{\"title\":\"EDF\"}", 1 },
		{ "any: 'title:#edf'", "{\"title\":\"#edf\"}", 1 },
		{ "any: 'title:/s.l/'", "{\"title\":\"x\",\"text\":\"sol\"}", 0 },
		{ "any: 'title:/s.l/'", "{\"title\":\"sol\",\"text\":\"x\"}", 1 },
		{ "any: 'title:🌞'", "{\"title\":\"🌞\",\"text\":\"x\"}", 1 },
		{ "any: 'title:🌞'", "{\"title\":\"x\",\"text\":\"🌞\"}", 0 },
		{ "any: 'title:site:edf.fr'", "{\"title\":\"https://edf.fr\"}", 1 },
		{ "any: 'title:site:edf.fr'", "{\"text\":\"https://edf.fr\"}", 0 },
		{ "any: 'title: solaire'", "{\"text\":\"title solaire\"}", 1 },
		{ "where: { title: [solaire, '\"parc éolien\"'] }", "{\"title\":\"parc eolien\"}",
			1 },
		{ "any: x, where: { text: solaire }", "{\"title\":\"solaire\",\"text\":\"x\"}", 0 },
		{ "any: x, where: { tag: [edf, '#engie'] }", "{\"text\":\"x #Engie\"}", 1 },
		{ "any: x, none: ['site:edf.fr']", "{\"text\":\"x https://edf.fr\"}", 0 },
		{ "any: x, none: ['site:edf.fr']", "{\"text\":\"x\"}", 1 },
		{ "any: x, where: { site: [a.fr, edf.fr], lang: fr }",
			"{\"text\":\"x\",\"links\":[\"https://edf.fr\"],\"lang\":\"fr\"}", 1 },
		{ "where: { url: solaire }", "{\"text\":\"https://a.fr/solaire\"}", 1 },
	};
	CHECK_SAMPLES(samples, is_so);
}

/* --- random rules and records --- */

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

static const char *const hosts[] = { "example.com", "fr.example.com", "notexample.com",
	"example.com.evil.net", "EXAMPLE.com", "exämple.com", "例え.jp", "edf.fr", "x.co",
	"solaire.fr", "my-example.com", "example[.]com", "edf(dot)fr", "fr", "b_c.fr", "xn--e1a.fr",
	"例えexample.com", "example.com東京" };
static const char *const forms[] = { "%s", "%s", "http://%s", "https://%s/solaire", "hxxp://%s/a/b",
	"www.%s", "https://u:p@%s:8080/a?x#y", "%s/solaire", "%s/a", "@%s", "a@%s",
	"https://evil.net/%s", "%s.", "(%s)", "は%sへ", "https://%sへ", "foo/%s", "//%s", "%s:80",
	"%s:80/a/b", "%s@x.fr", "x=%s", "#%s", "https://a.fr?u=%s", "-%s-", "j'%s", "%s://a.fr",
	"HTTPS://%s", "http://@%s", "mailto:%s", "https://t.co/%s" };
static const char *const words[] = { "solaire", "Solaire", "#solaire", "#EDF", "@edf", "a b",
	"東京", "fin.Voir", "énergie", "&amp;", "<b>", "#ÉnergieSolaire", "🌞", "sol", "3.5km",
	"a/b" };

static void add_link(struct buf *out, uint64_t *seed)
{
	char text[200];
	const char *form = PICK(seed, forms), *host = PICK(seed, hosts);
	size_t at = str_find(str_of(form), STR("%s"));
	(void)snprintf(text, sizeof text, "%.*s%s%s", (int)at, form, host, form + at + 2);
	buf_add(out, str_of(text));
}

static void add_text(struct buf *out, uint64_t *seed)
{
	static const char *const separators[] = { " ", " ", "\n", ", ", "", "。" };
	for (size_t i = next_random(seed) % 5; i > 0; i--) {
		if (next_random(seed) % 2)
			add_link(out, seed);
		else
			buf_add(out, str_of(PICK(seed, words)));
		buf_add(out, str_of(PICK(seed, separators)));
	}
}

/* JSON of a text with random escapes where JSON leaves the choice. */
static void add_json(struct buf *out, uint64_t *seed, struct str text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n;) {
		uint32_t c;
		size_t n = utf8_read(text, i, &c);
		if (c == '/' && next_random(seed) % 2)
			buf_add(out, STR("\\/"));
		else if (c > 0xFFFF ||
			(c >= 0x20 && c != '"' && c != '\\' && next_random(seed) % 9))
			buf_add(out, str_slice(text, i, i + n));
		else
			buf_addf(out, "\\u%04x", c);
		i += n;
	}
	buf_add_char(out, '"');
}

static void add_part(struct buf *out, uint64_t *seed, char part)
{
	static const char *const tags[] = { "solaire", "EDF", "Énergie Solaire", "東京", "" };
	static const char *const people[] = { "edf", "Zoé", "did:plc:b" };
	static const char *const langs[] = { "fr", "fr-CA", "en", "und" };
	static const char *const counts[] = { "0", "999", "1000", "5000000", "null" };
	static const char *const times[] = { "2026-11-01T00:00:00Z", "2027-01-15T07:00:00Z", "" };
	static const char *const truths[] = { "true", "false", "null" };
	struct buf text;
	buf_init(&text, 0);
	switch (part) {
	case 'T':
		add_text(&text, seed);
		break;
	case 'L':
		add_link(&text, seed);
		break;
	case 'G':
		buf_add(&text, str_of(PICK(seed, tags)));
		break;
	case 'P':
		buf_add(&text, str_of(PICK(seed, people)));
		break;
	case 'C':
		buf_add(&text, str_of(PICK(seed, times)));
		break;
	case 'F':
		buf_add(&text, str_of(PICK(seed, langs)));
		break;
	default:
		buf_add(out, str_of(part == 'N' ? PICK(seed, counts) : PICK(seed, truths)));
		buf_finish(&text);
		return;
	}
	add_json(out, seed, text.p ? buf_str(&text) : STR(""));
	buf_finish(&text);
}

/* Capital letters after a "%" stand for parts. */
static void add_record(struct buf *out, uint64_t *seed, const char *form)
{
	for (; *form; form++) {
		if (*form == '%')
			add_part(out, seed, *++form);
		else
			buf_add_char(out, *form);
	}
}

static const struct {
	const char *map, *record;
} networks[] = {
	{ "post",
		"{\"id\":\"1\",\"url\":%L,\"text\":%T,\"title\":%T,\"author\":{\"handle\":%P,"
		"\"followers\":%N,\"verified\":%B},\"lang\":%F,\"created_at\":%C,\"tags\":[%G,%G],"
		"\"mentions\":[%P],\"links\":[%L,%L],\"sensitive\":%B,\"media\":%B}" },
	{ "bluesky",
		"{\"did\":\"did:plc:a\",\"commit\":{\"operation\":\"create\",\"collection\":"
		"\"app.bsky.feed.post\",\"rkey\":\"k\",\"record\":{\"text\":%T,\"langs\":[%F],"
		"\"tags\":[%G],\"facets\":[{\"features\":[{\"uri\":%L}]},{\"features\":[{\"tag\":%G"
		"}]}],\"embed\":{\"external\":{\"uri\":%L}},\"createdAt\":%C,\"reply\":{\"parent\":"
		"{\"uri\":\"at://did:plc:b/app.bsky.feed.post/1\"}}}}}" },
	{ "mastodon",
		"{\"id\":\"1\",\"content\":%T,\"url\":%L,\"tags\":[{\"name\":%G}],\"card\":{"
		"\"url\":%L},\"account\":{\"acct\":%P,\"followers_count\":%N},\"language\":%F,"
		"\"mentions\":[{\"acct\":%P}],\"media_attachments\":[{\"id\":1}],\"sensitive\":%"
		"B}" },
	{ "mastodon",
		"{\"type\":\"Create\",\"object\":{\"id\":\"1\",\"content\":%T,\"url\":%L,\"tag\":[{"
		"\"type\":\"Hashtag\",\"name\":%G}],\"sensitive\":%B}}" },
	{ "x",
		"{\"data\":{\"id\":\"1\",\"text\":%T,\"lang\":%F,\"author_id\":\"7\",\"created_"
		"at\":"
		"%C,\"entities\":{\"hashtags\":[{\"tag\":%G}],\"urls\":[{\"expanded_url\":%L}],"
		"\"mentions\":[{\"username\":%P}]}},\"includes\":{\"users\":[{\"id\":\"7\","
		"\"username\":%P,\"verified\":%B,\"public_metrics\":{\"followers_count\":%N}}]}}" },
	{ "tweet-v1",
		"{\"id_str\":\"1\",\"text\":%T,\"lang\":%F,\"user\":{\"screen_name\":%P,"
		"\"followers_count\":%N,\"verified\":%B},\"entities\":{\"hashtags\":[{\"text\":%G}]"
		","
		"\"urls\":[{\"expanded_url\":%L}]},\"retweeted_status\":{\"id_str\":\"2\"}}" },
};

static void add_term(struct buf *out, uint64_t *seed)
{
	static const char *const terms[] = { "site:example.com", "site:fr", "site:x.co",
		"site:例え.jp", "site:jp", "site:edf[.]fr", "site:*.evil.net", "site:exämple.com",
		"site:xn--e1a.fr", "url:solaire", "url:a/b", "url:example.com/a", "url:例",
		"url:com", "url:x", "url:https://t.co", "tag:solaire", "#solaire", "=#EDF",
		"tag:edf", "tag:\"énergie solaire\"", "title:solaire", "text:solaire",
		"title:#solaire", "text:#edf", "title:site:fr", "text:url:solaire",
		"title:=solaire", "title:\"a b\"", "text:東京", "title:/so.aire/i", "solaire",
		"@edf", "title:@edf", "title:\"énergie solaire\"", "site:my-example.com",
		"site:solaire.fr", "url:solaire.fr" };
	buf_addf(out, "'%s'", PICK(seed, terms));
}

static void add_condition(struct buf *out, uint64_t *seed)
{
	static const char *const conditions[] = { "lang: fr", "lang: [fr-CA, en]", "from: '@EDF'",
		"to: [edf, 'did:plc:b']", "from: zoe", "type: [post, reply]", "is: repost",
		"is: [reply, sensitive]", "is: verified", "has: link", "has: [media, tag]",
		"has: mention", "followers: '>=1000'", "followers: [0, 1k..2M]",
		"followers: '<999'", "since: 2026-11-01", "since: 2h",
		"since: '2027-01-01T00:00:00Z'", "repost: false", "repost: true", "country: FR",
		"source: 'a*'", "site: [example.com, edf.fr]", "url: [solaire, a/b]",
		"tag: [edf, '\"énergie solaire\"']", "title: [solaire, '=EDF']",
		"text: ['\"a b\"', 東京]" };
	buf_add(out, str_of(PICK(seed, conditions)));
}

static void add_rules(struct buf *yaml, uint64_t *seed)
{
	static const char *const keys[] = { "any", "all", "none" };
	buf_add(yaml, STR("lists:\n  liens: ['site:edf.fr', 'url:solaire', '#edf']\nrules:\n"));
	/* Rules of conditions alone want every record, and then the scan has nothing to show. */
	bool alone = next_random(seed) % 4 == 0;
	for (size_t i = 0; i < 5; i++) {
		buf_addf(yaml, "- name: r%zu\n", i);
		bool where = next_random(seed) % 3 == 0;
		for (size_t k = 0; k < 3; k++) {
			if (next_random(seed) % 3 && !(k == 0 && !(where && alone)))
				continue;
			buf_addf(yaml, "  %s: [", keys[k]);
			add_term(yaml, seed);
			buf_add(yaml, STR(", "));
			if (next_random(seed) % 4)
				add_term(yaml, seed);
			else
				buf_add(yaml, STR("list:liens"));
			buf_add(yaml, STR("]\n"));
		}
		if (!where)
			continue;
		buf_add(yaml, STR("  where: { "));
		add_condition(yaml, seed);
		buf_add(yaml, STR(" }\n"));
	}
}

struct tally {
	size_t posts, matching, rule_sets;
};

static void try_record(struct twins *t, struct post_reader *reader, struct str yaml,
	struct str record, struct tally *tally)
{
	const char *reason;
	size_t at, matching;
	struct post post;
	struct buf why;
	buf_init(&why, 0);
	enum post_read read = post_read(reader, record, &post, &reason, &at);
	post.received_at_us = INT64_C(1800000000) * US_PER_S;
	if (read == POST_READ) {
		if (!twins_agree_on(t, &post, record, &matching, &why))
			fail_msg("%.*s%.*s\n---\n%.*s\n", STR_ARGS(buf_str(&why)), STR_ARGS(yaml),
				STR_ARGS(record));
		tally->matching += matching;
		tally->posts++;
	}
	buf_finish(&why);
}

static void all_ways_agree_on_random_rules_and_records_of_all_maps(void **state)
{
	(void)state;
	int64_t rounds = effort_rounds(150);
	uint64_t seed = 11;
	struct tally tally = { 0 };
	struct buf yaml, record;
	buf_init(&yaml, 0);
	buf_init(&record, 0);
	for (int64_t round = 0; round < rounds; round++) {
		size_t n = next_random(&seed) % (sizeof networks / sizeof *networks);
		const struct post_map *map = next_random(&seed) % 2
			? post_map_auto()
			: post_map_builtin(str_of(networks[n].map));
		buf_clear(&yaml);
		add_rules(&yaml, &seed);
		struct twins *t = twins_of_map(buf_str(&yaml), map);
		if (!t)
			continue;
		tally.rule_sets++;
		struct post_reader *reader = post_reader_create(map);
		for (size_t i = 0; i < 60; i++) {
			buf_clear(&record);
			add_record(&record, &seed, networks[n].record);
			try_record(t, reader, buf_str(&yaml), buf_str(&record), &tally);
		}
		post_reader_destroy(reader);
		twins_destroy(t);
	}
	assert_true((int64_t)tally.rule_sets * 10 > rounds * 8);
	assert_true(tally.matching * 4 > tally.posts); /* it is no test of nothing */
	buf_finish(&yaml);
	buf_finish(&record);
}

static const char *const real_rules[] = {
	"any: ['site:t.co', 'site:youtube.com', 'site:bbc.co.uk', 'site:lemonde.fr']",
	"any: ['site:bsky.app', 'site:x.com', 'site:nyc.gov', 'site:github.com']",
	"any: ['site:fr', 'site:org', 'site:io', 'site:uk']",
	"any: ['url:news', 'url:status', 'url:watch?v', 'url:www.nytimes.com/2022']",
	"any: ['tag:nyc', '#news', '#music', 'tag:rt', '#france']",
	"any: ['title:the', 'text:new'], none: ['url:photo'], where: { has: [link, media] }",
	"any: ['site:com'], where: { repost: false, lang: [en, fr] }",
	"all: [the], where: { followers: '>=1k', is: [verified, reply] }",
};

/* Each by itself, so that no rule lets through what another waits for. */
static void try_rule(const char *rule, struct str data, struct tally *tally)
{
	struct str line;
	struct buf yaml;
	buf_init(&yaml, 0);
	buf_addf(&yaml, "rules:\n- { name: r, %s }\n", rule);
	struct twins *t = twins_of_map(buf_str(&yaml), post_map_auto());
	assert_non_null(t);
	struct post_reader *reader = post_reader_create(post_map_auto());
	for (size_t n = 0; n < 400 && str_next(&data, '\n', &line); n++)
		try_record(t, reader, buf_str(&yaml), line, tally);
	post_reader_destroy(reader);
	twins_destroy(t);
	buf_finish(&yaml);
}

static void all_ways_agree_on_real_posts(void **state)
{
	(void)state;
	static const char *const files[] = { "tweets-v1.1/tweets_v11.ndjson",
		"jetstream/events_v1.ndjson", "ndjson/bluesky_nyc.ndjson",
		"ndjson/mastodon_outbox.ndjson", "ndjson/fr_media_tweets.ndjson",
		"ndjson/hackernews_titles.ndjson", "ndjson/x_api_v2_sample.ndjson" };
	struct tally tally = { 0 };
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct buf data;
		read_data(files[i], &data);
		for (size_t k = 0; k < sizeof real_rules / sizeof *real_rules; k++)
			try_rule(real_rules[k], buf_str(&data), &tally);
		buf_finish(&data);
	}
	assert_true(tally.posts > 8000);
	assert_true(tally.matching > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_and_places_are_compared_folded),
		cmocka_unit_test(kinds_of_posts_are_told_apart),
		cmocka_unit_test(what_a_post_has_may_stand_in_its_text),
		cmocka_unit_test(followers_are_compared_as_numbers),
		cmocka_unit_test(since_takes_days_times_and_ages),
		cmocka_unit_test(terms_may_look_at_one_field_alone),
		cmocka_unit_test(all_ways_agree_on_real_posts),
		cmocka_unit_test(all_ways_agree_on_random_rules_and_records_of_all_maps),
	};
	return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
