/* Hashtags, handles, cashtags and links against twitter-text's own test data. Where other networks
 * write what Twitter's rules forbid, ours are wider: those cases are listed with the reason, and a
 * listed case that passes is an error too. */
#include "rules/text/entities.h"

#include "base/utf8.h"
#include "conf/yaml.h"
#include "tests/data.h"

struct exception {
	const char *section, *description, *reason;
};

static const struct exception exceptions[] = {
	{ "mentions", "DO NOT extract username followed by accented latin characters",
		"YouTube's handles have letters of any language" },
	{ "mentions", "Extract lone metion but not @user@user (too close to an email)",
		"Mastodon's handles are name@host" },
	{ "urls", "Extract URLs without protocol not on (com|org|edu|gov|net) domains",
		"what begins with www. is meant as a link whatever its domain" },
	{ "urls", "Extract valid URL: http://\u272Adf.ws/ejp",
		"a symbol parts words, and IDNA 2008 allows none in a host" },
};

struct section {
	const char *name;
	enum entity_kind kind;
	const char *value; /* the key of the value where places are told too */
};

static const struct section sections[] = {
	{ "mentions", KIND_HANDLE, NULL },
	{ "mentions_with_indices", KIND_HANDLE, "screen_name" },
	{ "mentions_or_lists_with_indices", KIND_HANDLE, "screen_name" },
	{ "urls", KIND_LINK, NULL },
	{ "urls_with_indices", KIND_LINK, "url" },
	{ "urls_with_directional_markers", KIND_LINK, "url" },
	{ "tco_urls_with_params", KIND_LINK, NULL },
	{ "hashtags", KIND_TAG, NULL },
	{ "hashtags_from_astral", KIND_TAG, NULL },
	{ "hashtags_with_indices", KIND_TAG, "hashtag" },
	{ "cashtags", KIND_CASHTAG, NULL },
	{ "cashtags_with_indices", KIND_CASHTAG, "cashtag" },
};

/* One line an entity: its text without the sign, and where its place is asked for, that. */
static void add_line(struct buf *out, struct str value, bool placed, size_t from, size_t to)
{
	buf_add(out, value);
	if (placed)
		buf_addf(out, " %zu-%zu", from, to);
	buf_add_char(out, '\n');
}

static void add_found(struct buf *out, struct str text, enum entity_kind kind, bool placed)
{
	struct text t;
	struct entity e;
	text_init(&t);
	text_set(&t, text);
	for (struct entities all = entities_of(&t); entities_next(&all, &e);) {
		struct str value = str_slice(text, e.from, e.to);
		if (e.kind != kind)
			continue;
		if (kind != KIND_LINK) {
			uint32_t sign;
			value = str_slice(value, utf8_read(value, 0, &sign), value.n);
		}
		add_line(out, value, placed, utf8_count(str_slice(text, 0, e.from)),
			utf8_count(str_slice(text, 0, e.to)));
	}
	text_finish(&t);
}

static size_t number(const struct conf_node *node)
{
	int64_t value = -1;
	assert_true(str_to_int64(node->text, &value));
	return (size_t)value;
}

/* Lists of Twitter's members (@name/list) are gone: of those the handle is expected. */
static void add_expected(struct buf *out, const struct conf_node *expected, const char *key)
{
	for (size_t i = 0; i < expected->count; i++) {
		const struct conf_node *item = &expected->items[i];
		if (!key) {
			add_line(out, item->text, false, 0, 0);
			continue;
		}
		const struct conf_node *indices = conf_get(item, "indices"),
				       *list = conf_get(item, "list_slug");
		size_t cut = list ? utf8_count(list->text) : 0;
		add_line(out, conf_get(item, key)->text, true, number(&indices->items[0]),
			number(&indices->items[1]) - cut);
	}
}

static bool is_exception(const char *section, struct str description)
{
	for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
		if (strcmp(exceptions[i].section, section) == 0 &&
			str_eq(description, str_of(exceptions[i].description)))
			return true;
	}
	return false;
}

struct data {
	struct buf file;
	struct arena arena;
	struct diag *diag;
	const struct conf_node *tests;
};

static void read_tests(struct data *d)
{
	read_data("twitter-text/conformance/extract.yml", &d->file);
	arena_init(&d->arena, 0);
	d->diag = diag_create();
	const struct conf_node *root = conf_read_text(
		"extract.yml", buf_str(&d->file), &d->arena, d->diag);
	assert_non_null(root);
	d->tests = conf_get(root, "tests");
	assert_non_null(d->tests);
}

static void finish_tests(struct data *d)
{
	arena_finish(&d->arena);
	diag_destroy(d->diag);
	buf_finish(&d->file);
}

