#include "rules/regex/needs.h"

#include "base/buf.h"
#include "tests/check.h"

enum { MAX_TEXTS = 4, MAX_TERMS = 4 };

static void add_needs(struct buf *out, const struct need_list *needs)
{
	for (size_t i = 0; i < needs->count; i++) {
		const struct need *n = &needs->items[i];
		buf_add(out, i ? STR(" or ") : STR(""));
		for (size_t j = 0; j < n->group_count; j++) {
			buf_add(out, j ? STR(" & ") : STR(""));
			for (size_t k = 0; k < n->groups[j].count; k++) {
				buf_add(out, k ? STR(",") : STR(""));
				buf_add(out, n->groups[j].items[k]);
			}
		}
		for (size_t j = 0; j < n->byte_set_count; j++) {
			buf_add(out, STR(" & ["));
			for (unsigned c = 0; c < 0x80; c++) {
				if (n->byte_sets[j].bits[c >> 6] >> (c & 63) & 1)
					buf_add_char(out, (char)c);
			}
			buf_add_char(out, ']');
		}
	}
}

static const struct {
	const char *pattern, *needs;
} samples[] = {
	{ "solaire", "solaire" },
	{ "free.*viagra", "viagra & free" },
	{ "viagra.*free", "viagra & free" },
	{ "foo|bar", "foo,bar" },
	{ "foo.*bar|baz\\d+quux", "foo & bar or quux & baz" },
	{ "(?:foo.*bar|baz\\d+quux)x", "foo & bar or quux & baz" },
	{ "(?:foo.*bar|baz\\d+quux)\\dlong", "long & bar & foo or quux & baz & long" },
	{ "(?:foo.*bar)\\dquux", "quux & bar & foo" },
	{ "(?:foo.*bar|baz\\dquux)?solaire", "solaire" },
	{ "(?=foo.*bar|baz\\dquux)solaire", "solaire" },
	{ "(?!foo.*bar)solaire", "solaire" },
	{ "(?:foo.*bar|\\d)solaire", "solaire" },
	{ "solaire\\d(?:foo|bar|\\d)", "solaire" },
	{ "solaire\\s*[+-]\\d", "solaire & [+-]" },
	{ "solaire\\s*[+-]?\\d", "solaire" },
	{ "solaire\\s*\\(\\d", "solaire & [(]" },
	{ "solaire\\d<\\d", "solaire & [&<]" },
	{ "solaire\\d<?\\d", "solaire" },
	{ "[7-9]\\d-\\dsolaire", "solaire & [789] & [-]" },
	{ "aa\\dbb\\dcc\\ddd\\dee\\dsolaire", "solaire & bb & cc & dd" },
};

static void each_piece_between_gaps_is_needed(void **state)
{
	(void)state;
	struct arena arena;
	struct buf out;
	size_t wrong = 0;
	arena_init(&arena, 0);
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		struct need_list needs;
		buf_clear(&out);
		if (regex_needs(str_of(samples[i].pattern), STR(""), &arena, &needs))
			add_needs(&out, &needs);
		if (str_eq(buf_str(&out), str_of(samples[i].needs)))
			continue;
		print_error("%s: got '%.*s', not '%s'\n", samples[i].pattern,
			STR_ARGS(buf_str(&out)), samples[i].needs);
		wrong++;
	}
	assert_int_equal(wrong, 0);
	buf_finish(&out);
	arena_finish(&arena);
}

struct findings {
	bool of[MAX_TEXTS][MAX_TERMS];
	size_t calls;
	bool stop; /* after the first of a text */
};

static bool note(void *ctx, size_t text, uint32_t term)
{
	struct findings *f = ctx;
	assert_true(text < MAX_TEXTS && term < MAX_TERMS);
	f->of[text][term] = true;
	f->calls++;
	return !f->stop;
}

/* The texts stand one behind the other, parted by spaces, behind one that is not asked for. */
static void find(const char *const *patterns, const char *const *texts, struct findings *found)
{
	struct need_list by_term[MAX_TERMS] = { { NULL, 0 } };
	uint32_t starts[MAX_TEXTS + 1] = { 0 };
	struct arena arena;
	struct buf all;
	size_t terms = 0, count = 0;
	arena_init(&arena, 0);
	buf_init(&all, 0);
	for (; terms < MAX_TERMS && patterns[terms]; terms++)
		assert_true(regex_needs(str_of(patterns[terms]), STR(""), &arena, &by_term[terms]));
	buf_add(&all, STR("viagra for free le "));
	starts[0] = (uint32_t)buf_str(&all).n;
	for (; count < MAX_TEXTS && texts[count]; count++) {
		buf_add(&all, str_of(texts[count]));
		buf_add_char(&all, ' ');
		starts[count + 1] = (uint32_t)buf_str(&all).n;
	}
	struct needs *n = needs_create(by_term, terms);
	struct needs_scratch *s = needs_scratch_create(n);
	for (int round = 0; round < 2; round++) /* what was found before does not count */
		needs_find(n, s, buf_str(&all).p, starts, count, note, found);
	needs_scratch_destroy(s);
	needs_destroy(n);
	buf_finish(&all);
	arena_finish(&arena);
}

static void all_that_is_needed_must_stand_in_one_text(void **state)
{
	(void)state;
	const char *const patterns[] = { "free.*viagra", "solaire\\s*[+-]\\d",
		"foo.*bar|baz\\dquux", NULL };
	const char *const texts[] = { "free solaire foo baz", "viagra + bar quux",
		"viagra for free, solaire - quux and baz", "solaire a-b bar foo" };
	const bool expected[MAX_TEXTS][MAX_TERMS] = { { false }, { false }, { true, true, true },
		{ false, true, true } };
	struct findings found = { .calls = 0 };
	find(patterns, texts, &found);
	assert_memory_equal(found.of, expected, sizeof expected);
}

static void what_reaches_from_one_text_into_the_next_is_not_there(void **state)
{
	(void)state;
	const char *const patterns[] = { "le solaire", "re ab", NULL };
	const char *const texts[] = { "le", "solaire", "ab le solaire", NULL };
	const bool expected[MAX_TEXTS][MAX_TERMS] = { { false }, { false }, { true, false } };
	struct findings found = { .calls = 0 };
	find(patterns, texts, &found);
	assert_memory_equal(found.of, expected, sizeof expected);
}

static void a_text_is_left_when_told_so_and_the_next_is_not(void **state)
{
	(void)state;
	const char *const patterns[] = { "solaire", "photo", NULL };
	const char *const texts[] = { "photo solaire photo", "", "solaire photo", NULL };
	struct findings found = { .stop = true };
	find(patterns, texts, &found);
	assert_int_equal(found.calls, 2 * 2);
	assert_true(found.of[0][1] && found.of[2][0]);
}

static void where_nothing_is_needed_there_is_nothing_to_search_for(void **state)
{
	(void)state;
	struct need_list none = { NULL, 0 };
	assert_null(needs_create(&none, 1));
	needs_destroy(NULL);
	needs_scratch_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_piece_between_gaps_is_needed),
		cmocka_unit_test(all_that_is_needed_must_stand_in_one_text),
		cmocka_unit_test(what_reaches_from_one_text_into_the_next_is_not_there),
		cmocka_unit_test(a_text_is_left_when_told_so_and_the_next_is_not),
		cmocka_unit_test(where_nothing_is_needed_there_is_nothing_to_search_for),
	};
	return cmocka_run_group_tests_name("needs", tests, NULL, NULL);
}
