#include "tests/check.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "sources/feed/feed_bytes.h"
#include "sources/feed/feed_date.h"
#include "sources/feed/feed_parse.h"
#include "sources/feed/feed_url.h"

struct parsed {
	struct arena arena;
	struct feed feed;
	const char *reason;
	enum feed_verdict verdict;
};

static int set_up(void **state)
{
	static struct parsed p;
	p = (struct parsed){ 0 };
	arena_init(&p.arena, FEED_MAX_MEMORY_BYTES);
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct parsed *p = *state;
	arena_finish(&p->arena);
	return 0;
}

static const struct feed_entry *parse_as(
	struct parsed *p, struct str bytes, struct str charset, struct str base)
{
	p->verdict = feed_parse(bytes, charset, base, &p->arena, &p->feed, &p->reason);
	return p->verdict == FEED_READ && p->feed.entry_count ? p->feed.entries : NULL;
}

static const struct feed_entry *parse(struct parsed *p, struct str bytes)
{
	const struct feed_entry *entry = parse_as(p, bytes, STR_NONE, STR("http://example.com/f/"));
	assert_non_null(entry);
	return entry;
}

static void same(struct str got, const char *wanted)
{
	if (!str_eq(got, str_of(wanted)))
		fail_msg("'%.*s' instead of '%s'", STR_ARGS(got), wanted);
}

#define ITEM(inner) STR("<rss><channel><item>" inner "</item></channel></rss>")

/* ---- encodings ---- */

#define ENCODED(declaration, bytes) \
	STR(declaration "<rss><channel><item><title>" bytes "</title></item></channel></rss>")

static void the_byte_order_mark_counts_before_all_else(void **state)
{
	const struct feed_entry *e = parse_as(*state,
		ENCODED("\xEF\xBB\xBF<?xml version='1.0' encoding='koi8-r'?>", "caf\xC3\xA9"),
		STR("koi8-r"), STR_NONE);
	same(e->title, "caf\xC3\xA9");
}

static void the_answers_charset_counts_before_the_declaration(void **state)
{
	const struct feed_entry *e = parse_as(*state,
		ENCODED("<?xml version='1.0' encoding='iso-8859-1'?>", "\xC1"), STR("koi8-r"),
		STR_NONE);
	same(e->title, "\xD0\xB0");
}

static void the_declaration_counts_where_the_answer_says_nothing(void **state)
{
	const struct feed_entry *e = parse(
		*state, ENCODED("<?xml version='1.0' encoding=\"koi8-r\"?>", "\xC1"));
	same(e->title, "\xD0\xB0");
}

static void utf8_is_utf8_whatever_is_claimed(void **state)
{
	const struct feed_entry *e = parse_as(
		*state, ENCODED("", "d\xC3\xA9j\xC3\xA0"), STR("iso-8859-1"), STR_NONE);
	same(e->title, "d\xC3\xA9j\xC3\xA0");
}

static void a_stray_byte_in_utf8_is_windows_1252(void **state)
{
	const struct feed_entry *e = parse(*state, ENCODED("", "\xC3\xA9 \x93q\x94"));
	same(e->title, "\xC3\xA9 \xE2\x80\x9Cq\xE2\x80\x9D");
}

static void utf16_is_told_by_its_first_bytes(void **state)
{
	const char *xml = "<rss><item><title>x\xE9</title></item></rss>";
	for (int form = 0; form < 4; form++) {
		struct buf wide;
		buf_init(&wide, 1024);
		if (form & 1)
			buf_add(&wide, form & 2 ? STR("\xFF\xFE") : STR("\xFE\xFF"));
		for (const char *c = xml; *c; c++) {
			buf_add_char(&wide, form & 2 ? *c : '\0');
			buf_add_char(&wide, form & 2 ? '\0' : *c);
		}
		same(parse(*state, buf_str(&wide))->title, "x\xC3\xA9");
		buf_finish(&wide);
	}
}

/* ---- hostile and ill-formed ---- */

static void no_entity_of_a_document_is_expanded(void **state)
{
	struct parsed *p = *state;
	const struct feed_entry *e = parse(p,
		STR("<!DOCTYPE r [<!ENTITY f SYSTEM \"file:///etc/hostname\"><!ENTITY a 'b>]'>"
		    "<!-- ]> --><!ENTITY l '&a;&a;&a;'>]><rss><channel><item><title>[&f;][&l;]"
		    "</title></item></channel></rss>"));
	same(e->title, "[&f;][&l;]");
}

