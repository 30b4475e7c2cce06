/* Entities against those that Twitter itself found in real posts: exact places for 99 of 100. What
 * is left is put into classes, each with its reason. */
#include "rules/text/entities.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tests/data.h"

enum { KINDS = 4, MAX_ENTITIES = 64 };

static const char *const kind_names[KINDS] = { [KIND_TAG] = "hashtags",
	[KIND_HANDLE] = "mentions",
	[KIND_CASHTAG] = "cashtags",
	[KIND_LINK] = "links" };

enum class {
	CLASS_LONGER, /* missing */
	CLASS_CUT, /* extra */
	CLASS_ACCOUNT,
	CLASS_BARE,
	CLASS_OTHER, /* either */
	CLASSES
};

static const char *const reasons[CLASSES] = {
	[CLASS_LONGER] = "found longer: handles of other networks hold dots and hyphens",
	[CLASS_CUT] =
		"followed by an ellipsis: Twitter cut the text after it had looked for entities",
	[CLASS_ACCOUNT] = "a handle that nobody had: only Twitter knows",
	[CLASS_BARE] = "a host alone, of a domain that Twitter did not link then",
	[CLASS_OTHER] = "other",
};

struct tally {
	size_t expected, exact, missing, extra;
	size_t classes[CLASSES];
};

struct span {
	size_t from, to;
};

/* A post's text without its three HTML escapes, and where each byte was, in code points. */
struct plain {
	struct buf text;
	size_t *place, size;
};

static void plain_add(struct plain *p, struct str bytes, size_t place)
{
	if (p->text.n + bytes.n + 1 > p->size) {
		p->size = (p->text.n + bytes.n + 1) * 2;
		p->place = mem_resize(p->place, p->size, sizeof *p->place);
	}
	for (size_t i = 0; i < bytes.n; i++)
		p->place[p->text.n + i] = place;
	buf_add(&p->text, bytes);
}

static void plain_set(struct plain *p, struct str escaped)
{
	const struct {
		struct str from, to;
	} escapes[] = { { STR("&amp;"), STR("&") }, { STR("&lt;"), STR("<") },
		{ STR("&gt;"), STR(">") } };
	size_t place = 0;
	buf_clear(&p->text);
	for (size_t i = 0; i < escaped.n;) {
		uint32_t c;
		size_t n = utf8_read(escaped, i, &c), points = 1;
		struct str bytes = str_slice(escaped, i, i + n);
		for (size_t k = 0; c == '&' && k < 3; k++) {
			if (str_starts(str_slice(escaped, i, escaped.n), escapes[k].from)) {
				bytes = escapes[k].to;
				n = points = escapes[k].from.n;
				break;
			}
		}
		plain_add(p, bytes, place);
		place += points;
		i += n;
	}
	plain_add(p, STR(""), 0);
	p->place[p->text.n] = place;
}

/* The pairs of numbers with which each entry of [[from, to, value], ...] begins. */
static size_t read_spans(struct str json, struct span *spans)
{
	size_t count = 0, depth = 0;
	for (size_t i = 0; i < json.n; i++) {
		depth += json.p[i] == '[';
		if (json.p[i] == '[' && depth == 2 && count < MAX_ENTITIES) {
			char *end;
			spans[count].from = strtoul(json.p + i + 1, &end, 10);
			spans[count++].to = strtoul(end + 1, &end, 10);
			i = (size_t)(end - json.p);
		}
		if (json.p[i] == '"') {
			for (i++; i < json.n && json.p[i] != '"'; i++)
				i += json.p[i] == '\\';
		}
		depth -= json.p[i] == ']';
	}
	return count;
}

static bool begins_one(const struct span *spans, size_t count, size_t from)
{
	for (size_t i = 0; i < count; i++) {
		if (spans[i].from == from)
			return true;
	}
	return false;
}

/* The text from the code point `from`, which counts escapes as they were. */
static struct str text_from(struct str text, size_t from)
{
	size_t i = 0;
	for (; from > 0 && i < text.n; from--) {
		uint32_t c;
		i += utf8_read(text, i, &c);
	}
	return str_slice(text, i, text.n);
}

static enum class class_of_extra(enum entity_kind kind, struct str text, struct span extra) {
	if (str_starts(text_from(text, extra.to), STR("…"))) return CLASS_CUT;
	if (kind == KIND_LINK &&
		!str_starts(text_from(text, extra.from), STR("http"))) return CLASS_BARE;
	return kind == KIND_HANDLE ? CLASS_ACCOUNT : CLASS_OTHER;
}

static bool contains(const struct span *spans, size_t count, struct span one)
{
	for (size_t i = 0; i < count; i++) {
		if (spans[i].from == one.from && spans[i].to == one.to)
			return true;
	}
	return false;
}

static void show(const char *what, enum entity_kind kind, struct str text, struct span s)
{
	if (getenv("VIGIE_SHOW"))
		print_message("%s %s %zu-%zu: %.*s\n", what, kind_names[kind], s.from, s.to,
			STR_ARGS(text));
}

