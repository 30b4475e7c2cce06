#include "tests/check.h"

#include "base/mem.h"
#include "rules/regex/literals.h"

enum { LITERALS = 60, TEXT_BYTES = 300 };

/* xorshift: the same numbers in every run. */
static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void fill(char *p, size_t n, size_t alphabet, uint32_t *seed)
{
	static const char letters[] = { 'a', 'b', 'c', '\xC3', '\xA9', '\0' };
	for (size_t i = 0; i < n; i++)
		p[i] = letters[next_random(seed) % alphabet];
}

struct counts {
	size_t of[LITERALS];
	size_t total, stop_at; /* stop_at 0: never */
	const struct str *list;
	struct str text;
};

static bool count_one(void *ctx, uint32_t id, size_t to)
{
	struct counts *c = ctx;
	assert_true(id < LITERALS && c->text.n >= to && to >= c->list[id].n);
	assert_true(str_eq(str_slice(c->text, to - c->list[id].n, to), c->list[id]));
	c->of[id]++;
	c->total++;
	return c->total != c->stop_at;
}

static void find(const struct str *list, size_t count, struct str text, struct counts *found)
{
	struct literals *l = literals_create(list, count);
	assert_non_null(l);
	struct literals_scratch *s = literals_scratch_create(l);
	assert_non_null(s);
	found->list = list;
	found->text = text;
	literals_find(l, s, text, count_one, found);
	literals_scratch_destroy(s);
	literals_destroy(l);
}

static void every_occurrence_is_found_as_by_the_obvious_search(void **state)
{
	(void)state;
	uint32_t seed = 2463534242;
	for (int round = 0; round < 200; round++) {
		char bytes[LITERALS][6], text[TEXT_BYTES];
		struct str list[LITERALS];
		size_t count = 1 + next_random(&seed) % LITERALS;
		size_t text_n = next_random(&seed) % TEXT_BYTES;
		struct counts found = { 0 }, expected = { 0 };
		fill(text, text_n, 6, &seed);
		for (size_t i = 0; i < count; i++) {
			list[i] = (struct str){ bytes[i], 1 + next_random(&seed) % 6 };
			fill(bytes[i], list[i].n, 5, &seed);
			for (size_t at = 0; at + list[i].n <= text_n; at++)
				expected.of[i] += memcmp(text + at, list[i].p, list[i].n) == 0;
		}
		find(list, count, (struct str){ text, text_n }, &found);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(found.of[i], expected.of[i]);
	}
}

static void long_literals_are_found_in_full_only(void **state)
{
	(void)state;
	const struct str list[] = { STR("photovoltaique et solaire"), STR("photovoltaique") };
	struct counts found = { 0 };
	find(list, 2, STR("le photovoltaique et solair"), &found);
	assert_int_equal(found.of[0], 0);
	assert_int_equal(found.of[1], 1);
}

static void the_search_stops_when_told_so(void **state)
{
	(void)state;
	const struct str list[] = { STR("ab"), STR("b") };
	struct counts found = { .stop_at = 3 };
	find(list, 2, STR("abababababab"), &found);
	assert_int_equal(found.total, 3);
}

static void nothing_is_found_without_literals_or_text(void **state)
{
	(void)state;
	const struct str list[] = { STR("ab") };
	struct counts found = { 0 };
	find(NULL, 0, STR("abc"), &found);
	find(list, 1, STR(""), &found);
	find(list, 1, STR_NONE, &found);
	assert_int_equal(found.total, 0);
	literals_destroy(NULL);
	literals_scratch_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_occurrence_is_found_as_by_the_obvious_search),
		cmocka_unit_test(long_literals_are_found_in_full_only),
		cmocka_unit_test(the_search_stops_when_told_so),
		cmocka_unit_test(nothing_is_found_without_literals_or_text),
	};
	return cmocka_run_group_tests_name("literals", tests, NULL, NULL);
}