static void named_characters_of_html_are_read(void **state)
{
	same(parse(*state, ITEM("<title>&eacute;&nbsp;&hellip;&#233;&#x20AC;</title>"))->title,
		"\xC3\xA9\xC2\xA0\xE2\x80\xA6\xC3\xA9\xE2\x82\xAC");
}

static void bare_ampersands_and_angles_are_text(void **state)
{
	const struct feed_entry *e = parse(*state,
		ITEM("<title>AT&T 1 < 2 &copy=1; x</title>"
		     "<link>http://e/?a=1&copy=2&b</link>"));
	same(e->title, "AT&T 1 < 2 &copy=1; x");
	same(e->link, "http://e/?a=1&copy=2&b");
}

static void control_characters_vanish(void **state)
{
	same(parse(*state,
		     ITEM("<title>a\x01\x0B"
			  "bc</title>"))
			->title,
		"abc");
}

static void what_breaks_off_is_read_so_far(void **state)
{
	struct parsed *p = *state;
	const struct feed_entry *e = parse(p,
		STR("<rss><channel><item><title>one</title></item><item><title>two</title>"
		    "<description>begun"));
	assert_int_equal(p->feed.entry_count, 2);
	assert_true(p->feed.ill_formed);
	same(e[1].title, "two");
	same(e[1].summary, "begun");
}

static void an_item_without_its_end_ends_at_the_next(void **state)
{
	struct parsed *p = *state;
	const struct feed_entry *e = parse(p,
		STR("<rss><channel><item><title>one</title><item><title>two</title></item>"
		    "<item><title>three</title></item></channel></rss>"));
	assert_int_equal(p->feed.entry_count, 3);
	same(e[0].title, "one");
	same(e[1].title, "two");
	same(e[2].title, "three");
}

static void depth_has_no_end_but_costs_nothing(void **state)
{
	struct buf xml;
	buf_init(&xml, 0);
	buf_add(&xml, STR("<rss><channel>"));
	for (int i = 0; i < 100000; i++)
		buf_add(&xml, STR("<x>"));
	assert_null(parse_as(*state, buf_str(&xml), STR_NONE, STR_NONE));
	buf_clear(&xml);
	buf_add(&xml, STR("<rss><channel><item><description>"));
	for (int i = 0; i < 100000; i++)
		buf_add(&xml, STR("<x>y"));
	assert_non_null(parse(*state, buf_str(&xml))->summary.p);
	buf_finish(&xml);
}

/* ---- ceilings ---- */

/* A % of `each` becomes the number. */
static void fill_feed(
	struct buf *xml, const char *before, const char *each, size_t count, const char *after)
{
	buf_init(xml, 0);
	buf_add(xml, str_of(before));
	for (size_t i = 0; i < count; i++) {
		for (const char *c = each; *c; c++) {
			if (*c == '%')
				buf_addf(xml, "%zu", i);
			else
				buf_add_char(xml, *c);
		}
	}
	buf_add(xml, str_of(after));
}

static void entries_end_at_their_ceiling(void **state)
{
	struct parsed *p = *state;
	for (size_t more = 0; more < 2; more++) {
		struct buf xml;
		fill_feed(&xml, "<rss><channel>", "<item><title>%</title></item>",
			FEED_MAX_ENTRIES + more, "</channel></rss>");
		arena_reset(&p->arena);
		(void)parse(p, buf_str(&xml));
		assert_int_equal(p->feed.entry_count, FEED_MAX_ENTRIES);
		assert_int_equal(p->feed.cut, more);
		buf_finish(&xml);
	}
}

static void lists_end_at_their_ceiling(void **state)
{
	struct parsed *p = *state;
	for (size_t more = 0; more < 2; more++) {
		struct buf xml;
		fill_feed(&xml, "<rss><item>",
			"<category>%</category><enclosure url='u%'/><author>%</author>",
			FEED_MAX_ITEMS + more, "</item></rss>");
		const struct feed_entry *e = parse(p, buf_str(&xml));
		assert_int_equal(e->tags.count, FEED_MAX_ITEMS);
		assert_int_equal(e->enclosures.count, FEED_MAX_ITEMS);
		assert_int_equal(e->authors.count, FEED_MAX_ITEMS);
		assert_int_equal(p->feed.cut, more);
		buf_finish(&xml);
	}
}