static void compare(struct tally *tally, enum entity_kind kind, struct str text,
	const struct span *expected, size_t expected_count, const struct span *found,
	size_t found_count)
{
	tally->expected += expected_count;
	for (size_t i = 0; i < expected_count; i++) {
		bool exact = contains(found, found_count, expected[i]);
		tally->exact += exact;
		tally->missing += !exact;
		if (exact)
			continue;
		bool longer = kind == KIND_HANDLE &&
			begins_one(found, found_count, expected[i].from);
		tally->classes[longer ? CLASS_LONGER : CLASS_OTHER]++;
		show(longer ? "longer" : "missing", kind, text, expected[i]);
	}
	for (size_t i = 0; i < found_count; i++) {
		if (contains(expected, expected_count, found[i]))
			continue;
		enum class class = class_of_extra(kind, text, found[i]);
		tally->extra++;
		tally->classes[class]++;
		show(reasons[class], kind, text, found[i]);
	}
}

static size_t find_kind(
	const struct text *t, const struct plain *p, enum entity_kind kind, struct span *found)
{
	struct entity e;
	size_t count = 0;
	for (struct entities all = entities_of(t); entities_next(&all, &e);) {
		if (e.kind == kind && count < MAX_ENTITIES)
			found[count++] = (struct span){ p->place[e.from], p->place[e.to] };
	}
	return count;
}

static void try_post(struct tally tally[KINDS], const struct json_picked picked[KINDS + 1],
	struct plain *plain, struct text *text)
{
	plain_set(plain, picked[KINDS].items[0].text);
	text_set(text, buf_str(&plain->text));
	for (size_t k = 0; k < KINDS; k++) {
		struct span expected[MAX_ENTITIES], found[MAX_ENTITIES];
		size_t count = picked[k].count ? read_spans(picked[k].items[0].text, expected) : 0;
		compare(&tally[k], (enum entity_kind)k, picked[KINDS].items[0].text, expected,
			count, found, find_kind(text, plain, (enum entity_kind)k, found));
	}
}

static size_t measure(const char *file, const char *const keys[KINDS + 1], struct tally *tally)
{
	struct buf data;
	struct str names[KINDS + 1], line;
	struct arena arena;
	struct text text;
	struct plain plain = { 0 };
	size_t posts = 0, bad;
	read_data(file, &data);
	arena_init(&arena, 0);
	text_init(&text);
	buf_init(&plain.text, 0);
	for (size_t i = 0; i <= KINDS; i++)
		names[i] = str_of(keys[i]);
	struct json_paths *paths = json_paths_create(names, KINDS + 1, &bad);
	assert_non_null(paths);
	for (struct str rest = buf_str(&data); str_next(&rest, '\n', &line);) {
		struct json_picked picked[KINDS + 1];
		struct json_error error;
		arena_reset(&arena);
		if (line.n == 0)
			continue;
		assert_int_equal(json_pick(paths, line, &arena, picked, &error), 0);
		try_post(tally, picked, &plain, &text);
		posts++;
	}
	json_paths_destroy(paths);
	text_finish(&text);
	buf_finish(&plain.text);
	mem_free(plain.place);
	arena_finish(&arena);
	buf_finish(&data);
	return posts;
}

static void check_tally(const char *file, size_t posts, const struct tally tally[KINDS])
{
	size_t all = 0;
	print_message("%s: %zu posts\n", file, posts);
	for (size_t k = 0; k < KINDS; k++) {
		const struct tally *t = &tally[k];
		print_message("  %-9s %6zu exact of %6zu (%.3f %%), %zu missing, %zu extra\n",
			kind_names[k], t->exact, t->expected,
			t->expected ? 100.0 * (double)t->exact / (double)t->expected : 100.0,
			t->missing, t->extra);
		for (size_t i = 0; i < CLASSES; i++) {
			if (t->classes[i])
				print_message("            %4zu %s\n", t->classes[i], reasons[i]);
		}
	}
	for (size_t k = 0; k < KINDS; k++) {
		const struct tally *t = &tally[k];
		all += t->expected;
		assert_true(t->exact * 100 >= t->expected * 99);
		assert_true(t->classes[CLASS_OTHER] * 1000 <= t->expected + 1000);
	}
	assert_true(all > 500);
}

static void ninety_nine_of_a_hundred_entities_of_2014_to_2016_are_exact(void **state)
{
	(void)state;
	static const char *const keys[KINDS + 1] = { [KIND_TAG] = "hashtags",
		[KIND_HANDLE] = "user_mentions",
		[KIND_CASHTAG] = "symbols",
		[KIND_LINK] = "urls",
		[KINDS] = "text" };
	struct tally tally[KINDS] = { 0 };
	const char *file = "entities-gold/entities_gold.dev.ndjson";
	size_t posts = measure(file, keys, tally);
	check_tally(file, posts, tally);
}

static void ninety_nine_of_a_hundred_entities_of_2020_to_2023_are_exact(void **state)
{
	(void)state;
	static const char *const keys[KINDS + 1] = { [KIND_TAG] = "hashtags",
		[KIND_HANDLE] = "mentions",
		[KIND_CASHTAG] = "cashtags",
		[KIND_LINK] = "urls",
		[KINDS] = "text" };
	struct tally tally[KINDS] = { 0 };
	const char *file = "entities-gold/x_api_v2_entities_gold.ndjson";
	size_t posts = measure(file, keys, tally);
	check_tally(file, posts, tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ninety_nine_of_a_hundred_entities_of_2014_to_2016_are_exact),
		cmocka_unit_test(ninety_nine_of_a_hundred_entities_of_2020_to_2023_are_exact),
	};
	return cmocka_run_group_tests_name("entities, Twitter's own", tests, NULL, NULL);
}