/* Returns whether what is found is what is expected. */
static bool check_case(const struct section *section, const struct conf_node *test)
{
	struct buf found, expected;
	struct str text = conf_get(test, "text")->text,
		   description = conf_get(test, "description")->text;
	buf_init(&found, 0);
	buf_init(&expected, 0);
	add_found(&found, text, section->kind, section->value != NULL);
	add_expected(&expected, conf_get(test, "expected"), section->value);
	bool same = str_eq(buf_str(&found), buf_str(&expected));
	if (same == is_exception(section->name, description))
		print_error("%s: %.*s: '%.*s'\n%sfound:\n%.*sexpected:\n%.*s\n", section->name,
			STR_ARGS(description), STR_ARGS(text),
			same ? "listed as an exception, but passes\n" : "",
			STR_ARGS(buf_str(&found)), STR_ARGS(buf_str(&expected)));
	same = same != is_exception(section->name, description);
	buf_finish(&found);
	buf_finish(&expected);
	return same;
}

static void twitter_texts_cases_pass_but_for_those_listed(void **state)
{
	(void)state;
	struct data d;
	size_t count = 0, wrong = 0;
	read_tests(&d);
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		const struct conf_node *cases = conf_get(d.tests, sections[i].name);
		assert_non_null(cases);
		for (size_t k = 0; k < cases->count; k++, count++)
			wrong += !check_case(&sections[i], &cases->items[k]);
	}
	print_message("twitter-text: %zu cases, %zu listed exceptions\n", count,
		sizeof exceptions / sizeof *exceptions);
	assert_true(count > 200);
	assert_int_equal(wrong, 0);
	finish_tests(&d);
}

/* A reply, to Twitter, begins with the handle of whom it answers. */
static void a_reply_is_a_handle_with_only_space_before(void **state)
{
	(void)state;
	struct data d;
	read_tests(&d);
	const struct conf_node *cases = conf_get(d.tests, "replies");
	for (size_t i = 0; i < cases->count; i++) {
		struct str text = conf_get(&cases->items[i], "text")->text, name = STR("");
		struct text t;
		struct entity e;
		text_init(&t);
		text_set(&t, text);
		struct entities all = entities_of(&t);
		bool any = entities_next(&all, &e) && e.kind == KIND_HANDLE;
		for (size_t k = 0; any && k < t.folded.n && t.folded.from[k] < e.from; k++)
			any = t.folded.p[k] == ' ';
		if (any)
			name = str_slice(text, e.from + 1, e.to);
		check_str(name,
			conf_get(&cases->items[i], "expected")->text.p
				? conf_get(&cases->items[i], "expected")->text
				: STR(""));
		text_finish(&t);
	}
	assert_true(cases->count > 5);
	finish_tests(&d);
}

static void check_found(const char *text, enum entity_kind kind, const char *expected)
{
	struct buf found;
	buf_init(&found, 0);
	add_found(&found, str_of(text), kind, false);
	check_str(buf_str(&found), found.n || *expected ? str_of(expected) : buf_str(&found));
	buf_finish(&found);
}

static void entities_of_other_networks_are_found(void **state)
{
	(void)state;
	check_found("merci @edf@mastodon.social !", KIND_HANDLE, "edf@mastodon.social\n");
	check_found("via @edf.bsky.social.", KIND_HANDLE, "edf.bsky.social\n");
	check_found("voir edf.bsky.social", KIND_LINK, "edf.bsky.social\n");
	check_found("https://mastodon.social/@edf/109", KIND_LINK,
		"https://mastodon.social/@edf/109\n");
	check_found("https://mastodon.social/@edf/109", KIND_HANDLE, "");
	check_found("cafe\u0301 #cafe\u0301\u200B", KIND_TAG, "cafe\u0301\n");
	check_found("a http://localhost/x b", KIND_LINK, "");
	check_found("amazon.fr/dp?x=1, amazon.quux", KIND_LINK, "amazon.fr/dp?x=1\n");
}

static void entities_come_in_order(void **state)
{
	(void)state;
	static const enum entity_kind kinds[] = { KIND_LINK, KIND_TAG, KIND_LINK, KIND_HANDLE,
		KIND_CASHTAG, KIND_LINK };
	struct text t;
	struct entity e;
	size_t count = 0;
	text_init(&t);
	text_set(&t, STR("a.fr #b http://c.fr/ @d $E f.com $toolong7"));
	for (struct entities all = entities_of(&t); entities_next(&all, &e); count++) {
		assert_true(count < 6);
		assert_int_equal(e.kind, kinds[count]);
	}
	assert_int_equal(count, 6);
	text_finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twitter_texts_cases_pass_but_for_those_listed),
		cmocka_unit_test(a_reply_is_a_handle_with_only_space_before),
		cmocka_unit_test(entities_of_other_networks_are_found),
		cmocka_unit_test(entities_come_in_order),
	};
	return cmocka_run_group_tests_name("entities", tests, NULL, NULL);
}