static void texts_end_at_their_ceiling(void **state)
{
	struct parsed *p = *state;
	for (size_t more = 0; more < 2; more++) {
		struct buf xml;
		fill_feed(&xml, "<rss><item><description>", "x", FEED_MAX_TEXT_BYTES - 1, "");
		/* Two bytes: cut off whole. */
		buf_add(&xml, more ? STR("\xC3\xA9") : STR("x"));
		buf_add(&xml, STR("</description></item></rss>"));
		const struct feed_entry *e = parse(p, buf_str(&xml));
		assert_int_equal(e->summary.n, FEED_MAX_TEXT_BYTES - more);
		assert_int_equal(p->feed.cut, more);
		buf_finish(&xml);
	}
}

static void a_document_has_a_ceiling(void **state)
{
	struct parsed *p = *state;
	for (size_t more = 0; more < 2; more++) {
		struct buf xml;
		buf_init(&xml, 0);
		buf_add(&xml, STR("<rss><item><title>x</title></item></rss>"));
		while (xml.n < FEED_MAX_BYTES + more)
			buf_add_char(&xml, ' ');
		const struct feed_entry *e = parse_as(p, buf_str(&xml), STR_NONE, STR_NONE);
		assert_true((e != NULL) == (more == 0));
		buf_finish(&xml);
	}
	assert_string_equal(p->reason, "too large");
}

/* ---- what is in a feed ---- */

static void what_is_no_feed_is_named(void **state)
{
	static const struct {
		const char *text, *reason;
		enum feed_verdict verdict;
	} cases[] = {
		{ "", "an empty answer", FEED_UNKNOWN },
		{ "hello", "neither XML nor JSON", FEED_UNKNOWN },
		{ "<!doctype HTML><p>x", "a web page", FEED_WEB_PAGE },
		{ "\n<html><body>", "a web page", FEED_WEB_PAGE },
		{ "<opml/>", "a list of feeds (OPML), not a feed", FEED_UNKNOWN },
		{ "<svg/>", "XML, but no feed", FEED_UNKNOWN },
		{ "{\"a\":1}", "JSON, but no feed", FEED_UNKNOWN },
		{ "{\"version\":", "broken JSON", FEED_UNKNOWN },
	};
	struct parsed *p = *state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		(void)parse_as(p, str_of(cases[i].text), STR_NONE, STR_NONE);
		assert_int_equal(p->verdict, cases[i].verdict);
		assert_string_equal(p->reason, cases[i].reason);
	}
}

static void a_feed_says_when_to_come_back(void **state)
{
	struct parsed *p = *state;
	(void)parse(p,
		STR("<rss><channel><ttl>90</ttl><skipHours><hour>0</hour><hour>24</hour>"
		    "<hour>5</hour><hour>25</hour><hour>x</hour></skipHours><skipDays>"
		    "<day>Sunday</day><day>Saturday</day><day>Noday</day></skipDays>"
		    "<item/></channel></rss>"));
	assert_int_equal(p->feed.ttl_us, 90 * US_PER_MINUTE);
	assert_int_equal(p->feed.skip_hours, 1u << 0 | 1u << 5);
	assert_int_equal(p->feed.skip_days, 1u << 0 | 1u << 6);
}

static void entries_have_authors_and_language_from_their_feed(void **state)
{
	const struct feed_entry *e = parse(*state,
		STR("<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='fr'><author><name>A</name>"
		    "</author><entry/><entry xml:lang='en'><author><name>B</name></author></entry>"
		    "</feed>"));
	same(e[0].authors.items[0].name, "A");
	same(e[0].lang, "fr");
	same(e[1].authors.items[0].name, "B");
	same(e[1].lang, "en");
}

static void links_of_a_feed_are_absolute(void **state)
{
	struct parsed *p = *state;
	const struct feed_entry *e = parse(p,
		STR("<feed xmlns='http://www.w3.org/2005/Atom' xml:base='/a/'>"
		    "<link rel='self' href='s'/><link rel='next' href='?p=2'/>"
		    "<link rel='hub' href='//h/'/><entry xml:base='b/'><link href='c'/></entry>"
		    "</feed>"));
	same(p->feed.self, "http://example.com/a/s");
	same(p->feed.next, "http://example.com/a/?p=2");
	same(p->feed.hub, "http://h/");
	same(e->link, "http://example.com/a/b/c");
}

static void what_a_text_links_to_is_a_link(void **state)
{
	const struct feed_entry *e = parse(*state,
		ITEM("<description>&lt;a class=x href='http://e/?a=1&amp;amp;b=2'>y"
		     "&lt;/a>&lt;A HREF=https://f/ >&lt;a href='/relative'>&lt;a>"
		     "&lt;!-- &lt;a href='http://no/'> -->&lt;abbr href='http://no/'>"
		     "&lt;a href='https://f/'></description>"));
	assert_int_equal(e->links.count, 2);
	same(e->links.items[0].url, "http://e/?a=1&b=2");
	same(e->links.items[1].url, "https://f/");
}

static void an_item_of_json_without_an_id_is_dropped(void **state)
{
	struct parsed *p = *state;
	const struct feed_entry *e = parse(p,
		STR("{\"version\":\"https://jsonfeed.org/version/1\",\"items\":["
		    "{\"title\":\"no id\"},{\"id\":17,\"content_text\":\"a, ]}\\\"\"},"
		    "{\"id\":\"http://e/x\",\"content_html\":\"<p>a<p>b\"}]}"));
	assert_int_equal(p->feed.entry_count, 2);
	same(e[0].id, "17");
	same(e[0].content, "a, ]}\"");
	same(e[1].link, "http://e/x");
	same(e[1].content, "a\nb");
}

static void keys_are_made_of_id_then_link_then_text(void **state)
{
	struct parsed *p = *state;
	char keys[5][FEED_KEY_BYTES + 1];
	const struct feed_entry *e = parse(p,
		STR("<rss><item><guid>1</guid><link>http://a/</link><title>x</title></item>"
		    "<item><guid>1</guid><link>http://b/</link><title>y</title></item>"
		    "<item><link>http://a/</link><title>x</title></item>"
		    "<item><link>http://a/</link><title>y</title></item>"
		    "<item><title>y</title></item></rss>"));
	for (size_t i = 0; i < 5; i++)
		feed_entry_key(&e[i], keys[i]);
	assert_string_equal(keys[0], keys[1]);
	assert_string_equal(keys[2], keys[3]);
	assert_string_not_equal(keys[1], keys[2]);
	assert_string_not_equal(keys[3], keys[4]);
}

/* ---- dates and addresses ---- */

static void dates_are_read_as_people_would(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{ "2003-12-31T10:14:55Z", "2003-12-31T10:14:55Z" },
		{ "2003-12-31T10:14:55.25+01:00", "2003-12-31T09:14:55.250000Z" },
		{ "2003-12-31 10:14:55", "2003-12-31T10:14:55Z" },
		{ "2003-12-31T10:14", "2003-12-31T10:14:00Z" },
		{ "2003-12-31", "2003-12-31T00:00:00Z" },
		{ "2003-12", "2003-12-01T00:00:00Z" },
		{ "2003", "2003-01-01T00:00:00Z" },
		{ "20031231", "2003-12-31T00:00:00Z" },
		{ "20031231T101455Z", "2003-12-31T10:14:55Z" },
		{ "2004-060", "2004-02-29T00:00:00Z" },
		{ "2020/1/10 14:33:00", "2020-01-10T14:33:00Z" },
		{ "Sat, 07 Sep 2002 00:00:01 GMT", "2002-09-07T00:00:01Z" },
		{ "Sat, 7 Sep 02 0:01 EST", "2002-09-07T05:01:00Z" },
		{ "7 September 1998 12:00:00 -0330", "1998-09-07T15:30:00Z" },
		{ "Sept 7, 2002, 5:04 PM PDT", "2002-09-08T00:04:00Z" },
		{ "07-Sep-02", "2002-09-07T00:00:00Z" },
		{ "Fri Jan  2 15:04:05 2004", "2004-01-02T15:04:05Z" },
		{ "1/25/2006 5:09:00 PM", "2006-01-25T17:09:00Z" },
		{ "25/1/2006", "2006-01-25T00:00:00Z" },
		{ "02.01.2006 12:30", "2006-01-02T12:30:00Z" },
		{ "mardi 7 f\xC3\xA9vrier 2017 12:00 CET", "2017-02-07T11:00:00Z" },
		{ "3 ao\xC3\xBBt 2017", "2017-08-03T00:00:00Z" },
		{ "12:15 AM, 1 Jan 2001", "2001-01-01T00:15:00Z" },
		{ "Thu, 31 Dec 2003 24:00:00 GMT", "2004-01-01T00:00:00Z" },
		{ "1041379200", "2003-01-01T00:00:00Z" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t us;
		char text[TIME_TEXT_BYTES];
		if (!feed_date_parse(str_of(cases[i].text), &us))
			fail_msg("not read: %s", cases[i].text);
		time_format(us, text);
		assert_string_equal(text, cases[i].wanted);
	}
}

static void what_is_no_date_is_none(void **state)
{
	static const char *const cases[] = { "", "yesterday", "2003-13-01", "2003-02-30",
		"30 Feb 2003", "12", "Sat, 07 Sep", "2003-12-31T25:00:00Z", "2003-12-31T10:61:00Z",
		"7 Sep 2002 10:00 +9900", "1/2", "0000-00-00", "99999-01-01",
		"2003-12-31 nonsense" };
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t us = 0;
		if (feed_date_parse(str_of(cases[i]), &us))
			fail_msg("read: %s as %lld", cases[i], (long long)us);
	}
}

static void addresses_are_resolved_as_rfc_3986_has_it(void **state)
{
	struct parsed *p = *state;
	static const char *const cases[][2] = { { "g:h", "g:h" }, { "g", "http://a/b/c/g" },
		{ "./g", "http://a/b/c/g" }, { "g/", "http://a/b/c/g/" }, { "/g", "http://a/g" },
		{ "//g", "http://g" }, { "?y", "http://a/b/c/d;p?y" },
		{ "g?y", "http://a/b/c/g?y" }, { "#s", "http://a/b/c/d;p?q#s" },
		{ "g#s", "http://a/b/c/g#s" }, { ";x", "http://a/b/c/;x" },
		{ "", "http://a/b/c/d;p?q" }, { ".", "http://a/b/c/" }, { "./", "http://a/b/c/" },
		{ "..", "http://a/b/" }, { "../g", "http://a/b/g" }, { "../..", "http://a/" },
		{ "../../g", "http://a/g" }, { "../../../g", "http://a/g" },
		{ "/./g", "http://a/g" }, { "/../g", "http://a/g" }, { "..g", "http://a/b/c/..g" },
		{ "./../g", "http://a/b/g" }, { "g/../h", "http://a/b/c/h" },
		{ "g?y/../x", "http://a/b/c/g?y/../x" } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		same(feed_url_resolve(STR("http://a/b/c/d;p?q"), str_of(cases[i][0]), &p->arena),
			cases[i][1]);
	same(feed_url_resolve(STR_NONE, STR(" x "), &p->arena), "x");
	same(feed_url_resolve(STR("http://h"), STR("x"), &p->arena), "http://h/x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_byte_order_mark_counts_before_all_else),
		TEST(the_answers_charset_counts_before_the_declaration),
		TEST(the_declaration_counts_where_the_answer_says_nothing),
		TEST(utf8_is_utf8_whatever_is_claimed),
		TEST(a_stray_byte_in_utf8_is_windows_1252),
		TEST(utf16_is_told_by_its_first_bytes),
		TEST(no_entity_of_a_document_is_expanded),
		TEST(named_characters_of_html_are_read),
		TEST(bare_ampersands_and_angles_are_text),
		TEST(control_characters_vanish),
		TEST(what_breaks_off_is_read_so_far),
		TEST(an_item_without_its_end_ends_at_the_next),
		TEST(depth_has_no_end_but_costs_nothing),
		TEST(entries_end_at_their_ceiling),
		TEST(lists_end_at_their_ceiling),
		TEST(texts_end_at_their_ceiling),
		TEST(a_document_has_a_ceiling),
		TEST(what_is_no_feed_is_named),
		TEST(a_feed_says_when_to_come_back),
		TEST(entries_have_authors_and_language_from_their_feed),
		TEST(links_of_a_feed_are_absolute),
		TEST(what_a_text_links_to_is_a_link),
		TEST(an_item_of_json_without_an_id_is_dropped),
		TEST(keys_are_made_of_id_then_link_then_text),
		TEST(dates_are_read_as_people_would),
		TEST(what_is_no_date_is_none),
		TEST(addresses_are_resolved_as_rfc_3986_has_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
